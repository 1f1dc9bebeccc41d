"""`spacy gpner distill` from the command line: what a user can get wrong."""

import shutil

import pytest
import spacy
from spacy.util import load_config

from ..distillation.conftest import config_path, corpus, teacher_path  # noqa: F401


@pytest.fixture
def distill(run, teacher_path, config_path, tmp_path):  # noqa: F811
    def command(*args, teacher=teacher_path, config=config_path):
        return run("distill", teacher, config, "--output", tmp_path / "out", *args)

    return command


def test_runs(distill, tmp_path):
    code, text = distill("--distillation.max_steps", 3, "--distillation.linkage", "null")
    assert code == 0, text
    assert "Saved pipeline" in text
    spacy.load(tmp_path / "out" / "model-last")


@pytest.mark.parametrize(
    ("override", "value", "message"),
    [
        ("loss.temperature", 0, "temperature"),
        ("loss.alpha", -1, "alpha"),
        ("loss.divergence", "euclid", "divergence"),
        ("loss.alfa", 1, "alfa not a section value"),
        ("temperature", 1, "temperature extra fields not permitted"),
        ("max_steps", "many", "max_steps"),
        ("corpus", "corpora.other", "other"),
        ("corpus", "null", "Nothing to learn from"),
        ("linkage.@architectures", "spacy-gpner.Chain.v1", "spacy-gpner.Chain.v1"),
        ("linkage.detached", "true", "detached"),
        ("linkage.dropout", 1.5, "Invalid dropout of the linkage: 1.5"),
    ],
)
def test_wrong_settings(distill, tmp_path, override, value, message):
    code, text = distill(f"--distillation.{override}", value)
    assert code == 1, text
    assert message in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("max_steps", "Give --distillation.max_steps"),
        ("optimizer.learn_rate", "Give --distillation.optimizer.learn_rate"),
    ],
)
def test_settings_of_training_that_would_have_no_effect(distill, tmp_path, key, remedy):
    code, text = distill(f"--training.{key}", 1)
    assert code == 1
    assert f"--training.{key} has no effect" in text
    assert remedy in text
    assert not (tmp_path / "out").exists()


def test_settings_of_training_that_distillation_refers_to(distill, config_path, tmp_path):  # noqa: F811
    config = load_config(config_path)
    config["distillation"]["max_steps"] = "${training.max_steps}"
    config.to_disk(tmp_path / "student.cfg")
    code, text = distill("--training.max_steps", 1, config=tmp_path / "student.cfg")
    assert code == 0, text


@pytest.mark.parametrize("name", ["model-best", "model-last"])
def test_teacher_that_would_be_replaced(distill, teacher_path, name, tmp_path):  # noqa: F811
    inside = tmp_path / "out" / name
    inside.parent.mkdir()
    shutil.copytree(teacher_path, inside)
    (tmp_path / "link").symlink_to(inside)
    before = sorted(tmp_path.rglob("*"))
    for teacher in (inside, tmp_path / "link"):
        code, text = distill(teacher=teacher)
        assert code == 1
        assert f"The pipeline {teacher} is {inside}, or lies in it" in text
        assert "Give another output" in text
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_block_and_key(distill, config_path, tmp_path):  # noqa: F811
    path = tmp_path / "student.cfg"
    for change, message in (
        (lambda block: block["loss"].update(alfa=1), "alfa extra fields not permitted"),
        (lambda block: block.pop("max_steps"), "max_steps"),
        (lambda block: block.clear(), "no [distillation] block"),
    ):
        config = load_config(config_path)
        config["distillation"]["loss"] = {}
        change(config["distillation"])
        if not config["distillation"]:
            del config["distillation"]
        config.to_disk(path)
        code, text = distill(config=path)
        assert code == 1
        assert message in text


def test_teacher_that_is_no_pipeline(distill, tmp_path):
    for path in (tmp_path, tmp_path / "gone"):
        code, text = distill(teacher=path)
        assert code == 1
        assert str(path) in text.replace(" ", "") or path.name in text


def test_teacher_that_is_the_output_of_a_training(distill, tmp_path):
    (tmp_path / "model-best").mkdir()
    code, text = distill(teacher=tmp_path)
    assert code == 1
    assert "model-best" in text
