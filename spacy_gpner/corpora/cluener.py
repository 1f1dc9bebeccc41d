"""CLUENER 2020: JSON lines, ends inclusive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checks import Notes, RawEntity
from .json_records import overwritten, read_records
from .records import Record, Report
from .text import read_json_lines


def read_cluener(path: Path, report: Report) -> Iterator[Record]:
    """Read lines of `{"text", "label": {type: {surface: [[start, end]]}}}`.
    A record without label, as in the test file, is unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    return read_records(
        read_json_lines(path, report),
        report,
        text_key="text",
        entities_key="label",
        container=dict,
        ends="inclusive",
        flatten=_flatten,
    )


def is_cluener(value: Any) -> bool:
    """Tell whether a JSON value is a labelled record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    return isinstance(value, dict) and "text" in value and isinstance(value.get("label"), dict)


def _flatten(labels: dict[str, Any]) -> Iterator[RawEntity]:
    """Give the entities of all labels and surfaces. Repeated ones are no contradiction, and all are read."""
    for label, surfaces, repeated in _pairs(labels):
        if not isinstance(surfaces, dict):
            yield RawEntity(label=label, wrong="the label's surfaces are not an object", notes=repeated)
            continue
        for surface, spans, twice in _pairs(surfaces):
            for raw in _entities(label, surface, spans):
                yield raw._replace(notes=repeated + twice)
                repeated = twice = ()


def _entities(label: str, surface: str, spans: Any) -> Iterator[RawEntity]:
    if spans == []:
        yield RawEntity(label=label, wrong="the surface has no start and end")
    for span in spans if isinstance(spans, list) else [spans]:
        if isinstance(span, list) and len(span) == 2:
            yield RawEntity(span[0], span[1], label, surface)
        else:
            yield RawEntity(label=label, wrong="the entity is not a start and an end")


def _pairs(value: dict[str, Any]) -> Iterator[tuple[str, Any, Notes]]:
    """A label's or surface's key stays untold: the label is named anyway, and the surface is text."""
    yield from ((key, item, ()) for key, item in value.items())
    yield from ((key, item, (("duplicate_key", ""),)) for key, item in overwritten(value))
