"""What every reader yields, and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Optional

from ..entities import Entity, show_label

Lost = Optional[Literal["record", "entity"]]


@dataclass(frozen=True)
class Source:
    """Where in the corpus something stands.

    file (str): The file's path.
    position (str): The place inside it, for instance "record 12" or "line 7".
    """

    file: str
    position: str = ""

    def __str__(self) -> str:
        return f"{self.file}, {self.position}" if self.position else self.file


@dataclass(frozen=True)
class Record:
    """One text of a corpus.

    text (str): The text, exactly as the corpus has it.
    entities (Optional[list[Entity]]): The entities, or None where the text is not labelled.
    source (Source): Where the record stands.
    words (Optional[list[str]]): The tokens of a corpus that comes tokenized; the text joins them by spaces.
    id (Optional[str]): The record's own name, where the corpus gives one.
    group (Optional[str]): What the record must not be parted from, such as its patient, where the corpus
        says so.
    """

    text: str
    entities: Optional[list[Entity]]
    source: Source
    words: Optional[list[str]] = None
    id: Optional[str] = None
    group: Optional[str] = None


class Kind(NamedTuple):
    """A class of problems.

    lost (Lost): What each such problem costs.
    message (str): What is wrong.
    """

    lost: Lost
    message: str


KINDS: dict[str, Kind] = {
    "bad_record": Kind("record", "the record is malformed"),
    "bad_entity": Kind("entity", "the entity is malformed"),
    "offsets_not_integer": Kind("entity", "an offset is missing or not an integer"),
    "offsets_inverted": Kind("entity", "the entity ends before it starts, or is empty"),
    "offsets_out_of_range": Kind("entity", "the offsets lie outside the text"),
    "label_invalid": Kind("entity", "the label is empty or not a string"),
    "text_mismatch": Kind("entity", "the entity's text is not what stands at its offsets"),
    "unread_entities": Kind("entity", "a list of objects stands under a key that is not read"),
    "overwritten": Kind("entity", "a JSON key is repeated with another value, which takes its place"),
    "discontinuous": Kind("entity", "the entity is in several pieces"),
    "misaligned_skipped": Kind("entity", "an edge of the entity is inside a token"),
    "snapped_to_nothing": Kind("entity", "no token holds the entity"),
    "text_changed": Kind("record", "the tokenizer changes the text"),
    "misaligned_snapped": Kind(None, "an edge was inside a token, and was moved to its edge"),
    "duplicate": Kind(None, "the entity is given again, and kept once"),
    "duplicate_after_snapping": Kind(None, "snapping made the entity equal to another; kept once"),
    "two_labels": Kind(None, "one span has several labels; all are kept"),
    "edge_whitespace": Kind(None, "the entity has whitespace at an edge, which is kept"),
    "other_end_convention": Kind(None, "the end follows the other convention, as the entity's text shows"),
    "inside_without_begin": Kind(None, "a tag continues no entity, and opens one"),
    "annotation_ignored": Kind(None, "the annotation is not an entity"),
    "column_ignored": Kind(None, "the column holds no tags of entities"),
    "file_ignored": Kind(None, "the file is neither a text nor its annotations"),
    "id_repeated": Kind(None, "the id is that of an earlier annotation or record; both are kept"),
    "surface_differs": Kind(
        None, "the entity's text differs in case, width or Unicode form from what stands there"
    ),
    "unknown_key": Kind(None, "the format knows no such key, which is not read"),
    "unused_key": Kind(None, "the format has the key, which says nothing of entities and is not read"),
    "duplicate_key": Kind(None, "a JSON key is repeated"),
    "not_gold": Kind(None, "predicted, rejected or superseded, which is not read"),
    "partial": Kind(None, "a person has judged these entities, and looked for no others"),
    "unanswered": Kind(None, "nobody has accepted the entities, which are read all the same"),
    "token_mismatch": Kind(None, "the tokens tell other offsets than the characters, which are taken"),
    "utf16_offsets": Kind(None, "the offsets count UTF-16 units, as the entity's text shows"),
    "ends_recognised": Kind(None, "whether ends are inclusive is told by the entities"),
    "ends_assumed": Kind(None, "nothing tells whether ends are inclusive; taken as exclusive"),
}


@dataclass(frozen=True)
class Problem:
    """Something wrong, or worth knowing, about one record or entity.

    kind (str): The class of problem, a key of `KINDS`.
    source (Source): Where it was found.
    start (Optional[int]): The entity's first character.
    end (Optional[int]): The entity's end, by the corpus's convention where its entities are checked, and
        exclusive where they meet the tokens.
    label (Optional[str]): The entity's label.
    detail (str): What is wrong, where the kind alone doesn't say. Holds no text of the corpus.
    text (Optional[str]): The entity's text, for those who ask to see it.
    name (str): What it is about where that is no entity, such as a key, fit to be shown. Problems of a kind
        are counted by it too.
    entities (Optional[int]): How many entities it costs. By default one where it costs an entity, else none.
    """

    kind: str
    source: Source
    start: Optional[int] = None
    end: Optional[int] = None
    label: Optional[str] = None
    detail: str = ""
    text: Optional[str] = None
    name: str = ""
    entities: Optional[int] = None

    @property
    def lost(self) -> Lost:
        """RETURNS (Lost): What the problem cost: the record, the entity, or nothing (None)."""
        return KINDS[self.kind].lost

    @property
    def lost_entities(self) -> int:
        """RETURNS (int): How many entities the problem cost, as far as they can be counted."""
        if self.lost is None:
            return 0
        return self.entities if self.entities is not None else int(self.lost == "entity")

    @property
    def message(self) -> str:
        """RETURNS (str): What is wrong."""
        return KINDS[self.kind].message

    def place(self, show_text: bool = False) -> str:
        """Say where the problem is.

        show_text (bool): Whether the entity's text may be shown.
        RETURNS (str): File, position, offsets, label, name and detail, as far as known.
        """
        parts = [str(self.source)]
        if self.start is not None and self.end is not None:
            parts.append(f"offsets {self.start}-{self.end}")
        if self.label:
            parts.append(show_label(self.label))
        if self.name:
            parts.append(self.name)
        if show_text and self.text is not None:
            parts.append(repr(self.text))
        place = ", ".join(parts)
        return f"{place}: {self.detail}" if self.detail else place

    def sentence(self, show_text: bool = False) -> str:
        """Say where the problem is and what is wrong.

        show_text (bool): Whether the entity's text may be shown.
        RETURNS (str): The place, and the message unless the detail says more.
        """
        place = self.place(show_text)
        return f"{place}." if self.detail else f"{place}: {self.message}."


Report = Callable[[Problem], None]
