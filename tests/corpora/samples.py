"""A good file of each format, and its entities counted without our readers."""

import json
from typing import Any, Optional

from .mutations import Counts, Sample, count_array, length
from .samples_of_lines import LINE_SAMPLES


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def to_lines(*values: Any) -> bytes:
    return b"".join(to_json(value) + b"\n" for value in values)


CMEEE = to_json(
    [
        {
            "text": "😀患儿左肺下叶肺炎。",
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


def count_cmeee(data: bytes) -> Optional[Counts]:
    return count_array(data, lambda value: length(value, "entities"))


SAMPLES = [Sample("cmeee", "corpus.json", CMEEE, count_cmeee), *LINE_SAMPLES]
