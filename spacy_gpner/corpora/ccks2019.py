"""CCKS 2019, task 1 (Yidu-S4K): JSON lines, ends exclusive, no entity text."""

from collections.abc import Iterator
from pathlib import Path

from .checks import RawEntity, check_entities, record_problem
from .records import Problem, Record, Report
from .text import read_json_lines


def read_ccks2019(path: Path, report: Report) -> Iterator[Record]:
    """Read lines of `{"originalText", "entities": [{"label_type", "start_pos", "end_pos"}]}`.
    A record without entities is unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for source, value in read_json_lines(path, report):
        wrong = record_problem(value, "originalText", "entities", list)
        if wrong is not None:
            report(Problem("bad_record", source, detail=wrong))
            continue
        text, entities = value["originalText"], value.get("entities")
        if entities is None:
            yield Record(text, None, source)
            continue
        raw = []
        for entity in entities:
            if isinstance(entity, dict):
                raw.append(RawEntity(*(entity.get(key) for key in ("start_pos", "end_pos", "label_type"))))
            else:
                report(Problem("bad_entity", source, detail="it is not an object"))
        yield Record(text, check_entities(text, raw, source, report, ends="exclusive"), source)
