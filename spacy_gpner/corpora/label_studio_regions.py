"""The labelled regions of a Label Studio annotation."""

from collections.abc import Iterator
from typing import Any, Optional

from .checks import RawEntity
from .json_records import find_unknown_keys, is_ambiguous
from .label_studio_tasks import LABELS
from .records import Problem, Report, Source

UNUSED_OF_REGIONS = (
    *("id", "from_name", "to_name", "origin", "score", "meta", "readonly", "hidden", "locked", "parentID"),
)
# Of hypertext, beside the offsets in the whole text
OFFSETS_IN_NODES = ("startOffset", "endOffset")
# What else a text can get
OTHER_TYPES = ("relation", "choices", "textarea", "rating", "number", "taxonomy", "datetime", "pairwise")


def _is_region(item: Any) -> bool:
    """Whether a result labels a piece of text, or is no result at all."""
    if not isinstance(item, dict) or item.get("type") in LABELS:
        return True
    value = item.get("value")
    return isinstance(value, dict) and any(key in value for key in LABELS)


def _labels(item: Any) -> list[Any]:
    """The labels of a region; None in place of none, which makes one entity that is reported."""
    value = item.get("value") if isinstance(item, dict) else None
    for key in LABELS:
        labels = value.get(key) if isinstance(value, dict) else None
        if isinstance(labels, list) and labels:
            return labels
    return [None]


def count_regions(annotation: Any) -> int:
    """Count the entities of an annotation.

    annotation (Any): The annotation, or a prediction or draft.
    RETURNS (int): How many it has: one for each label of a region.
    """
    result = annotation.get("result") if isinstance(annotation, dict) else None
    return sum(len(_labels(item)) for item in result if _is_region(item)) if isinstance(result, list) else 0


def find_regions(result: list[Any], text: str, source: Source, report: Report) -> Iterator[RawEntity]:
    """Find the entities of an annotation's result, and report what else is in it.

    result (list[Any]): The result.
    text (str): The text.
    source (Source): Where the annotation stands.
    report (Report): Called with every problem.
    YIELDS (RawEntity): An entity for each label of a region.
    """
    for item in result:
        if not _is_region(item):
            kind = item.get("type")
            report(Problem("annotation_ignored", source, name=kind if kind in OTHER_TYPES else ""))
            continue
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, dict):
            yield RawEntity(wrong="the region has no object 'value'")
            continue
        notes = [
            *find_unknown_keys(item, ("value", "type"), UNUSED_OF_REGIONS),
            *find_unknown_keys(value, ("start", "end", "text", "globalOffsets", *LABELS), OFFSETS_IN_NODES),
        ]
        twice = next((key for key in ("start", "end", "text", *LABELS) if is_ambiguous(value, key)), None)
        wrong = "" if twice is None else f"'{twice}' is given twice, with different values"
        for label in _labels(item):
            raw = RawEntity(*_offsets(value), label, value.get("text"), wrong=wrong, notes=tuple(notes))
            yield _fit(raw, text)
            notes = []


def _offsets(value: dict[str, Any]) -> tuple[Any, Any]:
    """Of hypertext, start and end are paths to nodes, and the offsets stand apart."""
    offsets = value.get("globalOffsets")
    if isinstance(value.get("start"), str) and isinstance(offsets, dict):
        return offsets.get("start"), offsets.get("end")
    return value.get("start"), value.get("end")


def _fit(raw: RawEntity, text: str) -> RawEntity:
    """See whether the entity's text fits when its line breaks are no longer written as a backslash and an n,
    or when the offsets count UTF-16 units, as earlier versions of Label Studio do both."""
    start, end, surface = raw.start, raw.end, raw.text
    if not isinstance(surface, str) or type(start) is not int or type(end) is not int:
        return raw
    for place in ((start, end), _from_utf16(text, start, end)):
        if place is None or not 0 <= place[0] < place[1] <= len(text):
            continue
        found = text[place[0] : place[1]]
        if surface in (found, found.replace("\r", "\\n").replace("\n", "\\n")):
            notes = raw.notes if place == (start, end) else (*raw.notes, ("utf16_offsets", ""))
            return raw._replace(start=place[0], end=place[1], text=found, notes=notes)
    return raw


def _from_utf16(text: str, start: int, end: int) -> Optional[tuple[int, int]]:
    if not 0 <= start < end <= 2 * len(text):
        return None
    units = text.encode("utf-16-le")
    try:
        before, inside = (
            units[: 2 * start].decode("utf-16-le"),
            units[2 * start : 2 * end].decode("utf-16-le"),
        )
    except UnicodeDecodeError:
        return None
    return len(before), len(before) + len(inside)
