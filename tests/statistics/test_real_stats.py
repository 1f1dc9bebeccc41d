"""The papers' tables about their corpora, from the corpora. More: docs/results/corpora.md."""

import os
from pathlib import Path

import pytest

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.spans import Window
from spacy_gpner.statistics.corpus import count_files
from spacy_gpner.statistics.window import advise

from ..util import NEEDS_CORPORA

pytestmark = NEEDS_CORPORA

FILES = {
    "cmeee": (["cmeee/CMeEE_train.json"], ["cmeee/CMeEE_dev.json"]),
    "cluener": (["cluener/train.json"], ["cluener/dev.json"]),
    "ccks2019": (
        ["ccks2019/subtask1_training_part1.txt", "ccks2019/subtask1_training_part2.txt"],
        ["ccks2019/subtask1_test_set_with_answer.json"],
    ),
}


# Entities, and what conversion finds wrong, of both parts
CONVERTED = {
    "cmeee": [(61_794, {"offsets_inverted": 2, "two_labels": 33}), (20_300, {"two_labels": 16})],
    "cluener": [(23_971, {}), (3_072, {})],
    # The key is "overlap"
    "ccks2019": [(17_653, {"edge_whitespace": 87, "unknown_key": 17_653}), (6_002, {"edge_whitespace": 21})],
}


@pytest.fixture(scope="module")
def count(tmp_path_factory):
    """Convert and count a corpus, once."""
    done = {}

    def count_corpus(name):
        if name not in done:
            root, out = Path(os.environ["GPNER_DATA"]), tmp_path_factory.mktemp(name)
            for part, files, (entities, problems) in zip(
                ("train", "dev"), FILES[name], CONVERTED[name], strict=True
            ):
                summary = convert_corpus(name, [root / file for file in files], out / f"{part}.spacy")
                assert (summary.entities, summary.unlabelled) == (entities, 0)
                assert {kind: found.count for kind, found in summary.problems.items()} == problems
            done[name] = count_files([out / "train.spacy", out / "dev.spacy"])
        return done[name]

    return count_corpus


def mean(values):
    return round(sum(values) / len(values), 2)


@pytest.mark.parametrize(
    ("name", "train", "dev", "length", "types"),
    [("cluener", 10_748, 1_343, 37.38, 10), ("cmeee", 15_000, 5_000, 54.15, 9)],
)
def test_paper_1_table_1(name, train, dev, length, types, count):
    stats = count(name)
    own, other = stats.files.values()
    assert (own.documents, other.documents) == (train, dev)
    assert mean(own.characters) == length
    assert len(own.labels) == len(stats.together.labels) == types


def test_paper_2_table_1(count):
    train, test = count("ccks2019").files.values()
    names = ("疾病和诊断", "影像检查", "实验室检验", "手术", "药物", "解剖部位")
    assert [len(train.labels[x].surfaces) for x in names] == [2116, 222, 318, 765, 456, 1486]
    assert [len(test.labels[x].surfaces) for x in names] == [682, 91, 193, 140, 263, 447]
    assert (len(train.total.surfaces), len(test.total.surfaces)) == (5363, 1816)


def test_paper_3_tables_1_and_2_ccks2019(count):
    stats = count("ccks2019")
    assert [part.documents for part in stats.files.values()] == [800 + 200, 379]
    assert mean(stats.together.characters) == 399.62
    rows = {
        "解剖部位": (11_520, 2.48),
        "疾病和诊断": (5_535, 6.98),
        "药物": (2_307, 3.71),
        "实验室检验": (1_785, 4.00),
        "影像检查": (1_317, 3.79),
        "手术": (1_191, 12.85),
    }
    labels = stats.together.labels
    assert {label: (len(x), mean(x.characters)) for label, x in labels.items()} == rows
    assert (len(stats.together.total), mean(stats.together.total.characters)) == (23_655, 4.36)
    assert stats.together.total.nested == 0


def test_paper_3_tables_1_to_4_cmeee(count):
    stats = count("cmeee")
    assert [part.documents for part in stats.files.values()] == [15_000, 5_000]
    assert mean(stats.together.characters) > 50
    together = stats.together
    # The paper's numbers include a test part of 3,000 texts that is not public, and so must be larger by it
    rows = {
        "bod": (26_589, 3.37, 4_706),
        "dis": (24_077, 5.35, 229),
        "sym": (18_579, 6.70, None),
        "pro": (9_610, 5.30, 59),
        "dru": (6_331, 4.74, 28),
        "ite": (4_091, 4.37, 486),
        "mic": (3_019, 4.31, 26),
        "equ": (1_392, 4.30, 13),
        "dep": (494, 2.86, 0),
    }
    assert together.by_count() == list(rows)
    for label, (n, length, in_sym) in rows.items():
        own = together.labels[label]
        assert 0.05 < (n - len(own)) / n < 0.22
        assert mean(own.characters) == pytest.approx(length, abs=0.1)
        if in_sym is not None:
            assert 0 <= in_sym - together.pairs["sym", label] <= 0.2 * in_sym
    in_sym = {label: together.pairs["sym", label] for label in rows if label != "sym"}
    assert max(in_sym, key=in_sym.get) == "bod"
    assert in_sym["dep"] == 0
    assert sum(in_sym.values()) == 4_837
    assert round(in_sym["bod"] / sum(in_sym.values()), 4) == 0.8503
    # 10.68 % in the paper, which does not say whether equal boundaries count
    total = together.total
    assert round(total.nested / len(total), 4) == 0.1056
    assert round(total.nested_or_equal / len(total), 4) == 0.1067
    # 30.21 % in the paper
    assert round(sum(in_sym.values()) / len(together.labels["sym"]), 3) == 0.295


def test_cmeee_windows(count):
    stats = count("cmeee")
    total = stats.together.total
    kept = {w: total.held(Window(w)) / len(total) for w in (8, 16, 20, 32, 64)}
    assert {w: round(100 * share, 1) for w, share in kept.items()} == {
        8: 89.8,
        16: 97.7,
        20: 98.7,
        32: 99.7,
        64: 100.0,
    }
    assert round(kept[32], 4) == 0.9971
    assert round(kept[64], 4) == 0.9998
    assert max(end - start for start, end in total.spans) == 114
    assert advise(stats.together, "band").width == 32


def test_cmeee_repeats_and_leaks(count):
    stats = count("cmeee")
    train, dev = stats.files.values()
    assert (train.repeated, dev.repeated) == (43, 0)
    dev_in_train = next(x for x in stats.overlaps if x.file == "dev.spacy")
    assert dev_in_train.documents == 0
    assert round(dev_in_train.entities_share, 2) == 0.58


def test_cmeee_v2_is_nested_more(tmp_path):
    path = tmp_path / "dev.spacy"
    convert_corpus("cmeee", [Path(os.environ["GPNER_DATA"]) / "cmeee-v2/CMeEE-V2_dev.json"], path)
    counts = count_files([path]).together
    assert (counts.documents, mean(counts.characters)) == (5_000, 54.08)
    total = counts.total
    assert round(total.nested / len(total), 3) == 0.306
