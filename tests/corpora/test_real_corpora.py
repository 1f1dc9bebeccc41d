import os
from pathlib import Path

import pytest

from spacy_gpner.corpora.convert import convert_corpus

from ..util import NEEDS_CORPORA

pytestmark = NEEDS_CORPORA

# More of them: tests/statistics/test_real_stats.py
CASES = [
    ("cmeee", ["cmeee-v2/CMeEE-V2_dev.json"], 5_000, 26_081),
    ("brat", ["drug-leaflets/brat"], 1_000, 17_757),
    ("iob", ["ncbi-disease/train.tsv"], 5_432, 5_145),
    ("iob", ["ncbi-disease/devel.tsv"], 923, 787),
    ("iob", ["ncbi-disease/test.tsv"], 940, 960),
    ("iob", ["bc5cdr/train.tsv"], 4_560, 5_203 + 4_182),
    ("iob", ["bc5cdr/devel.tsv"], 4_581, 5_347 + 4_246),
    ("iob", ["bc5cdr/test.tsv"], 4_797, 5_385 + 4_424),
]


@pytest.mark.parametrize(("format_name", "files", "documents", "entities"), CASES)
def test_counts(format_name, files, documents, entities, tmp_path):
    root = Path(os.environ["GPNER_DATA"])
    inputs, lang = [root / file for file in files], "en" if format_name == "iob" else "zh"
    summary = convert_corpus(format_name, inputs, tmp_path / "docs.spacy", lang=lang)
    assert (summary.labelled, summary.unlabelled) == (documents, 0)
    assert summary.entities == entities
    assert summary.problems == {}
