"""Prodigy's JSON lines of entities and spans, ends of characters exclusive."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Optional

from .checks import RawEntity
from .json_records import from_objects, read_records
from .records import Problem, Record, Report, Source
from .text import read_json_values
from .writing import Document, Exported, with_score, write_json_lines

KEYS = ("start", "end", "label", "text")
REFUSED = ("reject", "ignore")
ANSWERS = (None, "accept", *REFUSED)
# Interfaces that ask about one suggestion at a time
BINARY = ("ner", "spans")
USED = ("answer", "tokens", "relations", "_view_id", "_is_binary")
UNUSED = (
    *("meta", "config", "options", "accept", "label", "html", "path", "versions", "view_id"),
    *("_input_hash", "_task_hash", "_session_id", "_annotator_id", "_timestamp", "_session_timestamp"),
)
UNUSED_OF_SPANS = (
    "score",
    "source",
    "color",
    "pattern",
    "id",
    "input_hash",
    "answer",
    "rank",
    "type",
    "kb_id",
)


def read_prodigy(path: Path, report: Report) -> Iterator[Record]:
    """Read what `prodigy db-out` writes for `ner`, `ner_manual`, `spans` and `spans_manual`: lines of
    `{"text", "tokens", "spans": [{"start", "end", "label"}], "answer"}`. A record that was rejected or
    ignored is unlabelled, and its spans are counted. One that was accepted without spans has no entities.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for source, value in read_json_values(path, report):
        task = value if isinstance(value, dict) else {}
        if task.get("answer") not in ANSWERS:
            detail = "'answer' is none of accept, reject and ignore"
            report(Problem("bad_record", source, detail=detail, entities=_count(task.get("spans"))))
            continue
        _judge(task, source, report)
        yield from read_records(
            [(source, value)],
            report,
            text_key="text",
            entities_key="spans",
            container=list,
            ends="exclusive",
            flatten=partial(_flatten, tokens=task.get("tokens")),
            known=USED,
            unused=UNUSED,
        )


def write_prodigy(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write tasks with their tokens, as the manual interfaces show them: gold as accepted, what a model has
    found with its scores and without an answer, to be corrected.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_lines(map(_to_record, documents), path)


def is_prodigy(value: Any) -> bool:
    """Tell whether a JSON value is a record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    if not (isinstance(value, dict) and "text" in value):
        return False
    return "answer" in value or "_task_hash" in value or ("tokens" in value and "spans" in value)


def _judge(value: dict[str, Any], source: Source, report: Report) -> None:
    """Make of the spans what the answer says: None if they are not gold, an empty list if there are none."""
    answer, spans = value.get("answer"), value.get("spans")
    if answer in REFUSED:
        report(Problem("not_gold", source, name=f"answer '{answer}'", entities=_count(spans)))
        value["spans"] = None
    elif spans is None and answer == "accept" and "tokens" in value:
        value["spans"] = []
    elif spans and answer is None:
        report(Problem("unanswered", source))
    elif spans and (value.get("_is_binary") or value.get("_view_id") in BINARY):
        report(Problem("partial", source))
    relations = value.get("relations")
    for _ in relations if isinstance(relations, list) else []:
        report(Problem("annotation_ignored", source, name="relation"))


def _count(spans: Any) -> int:
    return len(spans) if isinstance(spans, list) else 0


def _flatten(spans: list[Any], tokens: Any) -> Iterator[RawEntity]:
    for span in spans:
        (raw,) = from_objects([span], KEYS, known=("token_start", "token_end"), unused=UNUSED_OF_SPANS)
        found = _offsets(span, tokens)
        if found is not None and raw.start is None and raw.end is None:
            raw = raw._replace(start=found[0], end=found[1])
        elif found is not None and found != (raw.start, raw.end):
            raw = raw._replace(notes=(*raw.notes, ("token_mismatch", "")))
        yield raw


def _offsets(span: Any, tokens: Any) -> Optional[tuple[Any, Any]]:
    """The characters of a span as its tokens tell them, of which the last is the span's too."""
    try:
        first, last = tokens[span["token_start"]], tokens[span["token_end"]]
        return first["start"], last["end"]
    except (KeyError, IndexError, TypeError):
        return None


def _to_record(document: Document) -> dict[str, Any]:
    doc = document.doc
    tokens = [
        {
            "text": token.text,
            "start": token.idx,
            "end": token.idx + len(token),
            "id": token.i,
            "ws": bool(token.whitespace_),
        }
        for token in doc
    ]
    record = {**document.names, "text": doc.text, "tokens": tokens}
    if document.entities is None:
        return record
    spans = [
        with_score(
            {
                "start": span.start_char,
                "end": span.end_char,
                "token_start": span.start,
                "token_end": span.end - 1,
                "label": span.label_,
            },
            score,
        )
        for span, score in document.entities
    ]
    answer = {} if document.model else {"answer": "accept"}
    return {**record, "spans": spans, **answer}
