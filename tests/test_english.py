"""Nested entities in English, in words, through all that can be done with a pipeline."""

import json

import pytest
import spacy
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.util import load_config
from typer.testing import CliRunner

from .english import LABELS, make_sentences, write_sentences

pytestmark = pytest.mark.slow


def spacy_cli(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, f"{args}\n{result.output}\n{result.exception!r}"
    return result.output


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A corpus, a config that is fitted to it, and what `spacy train` makes of them."""
    path = tmp_path_factory.mktemp("english")
    for name, n, seed in (("train", 500, 0), ("dev", 60, 1)):
        write_sentences(path / f"{name}.json", n, seed)
        spacy_cli("gpner", "convert", "cmeee", path / f"{name}.json", path / f"{name}.spacy", "--lang", "en")
    corpora = ["--train", path / "train.spacy", "--dev", path / "dev.spacy"]
    spacy_cli("gpner", "init", "config", path / "small.cfg", "--lang", "en", "--size", "small", *corpora)
    spacy_cli("train", path / "small.cfg", "--output", path / "trained", *STEPS)
    return path


STEPS = [
    *("--training.max_steps", 150, "--training.eval_frequency", 150),
    *("--training.optimizer.learn_rate.total_steps", 150, "--training.optimizer.learn_rate.warmup_steps", 20),
    *("--distillation.max_steps", 60, "--distillation.optimizer.learn_rate.total_steps", 60),
    *("--distillation.optimizer.learn_rate.warmup_steps", 10),
]


def measure(work, model):
    """F1 of all and of the nested entities of the dev part."""
    output = work / "metrics" / f"{model.name}.json"
    output.parent.mkdir(exist_ok=True)
    spacy_cli("evaluate", model, work / "dev.spacy", "--output", output)
    found = json.loads(output.read_text(encoding="utf-8"))
    return found["spans_sc_f"], found["spans_sc_nested_f"]


def test_sentences_are_nested_and_made_of_words():
    sentences = make_sentences(200)
    assert sentences == make_sentences(200)
    assert sentences != make_sentences(200, seed=1)
    nlp = spacy.blank("en")
    deepest = 0
    for text, spans in sentences:
        doc = nlp(text)
        assert all(doc.char_span(start, end, label=label) for start, end, label in spans), text
        for start, end, _ in spans:
            deepest = max(deepest, sum(a <= start and end <= b for a, b, _ in spans))
    assert {label for _, spans in sentences for *_, label in spans} == LABELS
    assert deepest == 3


def test_config_is_of_words(work):
    config = load_config(work / "small.cfg")
    component = config["components"]["span_globalpointer"]
    assert config["nlp"]["lang"] == "en"
    assert component["window"] == 8
    assert component["model"]["tok2vec"]["embed"]["@architectures"] == "spacy.MultiHashEmbed.v2"
    assert set(config["initialize"]["components"]["span_globalpointer"]["labels"]) == LABELS


def test_learns(work):
    assert min(measure(work, work / "trained" / "model-best")) > 0.9


def test_evaluates(work):
    output = work / "evaluation"
    arguments = [work / "trained" / "model-best", work / "dev.spacy", "--output", output]
    spacy_cli("gpner", "evaluate", *arguments, "--train", work / "train.spacy")
    assert "<html" in (output / "report.html").read_text(encoding="utf-8")
    assert json.loads((output / "metrics.json").read_text(encoding="utf-8"))


def test_visualizes(work):
    predicted = work / "predicted.spacy"
    spacy_cli("apply", work / "trained" / "model-best", work / "dev.spacy", predicted, "--force")
    spacy_cli("gpner", "visualize", predicted, work / "page.html", "--gold", work / "dev.spacy")
    page = (work / "page.html").read_text(encoding="utf-8")
    assert "protein" in page
    docs = list(DocBin().from_disk(predicted).get_docs(spacy.blank("en").vocab))
    assert len(docs) == 60


@pytest.mark.parametrize("linkage", [[], ["--distillation.linkage", "null"]], ids=["linked", "traditional"])
def test_distils(work, linkage):
    output = work / f"student-{len(linkage)}"
    arguments = [work / "trained" / "model-best", work / "small.cfg", "--output", output]
    spacy_cli("gpner", "distill", *arguments, *STEPS, *linkage)
    assert min(measure(work, output / "model-last")) > 0.8


def test_calibrates(work):
    output = work / "calibrated"
    spacy_cli("gpner", "calibrate", work / "trained" / "model-best", work / "dev.spacy", output)
    assert min(measure(work, output)) > 0.9


def test_compacts(work):
    pytest.importorskip("onnxruntime")
    output = work / "compact"
    spacy_cli("gpner", "compact", work / "trained" / "model-best", output, "--corpus", work / "dev.spacy")
    assert min(measure(work, output)) > 0.85
