"""CMeEE and CMeEE-V2: one JSON array of records, ends inclusive."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from .json_records import from_objects, read_records
from .records import Record, Report
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
    return read_records(
        read_json_array(path),
        report,
        text_key="text",
        entities_key="entities",
        container=list,
        ends="inclusive",
        flatten=partial(from_objects, keys=KEYS),
    )


def to_cmeee(doc: Doc, spans_key: str) -> dict[str, Any]:
    """Give a document as a record of CMeEE. Spans without a token, which inclusive ends can't express, and
    without a label are left out.

    doc (Doc): The document.
    spans_key (str): The key of its entities in `doc.spans`; without it, the record has none.
    RETURNS (dict[str, Any]): The record, ready for JSON.
    """
    spans = sorted(doc.spans.get(spans_key, []), key=lambda span: (span.start, span.end, span.label_))
    values = [
        (span.start_char, span.end_char - 1, span.label_, span.text)
        for span in spans
        if len(span) and span.label_
    ]
    return {"text": doc.text, "entities": [dict(zip(KEYS, value, strict=True)) for value in values]}
