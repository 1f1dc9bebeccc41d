"""CLUENER 2020: JSON lines, ends inclusive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checks import RawEntity
from .json_records import read_records
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


def _flatten(labels: dict[str, Any]) -> Iterator[RawEntity]:
    for label, surfaces in labels.items():
        if not isinstance(surfaces, dict):
            yield RawEntity(label=label, wrong="the label's surfaces are not an object")
            continue
        for surface, spans in surfaces.items():
            for span in spans if isinstance(spans, list) else [spans]:
                if isinstance(span, list) and len(span) == 2:
                    yield RawEntity(span[0], span[1], label, surface)
                else:
                    yield RawEntity(label=label, wrong="the entity is not a start and an end")
