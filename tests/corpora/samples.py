"""A good file of each format, and its entities counted without our readers."""

import json
from functools import partial
from typing import Any, Optional

from .mutations import Counts, Sample, count_array, count_lines, length
from .samples_of_lines import LINE_SAMPLES

TEXT = "😀患儿左肺下叶肺炎。"


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def to_lines(*values: Any) -> bytes:
    return b"".join(to_json(value) + b"\n" for value in values)


CMEEE = to_json(
    [
        {
            "text": TEXT,
            "entities": [
                {"start_idx": 3, "end_idx": 8, "type": "dis", "entity": "左肺下叶肺炎"},
                {"start_idx": 3, "end_idx": 6, "type": "bod", "entity": "左肺下叶"},
                {"start_idx": 3, "end_idx": 6, "type": "pos", "entity": "左肺下叶"},
                {"start_idx": 0, "end_idx": 0, "type": "emo", "entity": "😀"},
            ],
        },
        {"text": "没有标注"},
        {"text": "没有实体", "entities": []},
    ]
)

SPANS = to_lines(
    {
        "id": "1",
        "group": "患者甲",
        "text": TEXT,
        "spans": [
            {"start": 3, "end": 9, "label": "dis"},
            {"start": 3, "end": 7, "label": "bod", "text": "左肺下叶"},
            {"start": 3, "end": 7, "label": "pos", "score": 0.5},
            {"start": 0, "end": 1, "label": "emo"},
        ],
    },
    {"text": "没有标注"},
    {"text": "没有实体", "spans": [], "meta": {"source": "x"}},
)

# As doccano exports a project without relations, one with them, and as its earlier versions did
DOCCANO = to_lines(
    {"id": 7, "text": TEXT, "label": [[0, 1, "emo"], [3, 7, "bod"], [3, 7, "pos"]], "Comments": []},
    {"id": 8, "text": "咳嗽三天", "label": [], "Comments": ["x"]},
    {"id": 9, "text": "发热三天", "labels": [[0, 2, "sym"]]},
)
DOCCANO_RELATIONS = to_lines(
    {
        "id": 7,
        "text": TEXT,
        "entities": [
            {"id": 71, "label": "dis", "start_offset": 3, "end_offset": 9},
            {"id": 72, "label": "bod", "start_offset": 3, "end_offset": 7},
            {"id": 73, "label": "pos", "start_offset": 3, "end_offset": 7},
            {"id": 74, "label": "emo", "start_offset": 0, "end_offset": 1},
        ],
        "relations": [{"id": 1, "from_id": 71, "to_id": 72, "type": "at"}],
        "Comments": [],
    },
    {"id": 8, "text": "咳嗽三天", "entities": [], "relations": [], "Comments": []},
)


