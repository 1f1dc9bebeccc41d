"""The checks that every format's entities and texts pass."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, Optional

from .records import Entity, Problem, Report, Source

Ends = Literal["inclusive", "exclusive"]


class RawEntity(NamedTuple):
    """An entity as a corpus gives it: any of it may be missing or wrong.

    start (Any): The first character.
    end (Any): The end, by either convention.
    label (Any): The label.
    text (Any): The entity's text, where the corpus gives it.
    source (Optional[Source]): Where the entity stands, if this is known better than for the record.
    """

    start: Any
    end: Any
    label: Any
    text: Any = None
    source: Optional[Source] = None


def record_problem(record: Any, text_key: str, entities_key: str, container: type) -> Optional[str]:
    """Say why a JSON value can't be a record.

    record (Any): The value.
    text_key (str): Where its text must be.
    entities_key (str): Where its entities may be; nothing there means that it is unlabelled.
    container (type): What holds the entities.
    RETURNS (Optional[str]): What is wrong, or None.
    """
    if not isinstance(record, dict):
        return "the record is not an object"
    text, entities = record.get(text_key), record.get(entities_key)
    if not isinstance(text, str):
        return f"'{text_key}' is missing or not a string"
    if not _is_unicode(text):
        return f"'{text_key}' holds a lone surrogate"
    if entities is not None and not isinstance(entities, container):
        return f"'{entities_key}' is not {'an array' if container is list else 'an object'}"
    return None


def check_entities(
    text: str, entities: Iterable[RawEntity], source: Source, report: Report, *, ends: Ends
) -> list[Entity]:
    """Keep the entities that are valid, and report what is wrong with the others.

    Where an entity comes with its text, this decides between inclusive and exclusive ends.

    text (str): The text that the offsets refer to.
    entities (Iterable[RawEntity]): The entities as the corpus gives them.
    source (Source): Where they stand.
    report (Report): Called with every problem.
    ends (Ends): The format's own convention.
    RETURNS (list[Entity]): The valid entities, each once, in the corpus's order.
    """
    kept: dict[Entity, None] = {}
    labels: dict[tuple[int, int], str] = {}
    for raw in entities:
        kind, entity = _resolve(text, raw, ends)
        kinds = [kind] if kind else []
        surface = text[entity.start : entity.end] if entity else raw.text
        if entity in kept:
            kinds = ["duplicate"]
        elif entity is not None:
            kept[entity] = None
            if surface != surface.strip():
                kinds.append("edge_whitespace")
            if labels.setdefault((entity.start, entity.end), entity.label) != entity.label:
                kinds.append("two_labels")
        for kind in kinds:
            report(_problem(kind, raw.source or source, raw, surface))
    return list(kept)


def _resolve(text: str, raw: RawEntity, ends: Ends) -> tuple[Optional[str], Optional[Entity]]:
    """Return the kind of problem, if any, and the entity, if it can be kept."""
    if not (_is_integer(raw.start) and _is_integer(raw.end)):
        return "offsets_not_integer", None
    if not (isinstance(raw.label, str) and raw.label.strip() and _is_unicode(raw.label)):
        return "label_invalid", None
    start, native, other = raw.start, raw.end, raw.end + 1
    if ends == "inclusive":
        native, other = other, native
    if _holds(text, start, native, raw.text):
        return None, Entity(start, native, raw.label)
    if raw.text is not None and _holds(text, start, other, raw.text):
        return "other_end_convention", Entity(start, other, raw.label)
    if start < 0 or native > len(text):
        return "offsets_out_of_range", None
    if native <= start:
        return "offsets_inverted", None
    return "text_mismatch", None


def _holds(text: str, start: int, end: int, surface: Any) -> bool:
    return 0 <= start < end <= len(text) and (surface is None or text[start:end] == surface)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _problem(kind: str, source: Source, raw: RawEntity, surface: Any) -> Problem:
    return Problem(
        kind,
        source,
        start=raw.start if _is_integer(raw.start) else None,
        end=raw.end if _is_integer(raw.end) else None,
        label=raw.label if isinstance(raw.label, str) and _is_unicode(raw.label) else None,
        text=surface if isinstance(surface, str) else None,
    )
