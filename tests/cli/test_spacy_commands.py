"""spaCy's own commands, with our component in the pipeline."""

import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest
import spacy
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_gpner.corpora.convert import convert_corpus

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
OVERRIDES = {
    "components.span_globalpointer.model.tok2vec.embed.width": 64,
    "components.span_globalpointer.model.tok2vec.embed.rows": [200, 500, 0],
    "components.span_globalpointer.model.dropout": 0.0,
    "components.span_globalpointer.model.tok2vec.encode.depth": 1,
    "components.span_globalpointer.model.tok2vec.encode.dropout": 0.0,
    "training.batcher.size": 400,
    "training.max_steps": 160,
    "training.eval_frequency": 80,
    "training.optimizer.learn_rate.total_steps": 160,
    "training.optimizer.learn_rate.initial_rate": 0.02,
    "training.optimizer.learn_rate.warmup_steps": 10,
}


def spacy_cli(*args):
    result = CliRunner().invoke(app, [str(arg) for arg in args])
    assert result.exit_code == 0, f"{args}\n{result.output}\n{result.exception!r}"
    return result.output


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A directory with a corpus and a model that `spacy train` has trained on it."""
    path = tmp_path_factory.mktemp("work")
    records = json.loads((ROOT / "assets" / "sample_train.json").read_text(encoding="utf-8"))
    (path / "corpus.json").write_text(json.dumps(records[:120]), encoding="utf-8")
    convert_corpus("cmeee", [path / "corpus.json"], path / "docs.spacy")
    overrides = [x for key, value in OVERRIDES.items() for x in (f"--{key}", value)]
    paths = ["--paths.train", path / "docs.spacy", "--paths.dev", path / "docs.spacy"]
    spacy_cli("train", ROOT / "configs" / "cpu.cfg", "--output", path, *paths, *overrides)
    return path


def test_train_learns(work):
    meta = json.loads((work / "model-best" / "meta.json").read_text(encoding="utf-8"))
    assert meta["performance"]["spans_sc_f"] > 0.3
    assert "span_globalpointer" in meta["labels"]
    assert len(spacy.load(work / "model-last").get_pipe("span_globalpointer").labels) == 9


def test_evaluate(work):
    spacy_cli("evaluate", work / "model-best", work / "docs.spacy", "--output", work / "metrics.json")
    metrics = json.loads((work / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["spans_sc_f"] > 0.3
    assert {"token_acc", "spans_sc_per_type", "spans_sc_nested_f", "spans_sc_flat_f"} < set(metrics)


def test_apply_and_export(work):
    spacy_cli("apply", work / "model-best", work / "docs.spacy", work / "predicted.spacy")
    nlp = spacy.load(work / "model-best")
    docs = list(DocBin().from_disk(work / "predicted.spacy").get_docs(nlp.vocab))
    spans = [span for doc in docs for span in doc.spans["sc"]]
    assert len(spans) == sum(len(doc.spans["sc"].attrs["scores"]) for doc in docs) > 10
    spacy_cli("gpner", "export", "cmeee", work / "predicted.spacy", work / "submission.json")
    exported = json.loads((work / "submission.json").read_text(encoding="utf-8"))
    assert sum(len(record["entities"]) for record in exported) == len(spans)


def test_package(work, monkeypatch):
    spacy_cli("package", work / "model-best", work, "--build", "none", "--name", "gpner_test", "--force")
    (package,) = work.glob("zh_gpner_test-*")
    # what the package's setup.py does when it is built
    shutil.copy(package / "meta.json", package / "zh_gpner_test")
    monkeypatch.syspath_prepend(str(package))
    nlp = importlib.import_module("zh_gpner_test").load()
    sys.modules.pop("zh_gpner_test")
    assert "spacy_gpner" in (package / "setup.py").read_text() + (package / "meta.json").read_text()
    assert nlp.pipe_names == ["span_globalpointer"]


def test_debug_data_and_config(work):
    paths = ["--paths.train", work / "docs.spacy", "--paths.dev", work / "docs.spacy"]
    spacy_cli("debug", "config", ROOT / "configs" / "cpu.cfg", *paths)
    spacy_cli("debug", "data", ROOT / "configs" / "cpu.cfg", *paths)


@pytest.mark.parametrize(
    "name", ["cpu", "transformer_base", "transformer_large", "transformer_large_globalpointer"]
)
def test_configs_are_complete(name, tmp_path):
    path = ROOT / "configs" / f"{name}.cfg"
    spacy_cli("init", "fill-config", path, tmp_path / "filled.cfg")
    assert load_config(path) == load_config(tmp_path / "filled.cfg")


def test_init_labels(work):
    paths = ["--paths.train", work / "docs.spacy", "--paths.dev", work / "docs.spacy"]
    spacy_cli("init", "labels", ROOT / "configs" / "cpu.cfg", work / "labels", *paths)
    labels = json.loads((work / "labels" / "span_globalpointer.json").read_text(encoding="utf-8"))
    assert labels == list(spacy.load(work / "model-best").get_pipe("span_globalpointer").labels)


@pytest.mark.filterwarnings("ignore:.*beyond max_spans")
def test_find_threshold(work):
    output = spacy_cli(
        "find-threshold", work / "model-best", work / "docs.spacy", "span_globalpointer", "threshold",
        "spans_sc_f", "--n_trials", 5,
    )  # fmt: skip
    assert "Best threshold" in output


def test_benchmark_speed(work):
    spacy_cli("benchmark", "speed", work / "model-best", work / "docs.spacy", "--batches", 30, "--warmup", 1)


def test_displacy_draws_the_spans(work):
    nlp = spacy.load(work / "model-best")
    docs = list(DocBin().from_disk(work / "docs.spacy").get_docs(nlp.vocab))
    doc = next(doc for doc in nlp.pipe(doc.text for doc in docs) if doc.spans["sc"])
    html = spacy.displacy.render(doc, style="span", jupyter=False)
    assert doc.spans["sc"][0].label_ in html


def test_pretrain_and_start_from_it(work):
    texts = [doc.text for doc in DocBin().from_disk(work / "docs.spacy").get_docs(spacy.blank("zh").vocab)]
    lines = [json.dumps({"text": text}) for text in texts]
    (work / "raw.jsonl").write_text("\n".join(lines), encoding="utf-8")
    spacy_cli("init", "fill-config", "--pretraining", ROOT / "configs" / "cpu.cfg", work / "pretrain.cfg")
    settings = {
        **OVERRIDES,
        "paths.train": str(work / "docs.spacy"),
        "paths.dev": str(work / "docs.spacy"),
        "paths.raw_text": str(work / "raw.jsonl"),
        "pretraining.max_epochs": 1,
        "pretraining.component": "span_globalpointer",
        "pretraining.layer": "tok2vec",
    }
    overrides = [x for key, value in settings.items() for x in (f"--{key}", value)]
    spacy_cli("pretrain", work / "pretrain.cfg", work / "pretrained", *overrides)
    weights = work / "pretrained" / "model-last.bin"
    settings["initialize.init_tok2vec"] = str(weights)
    nlp = init_nlp(load_config(work / "pretrain.cfg", overrides=settings))
    assert nlp.get_pipe("span_globalpointer").model.get_ref("tok2vec").to_bytes() == weights.read_bytes()
