"""A pipeline that learns as `spacy train` lets it, and can be interrupted."""

import io
import shutil

import pytest
import spacy
from spacy.schemas import ConfigSchemaTraining
from spacy.training.initialize import init_nlp
from spacy.training.loop import train as spacy_train
from spacy.util import registry, resolve_dot_names
from thinc.api import Config

from spacy_gpner.errors import TrainingError
from spacy_gpner.training.loop import run
from spacy_gpner.training.pipeline import PipelineCourse

from ..distillation.conftest import config, config_path, corpus, senter  # noqa: F401
from ..util import TINY_CNN
from .line import Killed
from .weights import assert_same_weights

SHARED = {
    "@architectures": "spacy.Tok2VecListener.v1",
    "width": TINY_CNN["width"],
    "upstream": "*",
}


def make_course(config, out=None):  # noqa: F811
    nlp = init_nlp(Config(config))
    resolved = nlp.config.interpolate()
    training = registry.resolve(resolved["training"], schema=ConfigSchemaTraining)
    train, dev = resolve_dot_names(resolved, [training["train_corpus"], training["dev_corpus"]])
    streams = {"stdout": out or io.StringIO(), "stderr": io.StringIO()}
    return PipelineCourse(nlp=nlp, training=training, corpus=train, dev_corpus=dev, identity={}, **streams)


def learn(course, output, **kwargs):
    return run(course, output, logger=course.open_logger, say=course.say, **kwargs)


@pytest.fixture
def with_others(config, senter):  # noqa: F811
    """Ours on a shared encoder, beside a frozen component whose annotations are set."""
    config["nlp"]["pipeline"] = ["tok2vec", "senter", "span_globalpointer"]
    config["components"]["tok2vec"] = {"factory": "tok2vec", "model": TINY_CNN}
    config["components"]["senter"] = {"source": str(senter)}
    config["components"]["span_globalpointer"]["model"]["tok2vec"] = SHARED
    config["training"]["frozen_components"] = ["senter"]
    config["training"]["annotating_components"] = ["senter"]
    config["training"]["accumulate_gradient"] = 2
    return config


@pytest.fixture(params=["alone", "with_others"])
def any_config(request, config):  # noqa: F811
    return request.getfixturevalue("with_others") if request.param == "with_others" else config


def test_it_is_spacy_train(any_config, tmp_path):
    course = make_course(any_config, io.StringIO())
    assert learn(course, tmp_path / "ours")
    trained, out = init_nlp(Config(any_config)), io.StringIO()
    (tmp_path / "spacys").mkdir()
    spacy_train(trained, tmp_path / "spacys", stdout=out, stderr=io.StringIO())
    assert_same_weights(course.nlp, trained)
    for name in ("model-best", "model-last"):
        ours, theirs = (spacy.load(tmp_path / run / name) for run in ("ours", "spacys"))
        assert_same_weights(ours, theirs)
        assert ours.meta["performance"] == theirs.meta["performance"]
    # but for spaCy's own lines around it, the table is the same
    assert course.stdout.getvalue() in out.getvalue()


def test_killed_and_resumed(any_config, tmp_path, monkeypatch):
    whole = make_course(any_config)
    learn(whole, tmp_path / "whole")
    killed = make_course(any_config)

    def before_update(nlp, args):
        if args["step"] == 13:
            raise Killed

    killed.training["before_update"] = before_update
    with pytest.raises(Killed):
        learn(killed, tmp_path / "killed")
    (checkpoint,) = (tmp_path / "killed").glob("checkpoint-*")
    assert checkpoint.name == "checkpoint-11"
    assert not (checkpoint / "course" / "pipeline" / "senter").exists()
    resumed = make_course(any_config)
    assert learn(resumed, tmp_path / "killed", resume=True)
    assert_same_weights(whole.nlp, resumed.nlp)
    for name in ("model-best", "model-last"):
        ours, theirs = (spacy.load(tmp_path / run / name) for run in ("killed", "whole"))
        assert_same_weights(ours, theirs)
        assert ours.meta["performance"] == theirs.meta["performance"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: shutil.rmtree(path),
        lambda path: shutil.rmtree(path / "span_globalpointer"),
        lambda path: (path / "span_globalpointer" / "model").write_bytes(b""),
        lambda path: (path / "span_globalpointer" / "cfg").write_text("[]"),
        lambda path: (path / "span_globalpointer" / "cfg").write_text('{"labels": ["sym"], "changed": {}}'),
        lambda path: (path / "meta.json").write_text("{"),
        lambda path: (path / "vocab" / "strings.json").write_text("{"),
    ],
    ids=["gone", "without the component", "weights", "settings", "labels", "meta", "strings"],
)
def test_damaged_pipeline(config, tmp_path, damage):  # noqa: F811
    config["training"]["max_steps"] = 1
    course = make_course(config)
    course.save = lambda directory: None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spacy_gpner.training.loop.finish", lambda *args: None)
        learn(course, tmp_path)
    damage(tmp_path / "checkpoint-1" / "course" / "pipeline")
    with pytest.raises(TrainingError, match=r"checkpoint-1 \(.*Remove it to start from the beginning"):
        learn(make_course(config), tmp_path, resume=True)
