"""Anything that learns can be interrupted, and ends as if it had not been."""

import io
from types import SimpleNamespace

import numpy
import pytest
from spacy.training.loggers import console_logger_v3
from thinc.api import SGD, Adam, Optimizer, RAdam, decaying

from spacy_gpner.errors import DivergedError, TrainingError
from spacy_gpner.training.course import Pace
from spacy_gpner.training.lazy_adam import create_lazy_adam
from spacy_gpner.training.loop import run
from spacy_gpner.training.torch_optimizer import create_torch_optimizer

from .line import Killed, Line, SlowWeights, quiet

OPTIMIZERS = {
    "sgd": lambda: SGD(0.01),
    "adam": lambda: Adam(0.01, use_averages=False),
    "schedule": lambda: Adam(decaying(0.02, 0.1), L2=0.01),
    "radam": lambda: RAdam(0.01),
    "lazy": lambda: create_lazy_adam(0.01),
    "torch": lambda: create_torch_optimizer("RAdam", 0.01, lookahead=3),
    "slow weights": lambda: SlowWeights(0.01),
}


def draw(course, output, **kwargs):
    kwargs = {"logger": quiet, "say": lambda text: None, **kwargs}
    return run(course, output, **kwargs)


def kill(output, optimizer, at):
    with pytest.raises(Killed):
        draw(Line(optimizer, killed_at=at), output)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_killed_and_resumed(tmp_path, name):
    make = OPTIMIZERS[name]
    whole = Line(make())
    assert draw(whole, tmp_path / "whole")
    kill(tmp_path / "killed", make(), 7)
    # the first one after it is killed before it has a checkpoint of its own
    for at in (7, 16):
        with pytest.raises(Killed):
            draw(Line(make(), killed_at=at), tmp_path / "killed", resume=True)
    resumed = Line(make())
    assert draw(resumed, tmp_path / "killed", resume=True)
    assert resumed.steps == whole.steps[-len(resumed.steps) :]
    for ours, theirs in zip(resumed.weights(), whole.weights(), strict=True):
        numpy.testing.assert_array_equal(ours, theirs)
    for kind in ("model-best", "model-last"):
        ours, theirs = (tmp_path / run / kind / "line" for run in ("killed", "whole"))
        assert ours.read_bytes() == theirs.read_bytes()
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {
        "model-best",
        "model-last",
        "drawn.json",
    }


def test_what_is_done_is_left_alone(tmp_path):
    assert draw(Line(Adam(0.01)), tmp_path)
    again = Line(Adam(0.01))
    assert not draw(again, tmp_path, resume=True)
    assert not again.steps
    assert draw(Line(Adam(0.01), colour="red"), tmp_path, resume=True)
    assert draw(Line(Adam(0.01)), tmp_path)


def test_what_was_interrupted_is_not_lost(tmp_path):
    kill(tmp_path, Adam(0.01), 7)
    with pytest.raises(TrainingError, match=r"interrupted run \(checkpoint-5\). Give --resume"):
        draw(Line(Adam(0.01)), tmp_path)
    with pytest.raises(TrainingError, match=r"checkpoint-5 is of another run \(different: colour\)"):
        draw(Line(Adam(0.01), colour="red"), tmp_path, resume=True)
    assert (tmp_path / "checkpoint-5").is_dir()


def test_what_killed_processes_left_is_removed(tmp_path):
    kill(tmp_path, Adam(0.01), 7)
    for name in (".checkpoint-1.old", f".checkpoint-9.{2**30}.tmp", f".model-best.{2**30}.tmp"):
        (tmp_path / name / "course").mkdir(parents=True)
    draw(Line(Adam(0.01)), tmp_path, resume=True)
    assert not list(tmp_path.glob(".*"))


def test_nothing_to_resume(tmp_path):
    said = []
    draw(Line(Adam(0.01)), tmp_path / "new", resume=True, say=said.append)
    assert said == [f"No checkpoint in {tmp_path / 'new'}: starting from the beginning"]


