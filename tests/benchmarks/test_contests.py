"""The contests: that both sides compute the same, and that what is measured reaches the tables."""

import json

import pytest
import torch
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.contest import Contestant, compete
from benchmarks.crf import is_token, loop_best, loop_loss, make_package, make_scores, padded
from benchmarks.dense import dense_labels, dense_loss, dense_scores
from benchmarks.head import make_gold, make_head
from benchmarks.tables import BEGIN, END, markdown, update_page
from spacy_gpner.spans import TagSet, Window, zlpr_loss
from spacy_gpner.spans.chain import best_paths, log_partition, score_paths

GIVEN = {"task": "step", "head": "efficient", "lengths": [12, 5], "n_types": 3, "window": 4}
LENGTHS = [9, 1, 14]


@pytest.mark.parametrize("head", ["efficient", "globalpointer", "biaffine"])
@pytest.mark.parametrize("width", [4, None])
def test_the_opponent_has_the_same_loss(head, width):
    window = Window(width)
    module = make_head(head, 3).double()
    vectors = torch.randn(sum(LENGTHS), 256, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    factors = module(vectors, LENGTHS)
    gold = make_gold(LENGTHS, 3, window)
    dense = dense_loss(dense_scores(factors, window), dense_labels(factors, gold))
    torch.testing.assert_close(zlpr_loss(factors, gold, window), dense)


@pytest.mark.parametrize("by_type", [False, True])
def test_opponents_of_chains_compute_the_same(by_type):
    lengths = [5, 3, 9, 1]
    scores = make_scores(lengths, 2, TagSet("bioes", by_type))
    scores = scores.with_tensors(*(x.double() for x in scores.tensors))
    gold = loop_best(scores)
    assert gold.tolist() == best_paths(scores.chain).tolist()
    ours = (log_partition(scores.chain) - score_paths(scores.chain, gold)).mean()
    torch.testing.assert_close(loop_loss(scores, gold), ours)
    pytest.importorskip("torchcrf")
    inside = is_token(lengths)
    package = [
        -crf(padded(scores.emissions, lengths)[:, :, c], padded(gold, lengths)[:, :, c], inside, "mean")
        for c, crf in enumerate(make_package(scores))
    ]
    torch.testing.assert_close(sum(package) / len(package), ours)


@pytest.mark.parametrize("task", ["loss", "best"])
def test_chains_are_timed(task):
    given = {"task": task, "by_type": True, "lengths": [4, 4], "n_types": 2}
    contestants = [Contestant(x, "benchmarks.crf:prepare", {"form": x, **given}) for x in ("ours", "loop")]
    assert len(compete(contestants, rounds=1, threads=1, device="cpu")) == 2


def test_contestants_run_in_turns():
    contestants = [
        Contestant(form, "benchmarks.head:prepare", {"form": form, **GIVEN}) for form in ("factors", "dense")
    ]
    results = compete(contestants, rounds=2, threads=1, device="cpu")
    assert [(result.name, len(result.seconds)) for result in results] == [("factors", 2), ("dense", 2)]
    assert all(result.median > 0 for result in results)


def test_a_contestant_that_fails_says_so():
    broken = Contestant("dense", "benchmarks.head:prepare", {"form": "dense", **GIVEN, "window": 0})
    with pytest.raises(RuntimeError, match="dense: ValueError: Invalid window"):
        compete([broken], rounds=1, threads=1, device="cpu")


def test_tables(tmp_path):
    contest = {
        "group": "head",
        "setting": "8 tokens",
        "note": "dense scores: 9 GiB a tensor",
        "machine": "a machine",
        "results": [
            {"name": "factors", "seconds": [0.001, 0.002, 0.003], "memory": 2**20},
            {"name": "dense", "seconds": [0.01, 0.02, 0.06], "memory": None},
        ],
    }
    (tmp_path / "results.json").write_text(json.dumps([contest]), encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["page", str(tmp_path / "results.json"), str(page)])
    assert result.exit_code == 0, result.output
    written = page.read_text(encoding="utf-8")
    assert written == f"before\n{BEGIN}\n\n{markdown([contest])}\n\n{END}\nafter\n"
    assert "| 8 tokens | factors | 2.0 | 1.0 to 3.0 | 1 | 1 |" in written
    assert "|  | dense | 20.0 | 10.0 to 60.0 | 10.00 |  |" in written
    with pytest.raises(ValueError, match="no marks"):
        update_page(tmp_path / "results.json", "")


def test_unknown_group_and_missing_corpus(tmp_path):
    result = CliRunner().invoke(app, ["run", "heads"])
    assert result.exit_code == 1
    assert "Unknown: heads" in result.output
    result = CliRunner().invoke(app, ["run", "pipeline", "--corpus", str(tmp_path)])
    assert result.exit_code == 1
    assert "prepare_corpus.py" in result.output


def test_bad_input(tmp_path):
    (tmp_path / "damaged.json").write_text('[{"group": ', encoding="utf-8")
    (tmp_path / "other.json").write_text('{"group": 1}', encoding="utf-8")
    for command, words in (
        (["run", "student", "--corpus", "tests"], "Not there"),
        (["run", "head", "--only", "nothing"], "No contest"),
        (["run", "head", "--output", str(tmp_path / "damaged.json")], "holds no results"),
        (["run", "head", "--output", str(tmp_path / "other.json")], "holds no results"),
        (["page", str(tmp_path / "other.json"), "README.md"], "holds no results"),
    ):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 1
        assert words in " ".join(result.output.split())


def test_a_model_that_is_not_there(tmp_path):
    for part in ("train", "dev"):
        (tmp_path / f"{part}.spacy").touch()
    command = ["run", "student", "--corpus", str(tmp_path), "--model", f"full={tmp_path / 'none'}"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "full: PipelineError" in result.output
    result = CliRunner().invoke(app, [*command[:-1], str(tmp_path)])
    assert result.exit_code == 1
    assert "--model NAME=DIR" in result.output
