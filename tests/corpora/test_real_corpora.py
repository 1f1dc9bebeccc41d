import os
from pathlib import Path

import pytest

from spacy_gpner.corpora.convert import convert_corpus

from ..util import NEEDS_CORPORA

pytestmark = NEEDS_CORPORA

CASES = [
    ("cmeee", ["cmeee/CMeEE_train.json"], 15_000, 61_794, {"offsets_inverted": 2, "two_labels": 33}),
    ("cmeee", ["cmeee/CMeEE_dev.json"], 5_000, 20_300, {"two_labels": 16}),
    ("cmeee", ["cmeee-v2/CMeEE-V2_dev.json"], 5_000, 26_081, {}),
    ("cluener", ["cluener/train.json"], 10_748, 23_971, {}),
    ("cluener", ["cluener/dev.json"], 1_343, 3_072, {}),
    (
        "ccks2019",
        ["ccks2019/subtask1_training_part1.txt", "ccks2019/subtask1_training_part2.txt"],
        1_000,
        17_653,
        # Its key is "overlap"
        {"edge_whitespace": 87, "unknown_key": 17_653},
    ),
    ("ccks2019", ["ccks2019/subtask1_test_set_with_answer.json"], 379, 6_002, {"edge_whitespace": 21}),
    ("brat", ["drug-leaflets/brat"], 1_000, 17_757, {}),
    ("iob", ["ncbi-disease/train.tsv"], 5_432, 5_145, {}),
    ("iob", ["ncbi-disease/devel.tsv"], 923, 787, {}),
    ("iob", ["ncbi-disease/test.tsv"], 940, 960, {}),
    ("iob", ["bc5cdr/train.tsv"], 4_560, 5_203 + 4_182, {}),
    ("iob", ["bc5cdr/devel.tsv"], 4_581, 5_347 + 4_246, {}),
    ("iob", ["bc5cdr/test.tsv"], 4_797, 5_385 + 4_424, {}),
]


@pytest.mark.parametrize(("format_name", "files", "documents", "entities", "problems"), CASES)
def test_counts(format_name, files, documents, entities, problems, tmp_path):
    root = Path(os.environ["GPNER_DATA"])
    inputs, lang = [root / file for file in files], "en" if format_name == "iob" else "zh"
    summary = convert_corpus(format_name, inputs, tmp_path / "docs.spacy", lang=lang)
    assert (summary.labelled, summary.unlabelled) == (documents, 0)
    assert summary.entities == entities
    assert {kind: counted.count for kind, counted in summary.problems.items()} == problems
