"""Code tables: what concepts are called elsewhere."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from sqlalchemy import Connection, delete, insert, select

from ..encoding import SINGLE_BYTES, UTF8, check_encoding, guess_encoding, show_guess
from ..errors import ArchiveError, KnowledgeError
from .database import Database
from .schema import code, code_name, link
from .surface import to_surface

CODE, NAME, ALIASES, LABEL = "code", "name", "aliases", "label"
SEPARATOR = "|"
OTHER_SEPARATORS = ";\t"
NEEDED = "It needs the columns `code` and `name`, and may have `aliases` and `label`."
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Code:
    """A row of a code table.

    code (str): The code.
    names (Tuple[str, ...]): What it is called, the preferred name first.
    label (Optional[str]): Which type of entity it is; None for any.
    """

    code: str
    names: tuple[str, ...]
    label: Optional[str] = None


def read_codes(
    path: Path, encoding: Optional[str] = None, say: Callable[[str], None] = lambda _: None
) -> list[Code]:
    """Read a table with the columns `code` and `name`, and perhaps `aliases`, with | between, and `label`.

    path (Path): A CSV file.
    encoding (Optional[str]): Its encoding; None for UTF-8, or else what it looks like.
    say (Callable[[str], None]): Called with what a user should know.
    RETURNS (List[Code]): Its rows.
    RAISES (KnowledgeError): If it is missing, has no such columns, or a row is not as it should be.
    """
    try:
        encoding = _find_encoding(path, say) if encoding is None else check_encoding(encoding)
        with path.open(encoding=encoding, newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if not rows.fieldnames:
                raise KnowledgeError(f"{path} is empty. {NEEDED}")
            rows.fieldnames = [name.strip().lower() for name in rows.fieldnames]
            if missing := [name for name in (CODE, NAME) if name not in rows.fieldnames]:
                first = ",".join(rows.fieldnames)
                other = next((sign for sign in OTHER_SEPARATORS if sign in first), None)
                hint = (
                    ""
                    if other is None
                    else f" Its fields seem to be parted by {other!r}: part them by commas."
                )
                raise KnowledgeError(f"{path} has no column '{missing[0]}'. {NEEDED}{hint}")
            return _check(path, [(rows.line_num, row) for row in rows])
    except (OSError, UnicodeError, csv.Error, ArchiveError) as err:
        raise KnowledgeError(f"{path} can't be read ({err}). Give a CSV file, and its --encoding.") from None


def _find_encoding(path: Path, say: Callable[[str], None]) -> str:
    """A short table's letters are too few to tell Chinese encodings apart by, which is then GB18030."""
    try:
        path.read_text(encoding=UTF8)
        return UTF8
    except UnicodeDecodeError:
        encoding = "gb18030"
    with path.open("rb") as file, suppress(UnicodeError):
        if guess_encoding(file) == SINGLE_BYTES:
            encoding = SINGLE_BYTES
    say(show_guess(path.name, encoding))
    return encoding


def _check(path: Path, rows: Sequence[tuple[int, dict[str, str]]]) -> list[Code]:
    codes: dict[str, int] = {}
    found = []
    for line, row in rows:
        if None in row:
            raise KnowledgeError(
                f"{path}, line {line}: more fields than columns. Put fields with commas in quotation marks."
            )
        own, name = ((row.get(key) or "").strip() for key in (CODE, NAME))
        if not own or not name:
            raise KnowledgeError(f"{path}, line {line}: there is no {'name' if own else 'code'}.")
        if CONTROL.search(own + name + (row.get(ALIASES) or "")):
            raise KnowledgeError(f"{path}, line {line}: a field has a control character.")
        if own in codes:
            raise KnowledgeError(f"{path}, line {line}: the code '{own}' stands in line {codes[own]} too.")
        codes[own] = line
        aliases = (alias.strip() for alias in (row.get(ALIASES) or "").split(SEPARATOR))
        names = tuple(dict.fromkeys((name, *filter(None, aliases))))
        found.append(Code(own, names, (row.get(LABEL) or "").strip() or None))
    if not found:
        raise KnowledgeError(f"{path} has no rows. Give a table with a code a line.")
    return found


def shared_names(codes: Sequence[Code]) -> int:
    """How many names several codes of one type have, by which nothing can be linked.

    codes (Sequence[Code]): The codes.
    RETURNS (int): The names, in their usual form.
    """
    names = Counter((own.label, form) for own in codes for form in set(map(to_surface, own.names)))
    return sum(n > 1 for n in names.values())


def load_codes(database: Database, system: str, codes: Sequence[Code]) -> None:
    """Keep a table, in place of an earlier one of its name; what was linked to that is no longer.

    database (Database): The knowledge base.
    system (str): What the table is called.
    codes (Sequence[Code]): Its rows.
    """
    with database.writing() as connection:
        connection.execute(delete(link).where(link.c.system == system))
        connection.execute(delete(code_name).where(code_name.c.system == system))
        connection.execute(delete(code).where(code.c.system == system))
        rows = [
            {"system": system, "code": own.code, "name": own.names[0], "label": own.label} for own in codes
        ]
        connection.execute(insert(code), rows)
        names = [
            {"system": system, "code": own.code, "number": i, "name": name}
            for own in codes
            for i, name in enumerate(own.names)
        ]
        connection.execute(insert(code_name), names)
        database.note(connection, "codes", system=system, codes=len(codes))


def check_system(connection: Connection, system: str) -> None:
    """Refuse a table that is not there.

    connection (Connection): The database.
    system (str): What it is called.
    RAISES (KnowledgeError): If there is none of the name.
    """
    known = set(connection.execute(select(code.c.system).distinct()).scalars())
    if system not in known:
        raise KnowledgeError(
            f"There is no code table '{system}' (there is {', '.join(sorted(known)) or 'none'}). Load it "
            "with `spacy gpner kb codes load TABLE.csv`."
        )


def stored_codes(database: Database, system: str) -> list[Code]:
    """The rows of a table that is kept.

    database (Database): The knowledge base.
    system (str): What it is called.
    RETURNS (List[Code]): Its rows.
    RAISES (KnowledgeError): If there is none of the name.
    """
    with database.reading() as connection:
        check_system(connection, system)
        labels = {
            row.code: row.label for row in connection.execute(select(code).where(code.c.system == system))
        }
        names: dict[str, list[str]] = {}
        query = (
            select(code_name)
            .where(code_name.c.system == system)
            .order_by(code_name.c.code, code_name.c.number)
        )
        for row in connection.execute(query):
            names.setdefault(row.code, []).append(row.name)
    return [Code(own, tuple(names[own]), label) for own, label in labels.items()]
