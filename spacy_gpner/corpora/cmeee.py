"""CMeEE and CMeEE-V2: one JSON array of records, ends inclusive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .checks import RawEntity, check_entities, record_problem
from .records import Problem, Record, Report, Source
from .text import read_json_array

KEYS = ("start_idx", "end_idx", "type", "entity")


def read_cmeee(path: Path, report: Report) -> Iterator[Record]:
    """Read `[{"text", "entities": [{"start_idx", "end_idx", "type", "entity"}]}]`.
    A record without entities, as in the test files, is unlabelled.

    path (Path): The JSON file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for number, value in enumerate(read_json_array(path), 1):
        source = Source(str(path), f"record {number}")
        wrong = record_problem(value, "text", "entities", list)
        if wrong is not None:
            report(Problem("bad_record", source, detail=wrong))
            continue
        text, entities = value["text"], value.get("entities")
        if entities is None:
            yield Record(text, None, source)
            continue
        raw = []
        for entity in entities:
            if isinstance(entity, dict):
                raw.append(RawEntity(*(entity.get(key) for key in KEYS)))
            else:
                report(Problem("bad_entity", source, detail="it is not an object"))
        yield Record(text, check_entities(text, raw, source, report, ends="inclusive"), source)


def to_cmeee(doc: Doc, spans_key: str) -> dict[str, Any]:
    """Give a document as a record of CMeEE. Empty spans, which inclusive ends can't express, are left out.

    doc (Doc): The document.
    spans_key (str): The key of its entities in `doc.spans`; without it, the record has none.
    RETURNS (dict[str, Any]): The record, ready for JSON.
    """
    spans = sorted(doc.spans.get(spans_key, []), key=lambda span: (span.start, span.end, span.label_))
    values = [(span.start_char, span.end_char - 1, span.label_, span.text) for span in spans if len(span)]
    return {"text": doc.text, "entities": [dict(zip(KEYS, value, strict=True)) for value in values]}
