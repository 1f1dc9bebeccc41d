"""Label Studio's JSON and JSON-MIN exports of labelled text, ends exclusive."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Optional

from ..entities import is_unicode
from .checks import RawEntity, check_entities
from .json_records import find_unknown_keys, is_ambiguous, is_name, report_unknown_keys
from .label_studio_tasks import LABELS, NOT_GOLD, UNUSED, Task, find_tasks
from .records import Problem, Record, Report, Source
from .text import read_json_array
from .writing import Document, Exported, with_score, write_json_array

USED_OF_ANNOTATIONS = ("result", "was_cancelled", "ground_truth", "updated_at")
UNUSED_OF_ANNOTATIONS = (
    *("id", "completed_by", "created_at", "draft_created_at", "lead_time", "prediction", "result_count"),
    *("unique_id", "import_id", "last_action", "bulk_created", "task", "project", "updated_by", "state"),
    *("parent_prediction", "parent_annotation", "last_created_by", "created_username", "created_ago"),
)
UNUSED_OF_REGIONS = (
    *("id", "from_name", "to_name", "origin", "score", "meta", "readonly", "hidden", "locked", "parentID"),
)
# Of hypertext, beside the offsets in the whole text
OFFSETS_IN_NODES = ("startOffset", "endOffset")
# What else a text can get
OTHER_TYPES = ("relation", "choices", "textarea", "rating", "number", "taxonomy", "datetime", "pairwise")


def read_label_studio(path: Path, report: Report) -> Iterator[Record]:
    """Read an array of tasks, `{"data": {"text"}, "annotations": [{"result": [{"value": {"start", "end",
    "labels"}}]}]}`, or of JSON-MIN. Gold is, of a task's annotations that are not cancelled, the one marked
    as ground truth, or else the latest. The others, predictions and drafts are counted and left out; a task
    without an annotation is unlabelled. Relations, choices and the like are counted and left out.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    for task in find_tasks(read_json_array(path), report):
        text_key, wrong = _check(task)
        for key in NOT_GOLD:
            items = task.value.get(key)
            for item in items if isinstance(items, list) else []:
                report(Problem("not_gold", task.source, name=key, entities=_count(item)))
        if wrong:
            places = {task.source: 0}
            for source, annotation in task.annotations:
                places[source] = places.get(source, 0) + _count(annotation)
            for source, lost in places.items():
                report(Problem("bad_record", source, detail=wrong, entities=lost))
        else:
            yield _read(task, text_key, report)


