import json

import pytest

RECORDS = [
    {
        "text": "患儿左肺下叶肺炎。",
        "entities": [
            {"start_idx": 2, "end_idx": 7, "type": "dis", "entity": "左肺下叶肺炎"},
            {"start_idx": 2, "end_idx": 5, "type": "bod", "entity": "左肺下叶"},
        ],
    },
    {"text": "发 热三天", "entities": [{"start_idx": 1, "end_idx": 2, "type": "sym", "entity": " 热"}]},
    {"text": "没有标注"},
]


@pytest.fixture
def write_cmeee(tmp_path):
    def write(records, name="corpus.json"):
        path = tmp_path / name
        path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def cmeee(write_cmeee):
    return write_cmeee(RECORDS)
