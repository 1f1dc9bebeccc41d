"""doccano's JSON lines of sequence labelling, ends exclusive."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..entities import show_key
from .checks import RawEntity
from .json_records import from_objects, read_records
from .records import Problem, Record, Report
from .text import read_json_values
from .writing import Document, Exported, write_json_lines

# Projects without and with relations, and what earlier versions wrote
ENTITIES = ("label", "entities", "labels")
KEYS = ("start_offset", "end_offset", "label")


def read_doccano(path: Path, report: Report) -> Iterator[Record]:
    """Read lines (or an array) of `{"text", "label": [[start, end, label]]}`, or of `{"text", "entities":
    [{"id", "label", "start_offset", "end_offset"}], "relations": […]}`. A record without any is unlabelled.
    Relations are counted and left out.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for source, value in read_json_values(path, report):
        own, *others = _entity_keys(value)
        for key in others:
            found = value[key]
            lost = len(found) if isinstance(found, list) else 1
            report(Problem("unread_entities", source, name=show_key(key), entities=lost))
        relations = value.get("relations") if isinstance(value, dict) else None
        for _ in relations if isinstance(relations, list) else []:
            report(Problem("annotation_ignored", source, name="relation"))
        yield from read_records(
            [(source, value)],
            report,
            text_key="text",
            entities_key=own,
            container=list,
            ends="exclusive",
            flatten=_flatten,
            known=[*others, *(["relations"] if isinstance(relations, list) else [])],
            unused=["Comments", "comments", "cats"],
        )


def write_doccano(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what doccano imports and `read_doccano` reads. doccano has no place for scores.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_lines((_to_record(document, exported) for document in documents), path)


def is_doccano(value: Any) -> bool:
    """Tell whether a JSON value is a record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    if not (isinstance(value, dict) and "text" in value):
        return False
    entities = value.get("entities")
    if isinstance(entities, list) and entities:
        first = entities[0]
        if isinstance(first, dict):
            return "start_offset" in first
        return isinstance(first, list) and [type(value) for value in first] == [int, int, str]
    labels = value.get("label", value.get("labels"))
    return "Comments" in value or (
        isinstance(labels, list) and all(isinstance(label, list) for label in labels)
    )


def _entity_keys(value: Any) -> list[str]:
    """The keys that hold entities: the one that is read first."""
    present = [key for key in ENTITIES if isinstance(value, dict) and value.get(key) not in (None, [])]
    if present:
        return present
    return [next((key for key in ENTITIES if isinstance(value, dict) and key in value), ENTITIES[0])]


def _flatten(entities: list[Any]) -> Iterator[RawEntity]:
    for entity in entities:
        if isinstance(entity, dict):
            yield from from_objects([entity], KEYS, unused=["id"])
        elif isinstance(entity, list) and len(entity) == 3:
            yield RawEntity(*entity)
        else:
            yield RawEntity(wrong="the entity is not a start, an end and a label")


def _to_record(document: Document, exported: Exported) -> dict[str, Any]:
    record = {**document.names, "text": document.doc.text}
    if document.entities is None:
        return record
    exported.notes["scores"] += sum(score is not None for _, score in document.entities)
    label = [[span.start_char, span.end_char, span.label_] for span, _ in document.entities]
    return {**record, "label": label}