def test_a_logger_gets_what_spacys_loop_gives(tmp_path):
    infos, finalized = [], []
    draw(Line(Adam(0.01)), tmp_path, logger=lambda: (infos.append, lambda: finalized.append(True)))
    assert finalized == [True]
    assert len(infos) == 21
    told = [info for info in infos if info is not None]
    assert [info["step"] for info in told] == [0, 4, 8, 12, 16, 20]
    assert [info["epoch"] for info in told] == [0, 1, 2, 4, 5, 6]
    assert [info["words"] for info in told] == [2 * 4 * (step + 1) for step in (0, 4, 8, 12, 16, 20)]
    assert [info["score"] for info in told] == [score for score, _ in told[-1]["checkpoints"]]
    assert all(info["other_scores"] == {"losses seen": 1} for info in told)
    assert set(told[0]) == {
        "epoch", "step", "score", "other_scores", "losses", "checkpoints", "seconds", "words",
    }  # fmt: skip


def test_a_logger_is_closed_when_a_step_fails(tmp_path):
    finalized = []
    with pytest.raises(Killed):
        draw(
            Line(Adam(0.01), killed_at=0),
            tmp_path,
            logger=lambda: (lambda info: None, lambda: finalized.append(True)),
        )
    assert finalized == [True]


@pytest.mark.parametrize(
    ("pace", "last"),
    [
        (Pace(eval_frequency=1, max_steps=3), 3),
        (Pace(eval_frequency=5, max_steps=3), 3),
        (Pace(eval_frequency=1, patience=2), 2),
        (Pace(eval_frequency=2, max_steps=1, patience=9), 1),
        (Pace(eval_frequency=100), 299),
    ],
)
def test_pace(tmp_path, pace, last):
    course = Line(SGD(0.0, use_averages=False), pace=pace)
    draw(course, tmp_path)
    assert course.steps[-1][0] == last


@pytest.mark.parametrize("use_averages", [True, False])
def test_what_is_scored_and_saved_are_the_averages(tmp_path, use_averages):
    course = Line(Adam(0.05, use_averages=use_averages))
    draw(course, tmp_path)
    last, own = course.evaluated[-1][0], course.weights()[0]
    assert (last == own).all() != use_averages
    saved = Line(Adam(0.05))
    saved.from_disk(tmp_path / "model-last")
    numpy.testing.assert_array_equal(saved.weights()[0], last)


def test_a_loss_that_is_not_finite(tmp_path):
    course = Line(Adam(0.01))

    def diverge(*args, **kwargs):
        raise DivergedError("line", float("nan"))

    course.step = diverge
    with pytest.raises(TrainingError, match=r"Step 0: \[line\] The loss is nan.*another\.$"):
        draw(course, tmp_path)


def test_an_optimizer_that_keeps_what_no_checkpoint_can_hold(tmp_path):
    class Notes(Optimizer):
        def __init__(self):
            super().__init__(0.01)
            self.notes = {}

        def __call__(self, key, weights, gradient, *, lr_scale=1.0):
            self.notes[key] = "moved"
            return super().__call__(key, weights, gradient, lr_scale=lr_scale)

    with pytest.raises(TrainingError, match="can't hold what Notes keeps as 'notes'"):
        draw(Line(Notes()), tmp_path)
    assert not list(tmp_path.glob("*checkpoint*"))


def test_spacys_console_logger(tmp_path):
    """Whatever takes spaCy's `info` can be the logger."""
    out = io.StringIO()
    printer = console_logger_v3()

    config = {"training": {"max_steps": 20, "eval_frequency": 4, "score_weights": {"losses seen": 0.0}}}
    nlp = SimpleNamespace(pipeline=[], config=config)
    draw(Line(Adam(0.01)), tmp_path, logger=lambda: printer(nlp, out, io.StringIO()))
    assert len(out.getvalue().splitlines()) == 2 + 6
