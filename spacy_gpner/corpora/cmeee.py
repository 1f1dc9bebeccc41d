"""CMeEE and CMeEE-V2: one JSON array of records, ends inclusive."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .json_records import from_objects, read_records
from .records import Record, Report
from .text import read_json_array
from .writing import Document, Exported, write_json_array

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


def write_cmeee(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what `read_cmeee` reads, as the benchmark takes it. It has no place for scores.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_array((_to_record(document, exported) for document in documents), path)


def is_cmeee(value: Any) -> bool:
    """Tell whether a JSON value is a labelled record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    entities = value.get("entities") if isinstance(value, dict) else None
    first = entities[0] if isinstance(entities, list) and entities else None
    return isinstance(first, dict) and "start_idx" in first


def _to_record(document: Document, exported: Exported) -> dict[str, Any]:
    record: dict[str, Any] = {**document.names, "text": document.doc.text}
    if document.entities is None:
        return record
    exported.notes["scores"] += sum(score is not None for _, score in document.entities)
    values = [(span.start_char, span.end_char - 1, span.label_, span.text) for span, _ in document.entities]
    return {**record, "entities": [dict(zip(KEYS, value, strict=True)) for value in values]}
