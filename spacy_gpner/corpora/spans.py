"""Span JSON lines: a text and its spans, ends exclusive."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .json_records import from_objects, read_records
from .prodigy import is_prodigy
from .records import Record, Report
from .text import read_json_values
from .writing import Document, Exported, with_score, write_json_lines

KEYS = ("start", "end", "label", "text")


def read_spans(path: Path, report: Report) -> Iterator[Record]:
    """Read lines (or an array) of `{"text", "spans": [{"start", "end", "label"}]}`; a span may have its own
    "text". A record without spans is unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    return read_records(
        read_json_values(path, report),
        report,
        text_key="text",
        entities_key="spans",
        container=list,
        ends="exclusive",
        flatten=partial(from_objects, keys=KEYS, unused=["score"]),
        unused=["meta"],
    )


def write_spans(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what `read_spans` reads, with scores where there are any.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_lines(map(_to_record, documents), path)


def is_spans(value: Any) -> bool:
    """Tell whether a JSON value is a record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    if not (isinstance(value, dict) and "text" in value and isinstance(value.get("spans"), list)):
        return False
    return not is_prodigy(value)


def _to_record(document: Document) -> dict[str, Any]:
    record = {**document.names, "text": document.doc.text}
    if document.entities is None:
        return record
    spans = [
        with_score({"start": span.start_char, "end": span.end_char, "label": span.label_}, score)
        for span, score in document.entities
    ]
    return {**record, "spans": spans}