def write_label_studio(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write tasks: gold as annotations, what a model has found as predictions with their scores, to be
    corrected. The labelling config calls its labels `label`, its text `text`, and takes `$text`.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    write_json_array((_to_task(document, number) for number, document in enumerate(documents, 1)), path)


def is_label_studio(value: Any) -> bool:
    """Tell whether a JSON value is a task, or a row of JSON-MIN.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("data"), dict) or ("annotation_id" in value and "annotator" in value)


def _annotations(task: Task) -> list[Any]:
    return [annotation for _, annotation in task.annotations]


def _check(task: Task) -> tuple[str, str]:
    """The key of the text, and what is wrong with the task."""
    data = task.data
    own = {*task.used, *UNUSED} if data is task.value else {"id", "group"}
    texts = [key for key, value in data.items() if isinstance(value, str) and key not in own]
    key = "text" if "text" in data or len(texts) != 1 else texts[0]
    if task.wrong:
        return key, task.wrong
    if not isinstance(data.get(key), str):
        return key, "it has no 'text', and more than one string or none in its place"
    if not is_unicode(data[key]):
        return key, f"'{key}' holds a lone surrogate"
    if is_ambiguous(data, key):
        return key, f"'{key}' is given twice, with different values"
    for annotation in _annotations(task):
        if not (isinstance(annotation, dict) and isinstance(annotation.get("result"), list)):
            return key, "an annotation has no array 'result'"
        if is_ambiguous(annotation, "result"):
            return key, "'result' is given twice"
    return key, ""


def _read(task: Task, text_key: str, report: Report) -> Record:
    text, entities, place = task.data[text_key], None, task.source
    chosen = _choose(_annotations(task))
    for index, (source, annotation) in enumerate(task.annotations):
        if index != chosen:
            name = "cancelled annotation" if annotation.get("was_cancelled") else "another annotation"
            report(Problem("not_gold", source, name=name, entities=_count(annotation)))
            continue
        place = source
        report_unknown_keys(annotation, USED_OF_ANNOTATIONS, source, report, UNUSED_OF_ANNOTATIONS)
        raw = _entities(annotation["result"], text, source, report)
        entities = check_entities(text, raw, source, report, ends="exclusive")
    names = {key: str(task.data[key]) for key in ("id", "group") if is_name(task.data.get(key))}
    report_unknown_keys(task.value, {*task.used, text_key}, place, report, UNUSED)
    if task.data is not task.value:
        report_unknown_keys(task.data, {*names, text_key}, place, report)
        if is_name(task.value.get("id")):
            names.setdefault("id", str(task.value["id"]))
    return Record(text, entities, place, id=names.get("id"), group=names.get("group"))


def _choose(annotations: Sequence[dict[str, Any]]) -> Optional[int]:
    """The index of the annotation that is gold."""
    ranks = [
        (annotation.get("ground_truth") is True, str(annotation.get("updated_at") or ""), index)
        for index, annotation in enumerate(annotations)
        if not annotation.get("was_cancelled")
    ]
    return max(ranks)[-1] if ranks else None


def _is_region(item: Any) -> bool:
    """Whether a result labels a piece of text, or is no result at all."""
    if not isinstance(item, dict) or item.get("type") in LABELS:
        return True
    value = item.get("value")
    return isinstance(value, dict) and any(key in value for key in LABELS)


def _labels(item: Any) -> list[Any]:
    """The labels of a region; None in place of none, which makes one entity that is reported."""
    value = item.get("value") if isinstance(item, dict) else None
    for key in LABELS:
        labels = value.get(key) if isinstance(value, dict) else None
        if isinstance(labels, list) and labels:
            return labels
    return [None]


def _count(annotation: Any) -> int:
    """How many entities an annotation has: one for each label of a region."""
    result = annotation.get("result") if isinstance(annotation, dict) else None
    return sum(len(_labels(item)) for item in result if _is_region(item)) if isinstance(result, list) else 0


def _entities(result: list[Any], text: str, source: Source, report: Report) -> Iterator[RawEntity]:
    for item in result:
        if not _is_region(item):
            kind = item.get("type")
            report(Problem("annotation_ignored", source, name=kind if kind in OTHER_TYPES else ""))
            continue
        value = item.get("value") if isinstance(item, dict) else None
        if not isinstance(value, dict):
            yield RawEntity(wrong="the region has no object 'value'")
            continue
        notes = [
            *find_unknown_keys(item, ("value", "type"), UNUSED_OF_REGIONS),
            *find_unknown_keys(value, ("start", "end", "text", "globalOffsets", *LABELS), OFFSETS_IN_NODES),
        ]
        twice = next((key for key in ("start", "end", "text", *LABELS) if is_ambiguous(value, key)), None)
        wrong = "" if twice is None else f"'{twice}' is given twice, with different values"
        for label in _labels(item):
            raw = RawEntity(*_offsets(value), label, value.get("text"), wrong=wrong, notes=tuple(notes))
            yield _fit(raw, text)
            notes = []


def _offsets(value: dict[str, Any]) -> tuple[Any, Any]:
    """Of hypertext, start and end are paths to nodes, and the offsets stand apart."""
    offsets = value.get("globalOffsets")
    if isinstance(value.get("start"), str) and isinstance(offsets, dict):
        return offsets.get("start"), offsets.get("end")
    return value.get("start"), value.get("end")


def _fit(raw: RawEntity, text: str) -> RawEntity:
    """See whether the entity's text fits when its line breaks are no longer written as a backslash and an n,
    or when the offsets count UTF-16 units, as earlier versions of Label Studio do both."""
    start, end, surface = raw.start, raw.end, raw.text
    if not isinstance(surface, str) or type(start) is not int or type(end) is not int:
        return raw
    for place in ((start, end), _from_utf16(text, start, end)):
        if place is None or not 0 <= place[0] < place[1] <= len(text):
            continue
        found = text[place[0] : place[1]]
        if surface in (found, found.replace("\r", "\\n").replace("\n", "\\n")):
            notes = raw.notes if place == (start, end) else (*raw.notes, ("utf16_offsets", ""))
            return raw._replace(start=place[0], end=place[1], text=found, notes=notes)
    return raw


def _from_utf16(text: str, start: int, end: int) -> Optional[tuple[int, int]]:
    if not 0 <= start < end <= 2 * len(text):
        return None
    units = text.encode("utf-16-le")
    try:
        before, inside = (
            units[: 2 * start].decode("utf-16-le"),
            units[2 * start : 2 * end].decode("utf-16-le"),
        )
    except UnicodeDecodeError:
        return None
    return len(before), len(before) + len(inside)


def _to_task(document: Document, number: int) -> dict[str, Any]:
    task: dict[str, Any] = {"data": {**document.names, "text": document.doc.text}}
    if document.entities is None:
        return task
    result = [
        with_score(
            {
                "id": f"{number}-{index}",
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": span.start_char,
                    "end": span.end_char,
                    "text": span.text,
                    "labels": [span.label_],
                },
            },
            score,
        )
        for index, (span, score) in enumerate(document.entities, 1)
    ]
    if document.model is None:
        return {**task, "annotations": [{"result": result}]}
    scores = [score for _, score in document.entities if score is not None]
    prediction = with_score({"model_version": document.model}, round(fmean(scores), 6) if scores else None)
    return {**task, "predictions": [{**prediction, "result": result}]}
