"""The tasks of a Label Studio export: those of JSON, and those that the rows of JSON-MIN make."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .json_records import is_ambiguous
from .records import Problem, Report, Source

# What holds annotations: today, and in the first versions
ANNOTATIONS = ("annotations", "completions")
# What holds regions that are not gold
NOT_GOLD = ("predictions", "drafts")
LABELS = ("labels", "hypertextlabels")
UNUSED = (
    *("meta", "created_at", "updated_at", "inner_id", "project", "updated_by", "file_upload", "overlap"),
    *("total_annotations", "cancelled_annotations", "total_predictions", "is_labeled", "comment_count"),
    *("unresolved_comment_count", "last_comment_updated_at", "comment_authors", "allow_skip", "lead_time"),
    *("annotator", "annotation_id", "agreement"),
)


@dataclass
class Task:
    """A text and what was annotated in it.

    source (Source): Where it stands.
    value (dict[str, Any]): The JSON object.
    data (dict[str, Any]): What holds the text: the object's `data`, or for JSON-MIN the object itself.
    annotations (list[tuple[Source, Any]]): The annotations, and where they stand.
    used (set[str]): The object's keys that are used.
    wrong (str): Why it can't be read.
    """

    source: Source
    value: dict[str, Any]
    data: dict[str, Any]
    annotations: list[tuple[Source, Any]]
    used: set[str]
    wrong: str = ""


def find_tasks(values: Iterable[tuple[Source, Any]], report: Report) -> list[Task]:
    """Find the tasks. Rows of JSON-MIN that have their text and id in common are annotations of one task.

    values (Iterable[tuple[Source, Any]]): Where each value stands, and the value.
    report (Report): Called with a problem for every value that is no object.
    RETURNS (list[Task]): The tasks.
    """
    tasks: list[Task] = []
    rows: dict[str, Task] = {}
    for source, value in values:
        if not isinstance(value, dict):
            report(Problem("bad_record", source, detail="the record is not an object"))
        elif is_row(value):
            task = _from_row(value, source)
            key = repr((value.get("id", source.position), value.get("text")))
            first = rows.setdefault(key, task) if task.annotations and not task.wrong else task
            if first is task:
                tasks.append(task)
            else:
                first.annotations += task.annotations
        else:
            tasks.append(_from_task(value, source))
    return tasks


def is_row(value: dict[str, Any]) -> bool:
    """Tell whether an object is of JSON-MIN.

    value (dict[str, Any]): The object.
    RETURNS (bool): Whether it is.
    """
    return not any(key in value for key in ("data", *ANNOTATIONS, *NOT_GOLD))


def _from_task(value: dict[str, Any], source: Source) -> Task:
    key = ANNOTATIONS[0] if ANNOTATIONS[0] in value else ANNOTATIONS[1]
    data, annotations = value.get("data"), value.get(key)
    others = [key for key in NOT_GOLD if isinstance(value.get(key), list)]
    wrong = next((f"'{key}' is given twice" for key in ("data", key) if is_ambiguous(value, key)), "")
    if not isinstance(data, dict):
        wrong = "'data' is missing or not an object"
    if annotations is not None and not isinstance(annotations, list):
        annotations, wrong = None, f"'{key}' is not an array"
    placed = [(source, annotation) for annotation in annotations or []]
    used = {"data", key, "id", *others}
    return Task(source, value, data if isinstance(data, dict) else {}, placed, used, wrong)


def _from_row(value: dict[str, Any], source: Source) -> Task:
    """A list is the regions of a control if one of them has labels. A row that has none, and no annotation's
    number, is a task that nobody has annotated."""
    keys = [key for key, item in value.items() if isinstance(item, list) and any(map(_has_labels, item))]
    result = [{"type": LABELS[0], "value": item} for key in keys for item in value[key]]
    annotation = {"result": result, "updated_at": value.get("updated_at")}
    annotated = keys or "annotation_id" in value
    wrong = next((f"'{key}' is given twice" for key in keys if is_ambiguous(value, key)), "")
    placed = [(source, annotation)] if annotated else []
    return Task(source, value, value, placed, {"id", "group", *keys}, wrong)


def _has_labels(item: Any) -> bool:
    return isinstance(item, dict) and any(key in item for key in LABELS)
