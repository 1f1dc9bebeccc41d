"""What is read of an archive: documents, and rows that are none."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Union

from ..entities import is_unicode

KINDS = {
    **{bool: "a truth value", int: "a number", float: "a number", bytes: "bytes", list: "a list"},
    dict: "an object",
}


class Place(NamedTuple):
    """Where a row stands.

    source (str): The file's whole path, or the database.
    position (str): The place in it, such as "line 7"; empty for all of it.
    """

    source: str
    position: str = ""


class Row(NamedTuple):
    """A document to annotate.

    place (Place): Where it stands.
    id (str): Its name, which no other document of the archive has.
    text (str): Its text.
    columns (Dict[str, Optional[str]]): What is carried along.
    """

    place: Place
    id: str
    text: str
    columns: dict[str, Optional[str]]


@dataclass(frozen=True)
class Reject:
    """A row that can't be annotated.

    place (Place): Where it stands.
    reason (str): Why not, without a document's text.
    id (Optional[str]): The document's name, if it is known.
    unread (bool): Whether the rest of the source could not be read.
    """

    place: Place
    reason: str
    id: Optional[str] = None
    unread: bool = False

    @property
    def may_hide(self) -> bool:
        """Whether a document that was annotated before may stand there: it is not known whose the row is."""
        return self.unread or (self.id is None and self.place.position != "")


@dataclass(frozen=True)
class Columns:
    """The columns to read.

    text, id (str): That of the text, and that of the document's name.
    carried (Tuple[str, ...]): Those to carry along.
    """

    text: str = "text"
    id: str = "id"
    carried: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        return list(dict.fromkeys((self.id, self.text, *self.carried)))


def make_row(
    record: Mapping[str, Any], place: Place, columns: Columns, max_length: int
) -> Union[Row, Reject]:
    """Take a document from a record.

    record (Mapping[str, Any]): Values by column.
    place (Place): Where it stands.
    columns (Columns): The columns to read.
    max_length (int): The longest text, in characters.
    RETURNS (Union[Row, Reject]): The document, or why there is none.
    """
    given = record.get(columns.id)
    id_ = _to_id(given)
    if not id_ or not is_unicode(id_):
        if given is None or given == "" or given != given:
            what = "no id"
        else:
            what = f"{_kind(given)} in the place of an id" if not id_ else "an id that can't be decoded"
        return Reject(place, f"{what} in the column '{columns.id}' (--id)")
    text = record.get(columns.text)
    if not isinstance(text, str):
        what = "no text" if text is None else f"{_kind(text)} in the place of a text"
        return Reject(place, f"{what} in the column '{columns.text}' (--text)", id_)
    if not is_unicode(text):
        return Reject(place, f"the text in the column '{columns.text}' can't be decoded (--encoding)", id_)
    if len(text) > max_length:
        return Reject(place, f"{len(text):,} characters, and {max_length:,} are the most (--max-length)", id_)
    carried = {name: _show(record.get(name)) for name in columns.carried}
    if bad := [name for name, value in carried.items() if value is not None and not is_unicode(value)]:
        return Reject(place, f"the column '{bad[0]}' can't be decoded (--encoding)", id_)
    return Row(place, id_, text, carried)


def _to_id(given: Any) -> str:
    """What names a document; empty if it can't. A whole number may come as 7.0, as from a column in which
    some are missing."""
    if isinstance(given, float) and given.is_integer():
        return str(int(given))
    return "" if given is None or isinstance(given, (bool, float, bytes, list, dict)) else str(given)


def _kind(value: Any) -> str:
    return KINDS.get(type(value), type(value).__name__)


def _show(value: Any) -> Optional[str]:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, dict, bool)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
