"""Where a document came from, and what became of its entities on the way: kept in `doc.user_data`."""

from dataclasses import asdict, dataclass
from typing import Any, Optional

from spacy.tokens import Doc

from ..entities import writable

KEY = "source"


@dataclass(frozen=True)
class Provenance:
    """Where a document came from.

    file (str): The file's name, relative to what was converted.
    id (Optional[str]): The record's own name, where it has one.
    group (Optional[str]): What it belongs to and must not be parted from, such as a patient.
    moved (int): The entities of which an edge was inside a token, and was moved to the token's edge.
    lost (int): The entities that these tokens can't hold.
    """

    file: str = ""
    id: Optional[str] = None
    group: Optional[str] = None
    moved: int = 0
    lost: int = 0

    def show(self) -> str:
        """RETURNS (str): The document's file and its own name, as far as they are known."""
        return " · ".join(name for name in (self.file, self.id) if name)


def set_provenance(doc: Doc, provenance: Provenance) -> None:
    """Keep in a document where it came from.

    doc (Doc): The document to modify.
    provenance (Provenance): Where it came from. What is no valid Unicode in it is escaped.
    """
    doc.user_data[KEY] = {
        key: writable(value) if isinstance(value, str) else value for key, value in asdict(provenance).items()
    }


def get_provenance(doc: Doc) -> Provenance:
    """Tell where a document came from. A file's user data may be anything: what is not as `set_provenance`
    writes it counts as not known.

    doc (Doc): The document.
    RETURNS (Provenance): Where it came from, as far as it is known.
    """
    data = doc.user_data.get(KEY)
    known: dict[Any, Any] = data if isinstance(data, dict) else {}
    return Provenance(
        file=_string(known.get("file")) or "",
        id=_string(known.get("id")),
        group=_string(known.get("group")),
        moved=_count(known.get("moved")),
        lost=_count(known.get("lost")),
    )


def _string(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
