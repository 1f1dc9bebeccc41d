"""CLUENER 2020: JSON lines, ends inclusive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checks import RawEntity, check_entities, record_problem
from .records import Problem, Record, Report, Source
from .text import read_json_lines


def read_cluener(path: Path, report: Report) -> Iterator[Record]:
    """Read lines of `{"text", "label": {type: {surface: [[start, end]]}}}`.
    A record without label, as in the test file, is unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for source, value in read_json_lines(path, report):
        wrong = record_problem(value, "text", "label", dict)
        if wrong is not None:
            report(Problem("bad_record", source, detail=wrong))
            continue
        text, labels = value["text"], value.get("label")
        if labels is None:
            yield Record(text, None, source)
            continue
        raw = list(_flatten(labels, source, report))
        yield Record(text, check_entities(text, raw, source, report, ends="inclusive"), source)


def _flatten(labels: dict[str, Any], source: Source, report: Report) -> Iterator[RawEntity]:
    for label, surfaces in labels.items():
        if not isinstance(surfaces, dict):
            report(Problem("bad_entity", source, label=label, detail="its surfaces are not an object"))
            continue
        for surface, spans in surfaces.items():
            for span in spans if isinstance(spans, list) else [spans]:
                if isinstance(span, list) and len(span) == 2:
                    yield RawEntity(span[0], span[1], label, surface)
                else:
                    report(Problem("bad_entity", source, label=label, detail="it is not a start and an end"))
