"""The checks that every format's entities pass."""

import unicodedata
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Optional

from ..entities import Entity, is_unicode
from .records import Problem, Report, Source

Ends = Literal["inclusive", "exclusive"]
# Kinds of problems, each with the name of what it is about
Notes = tuple[tuple[str, str], ...]
MAX_OFFSET = 10**18


class RawEntity(NamedTuple):
    """An entity as a corpus gives it: any of it may be missing or wrong.

    start (Any): The first character.
    end (Any): The end, by either convention.
    label (Any): The label.
    text (Any): The entity's text, where the corpus gives it.
    source (Optional[Source]): Where the entity stands, if it has a line of its own.
    wrong (str): Why it is no entity at all.
    notes (Notes): What else is to be reported about it and costs nothing.
    """

    start: Any = None
    end: Any = None
    label: Any = None
    text: Any = None
    source: Optional[Source] = None
    wrong: str = ""
    notes: Notes = ()


def check_entities(
    text: str, entities: Iterable[RawEntity], source: Source, report: Report, *, ends: Ends
) -> list[Entity]:
    """Keep the entities that are valid, and report what is wrong with the others.

    Where an entity comes with its text, this decides between inclusive and exclusive ends.

    text (str): The text that the offsets refer to.
    entities (Iterable[RawEntity]): The entities as the corpus gives them.
    source (Source): Where the record stands, to which an entity's number is added.
    report (Report): Called with every problem.
    ends (Ends): The format's own convention.
    RETURNS (list[Entity]): The valid entities, each once, in the corpus's order.
    """
    kept: dict[Entity, None] = {}
    labels: dict[tuple[int, int], str] = {}
    for number, raw in enumerate(entities, 1):
        kinds, entity = _resolve(text, raw, ends)
        surface = text[entity.start : entity.end] if entity else raw.text
        if entity in kept:
            kinds = ["duplicate"]
        elif entity is not None:
            kept[entity] = None
            if surface != surface.strip():
                kinds.append("edge_whitespace")
            if labels.setdefault((entity.start, entity.end), entity.label) != entity.label:
                kinds.append("two_labels")
        place = raw.source or Source(source.file, f"{source.position}, entity {number}")
        for kind in kinds:
            report(_problem(kind, place, raw, surface))
        for kind, name in raw.notes:
            report(Problem(kind, place, name=name))
    return list(kept)


def _resolve(text: str, raw: RawEntity, ends: Ends) -> tuple[list[str], Optional[Entity]]:
    """Return the kinds of problems, and the entity, if it can be kept."""
    if raw.wrong:
        return ["bad_entity"], None
    if not (_is_integer(raw.start) and _is_integer(raw.end)):
        return ["offsets_not_integer"], None
    if not (isinstance(raw.label, str) and raw.label.strip() and is_unicode(raw.label)):
        return ["label_invalid"], None
    start, native, other = raw.start, raw.end, raw.end + 1
    if ends == "inclusive":
        native, other = other, native
    if _is_span(text, start, native) and raw.text is None:
        return [], Entity(start, native, raw.label)
    spans = [
        (end, kinds)
        for end, kinds in ((native, []), (other, ["other_end_convention"]))
        if _is_span(text, start, end) and isinstance(raw.text, str)
    ]
    for end, kinds in spans:
        if text[start:end] == raw.text:
            return kinds, Entity(start, end, raw.label)
    for end, kinds in spans:
        if _fold(text[start:end]) == _fold(raw.text):
            return [*kinds, "surface_differs"], Entity(start, end, raw.label)
    if start < 0 or native > len(text):
        return ["offsets_out_of_range"], None
    if native <= start:
        return ["offsets_inverted"], None
    return ["text_mismatch"], None


def _is_span(text: str, start: int, end: int) -> bool:
    return 0 <= start < end <= len(text)


def _fold(text: str) -> str:
    """Give a text without case, and full and half width, and Unicode's forms of a letter, made one."""
    wide = {c for c in text if unicodedata.decomposition(c).startswith(("<wide>", "<narrow>"))}
    narrow = "".join(unicodedata.normalize("NFKC", c) if c in wide else c for c in text)
    return unicodedata.normalize("NFC", narrow).casefold()


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _problem(kind: str, source: Source, raw: RawEntity, surface: Any) -> Problem:
    offsets = {"start": raw.start, "end": raw.end}
    wrong = [
        f"the {name} is {'missing' if value is None else 'not an integer'}"
        for name, value in offsets.items()
        if kind == "offsets_not_integer" and not _is_integer(value)
    ]
    return Problem(
        kind,
        source,
        start=_shown(raw.start),
        end=_shown(raw.end),
        label=raw.label if isinstance(raw.label, str) and is_unicode(raw.label) else None,
        detail=raw.wrong or " and ".join(wrong),
        text=surface if isinstance(surface, str) else None,
    )


def _shown(offset: Any) -> Optional[int]:
    """An offset as a summary can hold it, in 64 bits."""
    return max(-MAX_OFFSET, min(offset, MAX_OFFSET)) if _is_integer(offset) else None