def region(start: int, end: int, label: str, text: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    names = {"from_name": "label", "to_name": "text", "type": "labels", "origin": "manual"}
    return {"value": value, "id": f"r{start}{end}{label}", **names, **more}


REGIONS = [region(3, 9, "dis", "左肺下叶肺炎"), region(3, 7, "bod", "左肺下叶"), region(0, 1, "emo", "😀")]
TWO_LABELS = region(3, 7, "bod", "左肺下叶")
TWO_LABELS["value"]["labels"] = ["bod", "pos"]


def annotation(number: int, regions: list[Any], **more: Any) -> dict[str, Any]:
    day = f"2026-03-{number:02}T08:00:00.000000Z"
    own = {"id": number, "completed_by": 1, "result": regions, "was_cancelled": False, "ground_truth": False}
    return {**own, "created_at": day, "updated_at": day, "lead_time": 4.2, "prediction": {}, **more}


LABEL_STUDIO = to_json(
    [
        {
            "id": 1,
            "annotations": [
                annotation(1, REGIONS[:1]),
                annotation(2, [*REGIONS[::2], TWO_LABELS, {"type": "relation", "from_id": "r39dis"}]),
                annotation(3, REGIONS[:2], was_cancelled=True),
            ],
            "file_upload": "1.json",
            "drafts": [],
            "predictions": [{"id": 5, "model_version": "m", "score": 0.5, "result": [REGIONS[1]]}],
            "data": {"text": TEXT},
            "meta": {},
            "inner_id": 1,
            "total_annotations": 2,
            "cancelled_annotations": 1,
        },
        {"id": 2, "annotations": [], "predictions": [], "data": {"text": "没有标注"}},
        {"id": 3, "annotations": [annotation(4, [])], "predictions": [], "data": {"text": "没有实体"}},
    ]
)
LABEL_STUDIO_MIN = to_json(
    [
        {
            "text": TEXT,
            "id": 1,
            "label": [item["value"] for item in (REGIONS[0], TWO_LABELS, REGIONS[2])],
            "annotator": 1,
            "annotation_id": 2,
            "created_at": "2026-03-02T08:00:00Z",
            "updated_at": "2026-03-02T08:00:00Z",
            "lead_time": 4.2,
        },
        {"text": TEXT, "id": 1, "label": [REGIONS[0]["value"]], "annotator": 2, "annotation_id": 1},
        {"text": "没有实体", "id": 3, "annotator": 1, "annotation_id": 4},
    ]
)

WORDS = ["Left", "lower", "lobe", "pneumonia", "😀"]
TOKENS = to_lines(
    {"tokens": WORDS, "entities": [[0, 4, "dis"], [0, 3, "bod"], [0, 3, "pos"], [4, 5, "emo"]]},
    {"tokens": ["no", "label"]},
    {"tokens": ["no", "entity"], "entities": []},
)
TOKENS_INCLUSIVE = to_json(
    [
        {
            "id": "1",
            "tokens": WORDS,
            "entities": [
                {"type": "dis", "start": 0, "end": 3},
                {"type": "bod", "start": 0, "end": 2},
                {"type": "pos", "start": 0, "end": 2},
                {"type": "emo", "start": 4, "end": 4},
            ],
        },
        {"id": "2", "tokens": ["no", "label"]},
    ]
)


def task(text: str, spans: Optional[list[Any]], answer: str, **more: Any) -> dict[str, Any]:
    tokens = [
        {"text": char, "start": index, "end": index + 1, "id": index, "ws": False}
        for index, char in enumerate(text)
    ]
    hashes = {"_input_hash": 1, "_task_hash": -2, "_view_id": "spans_manual", "_timestamp": 1_700_000_000}
    own = {} if spans is None else {"spans": spans}
    return {"text": text, "tokens": tokens, **own, "answer": answer, **hashes, **more}


def marked(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "token_start": start, "token_end": end - 1, "label": label}


PRODIGY = to_lines(
    task(TEXT, [marked(3, 9, "dis"), marked(3, 7, "bod"), marked(3, 7, "pos")], "accept"),
    task("发热三天", [marked(0, 2, "sym")], "reject"),
    task("咳嗽三天", [marked(0, 2, "sym")], "ignore"),
    task("没有实体", None, "accept", _annotator_id="a"),
    {"text": "没有标注", "meta": {"source": "x"}},
)


def count_doccano(value: Any) -> int:
    return sum(length(value, key) for key in ("label", "labels", "entities"))


def count_label_studio(value: Any) -> int:
    """Regions of all annotations, predictions and drafts, once for each of their labels."""
    if not isinstance(value, dict):
        return 0
    kinds = [key for key in ("annotations", "completions", "predictions", "drafts") if key in value]
    if not kinds and "data" not in value:
        return sum(_count_control(item) for item in value.values() if isinstance(item, list))
    if "annotations" in value and "completions" in kinds:
        kinds.remove("completions")
    results = [item for key in kinds if isinstance(value[key], list) for item in value[key]]
    regions = [item for result in results if length(result, "result") for item in result["result"]]
    return sum(map(_count_region, regions))


def _count_region(item: Any) -> int:
    if not isinstance(item, dict):
        return 1
    value = item.get("value")
    if item.get("type") in ("labels", "hypertextlabels"):
        return _count_labels(value)
    has_labels = isinstance(value, dict) and ("labels" in value or "hypertextlabels" in value)
    return _count_labels(value) if has_labels else 0


def _count_control(items: list[Any]) -> int:
    named = [item for item in items if isinstance(item, dict) and {"labels", "hypertextlabels"} & set(item)]
    return sum(map(_count_labels, items)) if named else 0


def _count_labels(value: Any) -> int:
    return length(value, "labels") or length(value, "hypertextlabels") or 1


def of(key: str) -> Any:
    return lambda value: length(value, key)


def by_bracket(data: bytes, count: Any) -> Optional[Counts]:
    """Of a format that may be an array as well as lines."""
    array = data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    return (count_array if array else count_lines)(data, count)


SAMPLES = [
    Sample("cmeee", "corpus.json", CMEEE, partial(count_array, count=of("entities"))),
    Sample("spans", "spans.jsonl", SPANS, partial(by_bracket, count=of("spans"))),
    Sample("doccano", "all.jsonl", DOCCANO, partial(by_bracket, count=count_doccano)),
    Sample("doccano", "relations.jsonl", DOCCANO_RELATIONS, partial(by_bracket, count=count_doccano)),
    Sample("label-studio", "tasks.json", LABEL_STUDIO, partial(count_array, count=count_label_studio)),
    Sample("label-studio", "min.json", LABEL_STUDIO_MIN, partial(count_array, count=count_label_studio)),
    Sample("prodigy", "db-out.jsonl", PRODIGY, partial(by_bracket, count=of("spans"))),
    Sample("tokens", "tokens.jsonl", TOKENS, partial(by_bracket, count=of("entities"))),
    Sample("tokens", "inclusive.json", TOKENS_INCLUSIVE, partial(by_bracket, count=of("entities"))),
    *LINE_SAMPLES,
]
