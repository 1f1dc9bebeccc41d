"""Label Studio's JSON and JSON-MIN exports of labelled text, ends exclusive."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Optional

from ..entities import is_unicode
from .checks import check_entities
from .json_records import is_ambiguous, is_name, report_unknown_keys
from .label_studio_regions import count_regions, find_regions
from .label_studio_tasks import NOT_GOLD, UNUSED, Task, find_tasks
from .records import Problem, Record, Report
from .text import read_json_array
from .writing import Document, Exported, with_score, write_json_array

USED_OF_ANNOTATIONS = ("result", "was_cancelled", "ground_truth", "updated_at")
UNUSED_OF_ANNOTATIONS = (
    *("id", "completed_by", "created_at", "draft_created_at", "lead_time", "prediction", "result_count"),
    *("unique_id", "import_id", "last_action", "bulk_created", "task", "project", "updated_by", "state"),
    *("parent_prediction", "parent_annotation", "last_created_by", "created_username", "created_ago"),
)


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
                report(Problem("not_gold", task.source, name=key, entities=count_regions(item)))
        if wrong:
            places = {task.source: 0}
            for source, annotation in task.annotations:
                places[source] = places.get(source, 0) + count_regions(annotation)
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
            report(Problem("not_gold", source, name=name, entities=count_regions(annotation)))
            continue
        place = source
        report_unknown_keys(annotation, USED_OF_ANNOTATIONS, source, report, UNUSED_OF_ANNOTATIONS)
        raw = find_regions(annotation["result"], text, source, report)
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
