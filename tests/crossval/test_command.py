"""`spacy gpner crossval`, from a config to the ensemble of its models."""

import shutil
from itertools import chain

import pytest
import spacy
import srsly
import torch
from filelock import FileLock
from safetensors import safe_open
from spacy.tokens import DocBin
from spacy.util import load_config

from spacy_gpner.calibration.candidates import find_candidates
from spacy_gpner.calibration.fit import calibrate
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.crossval.course import NAMING, CrossValidation, _named
from spacy_gpner.crossval.run import pool
from spacy_gpner.pipeline.find import find_pipe

from ..spans.oracle import dense_scores
from ..util import TRAIN, make_tiny_bert, save_docs

DATA = [
    (f"{i}号：{text}", [(start + 3, end + 3, label) for start, end, label in own])
    for i in range(4)
    for text, own in TRAIN
]
STEPS = ["--training.max_steps", 40, "--training.eval_frequency", 40, "--training.optimizer.learn_rate", 0.01]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    path = tmp_path_factory.mktemp("crossval")
    save_docs(path / "train.spacy", DATA)
    save_docs(path / "dev.spacy")
    return path


@pytest.fixture
def config(run, place, tmp_path):
    path = tmp_path / "config.cfg"
    assert run("init", "config", path, "--size", "small")[0] == 0
    return path


def crossval(run, config, place, output, *options, folds=3, train="train.spacy"):
    given = ["--paths.train", place / train, "--paths.dev", place / "dev.spacy", *STEPS]
    return run("crossval", config, "--output", output, "--folds", folds, *given, *options)


def walk(block):
    yield block
    for inner in block.values():
        if isinstance(inner, dict):
            yield from walk(inner)


def texts(path):
    return [doc.text for doc in DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)]


@pytest.fixture
def done(run, config, place, tmp_path):
    output = tmp_path / "folds"
    code, text = crossval(run, config, place, output)
    assert code == 0, text
    assert "the ensemble of 3 models" in text
    assert text.count("F1 on its own fold") == 3
    assert "out of fold" in text
    return output


@pytest.mark.slow
def test_each_model_learns_from_the_other_folds(done):
    folds = [texts(done / "folds" / f"{i}.spacy") for i in (1, 2, 3)]
    assert sorted(chain.from_iterable(folds)) == sorted(text for text, _ in DATA)
    for i in (1, 2, 3):
        rest = texts(done / "folds" / f"without-{i}.spacy")
        assert sorted(rest + folds[i - 1]) == sorted(text for text, _ in DATA)
        trained = spacy.load(done / f"model-{i}" / "model-best")
        assert trained.config["corpora"]["train"]["path"].endswith(f"without-{i}.spacy")
    assert texts(done / "out-of-fold.spacy") == [text for text, _ in DATA]


@pytest.mark.slow
def test_the_ensemble_is_one_calibrated_pipeline(done):
    nlp = spacy.load(done / "ensemble")
    pipe = find_pipe(nlp)
    assert nlp.pipe_names == ["span_globalpointer"]
    assert set(pipe.labels) == {label for _, own in TRAIN for *_, label in own}
    found = [bool(doc.spans["sc"]) for doc in nlp.pipe(text for text, _ in DATA)]
    assert sum(found) > len(found) / 2
    # Its scores are the mean of its members'
    members = [spacy.load(done / f"model-{i}" / "model-best") for i in (1, 2, 3)]
    docs = [nlp.make_doc(text) for text, _ in DATA[:4]]
    parts = [dense_scores(find_pipe(member).model.predict(docs)) for member in members]
    for own, *of_members in zip(dense_scores(pipe.model.predict(docs)), *parts, strict=True):
        torch.testing.assert_close(own, torch.stack(of_members).mean(0), atol=1e-4, rtol=1e-4)
    # What single models say of text that they have not seen calibrates them
    folds = [read_docs(done / "folds" / f"{i}.spacy")[0] for i in (1, 2, 3)]
    candidates = [find_candidates(*pair) for pair in zip(members, folds, strict=True)]
    setting = calibrate(pool(candidates))
    expected = dict(zip(pipe.labels, map(tuple, setting.calibration.tolist()), strict=True))
    assert pipe.calibration == expected
    assert pipe.threshold == setting.threshold


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(run, config, place, done):
    before = [(done / f"model-{i}" / "model-best" / "meta.json").stat().st_mtime_ns for i in (1, 2, 3)]
    weights = (done / "model-2" / "model-best" / "span_globalpointer" / "model").read_bytes()
    # As if it had been killed while the second model was trained
    (done / "model-2" / "trained.json").unlink()
    shutil.rmtree(done / "model-2" / "model-best")
    shutil.rmtree(done / "ensemble")
    code, text = crossval(run, config, place, done, "--seed", 1)
    assert code == 1
    assert "is of another seed. Give" in text
    code, text = crossval(run, config, place, done)
    assert code == 0, text
    assert "model-1 is done" in text
    assert "model-2 is done" not in text
    # One that was cut short is named, with what to do
    kept = (done / "model-3" / "model-best" / "span_globalpointer" / "model").read_bytes()
    (done / "model-3" / "model-best" / "span_globalpointer" / "model").write_bytes(kept[:100])
    code, text = crossval(run, config, place, done)
    assert code == 1
    assert str(done / "model-3" / "model-best") in "".join(text.split())
    assert f"Remove{done / 'model-3'}," in "".join(text.split())
    (done / "model-3" / "model-best" / "span_globalpointer" / "model").write_bytes(kept)
    after = [(done / f"model-{i}" / "model-best" / "meta.json").stat().st_mtime_ns for i in (1, 2, 3)]
    assert (before[0], before[2]) == (after[0], after[2])
    assert before[1] != after[1]
    assert (done / "model-2" / "model-best" / "span_globalpointer" / "model").read_bytes() == weights
    assert spacy.load(done / "ensemble")


def test_other_queries_in_the_same_file(run, place, tmp_path):
    path, output = tmp_path / "config.cfg", tmp_path / "out"
    bert = make_tiny_bert(tmp_path / "bert", [text for text, _ in DATA])
    options = [
        "--component",
        "span_mrc",
        "--size",
        "transformer",
        "--transformer",
        bert,
        "--queries",
        tmp_path / "queries.yml",
    ]
    queries = {label: label for _, own in DATA for *_, label in own}
    srsly.write_yaml(tmp_path / "queries.yml", queries)
    code, text = run("init", "config", path, *options, "--queries", tmp_path / "queries.yml")
    assert code == 0, text
    paths = {f"paths.{part}": str(place / f"{part}.spacy") for part in ("train", "dev")}
    task = CrossValidation(load_config(path, overrides=paths), output, 3, 1, 0)
    before = task.identity
    # A label called as a setting is, whose query is no path
    given = {"components": {"span_mrc": {"queries": {"name": "长" * 300, "path": "."}}}}
    assert not list(_named(given, NAMING))
    for change in (
        lambda: srsly.write_yaml(tmp_path / "queries.yml", {**queries, "bod": "部位"}),
        (tmp_path / "queries.yml").unlink,
    ):
        change()
        after = task.identity
        expected = f"content of {tmp_path / 'queries.yml'}"
        assert [name for name in before if before[name] != after[name]] == [expected]
        before = after


@pytest.mark.slow
def test_models_share_the_vectors_of_a_frozen_encoder(run, place, tmp_path):
    path, output, vectors = tmp_path / "config.cfg", tmp_path / "out", tmp_path / "vectors.safetensors"
    bert = make_tiny_bert(tmp_path / "bert", [text for text, _ in DATA], n_layers=12)
    assert run("init", "config", path, "--size", "frozen", "--transformer", bert)[0] == 0
    config = load_config(path)
    caches = [block["cache"] for block in walk(config["components"]) if "cache" in block]
    caches[0]["path"] = str(vectors)
    config.to_disk(path)
    code, text = crossval(run, path, place, output, "--training.max_steps", 1)
    assert code == 0, text
    with safe_open(vectors, framework="numpy") as file:
        assert len(file.get_tensor("digests")) == len(DATA)


@pytest.mark.slow
def test_folds_that_were_changed(run, config, place, done):
    (done / "folds" / "1.spacy").write_bytes((place / "dev.spacy").read_bytes())
    code, text = crossval(run, config, place, done)
    assert code == 1
    assert "no longer those that models were trained without" in text


@pytest.mark.slow
def test_the_folds_teach_a_student(run, config, place, done, tmp_path):
    folds = srsly.json_dumps([str(done / "folds" / f"{i}.spacy") for i in (1, 2, 3)])
    given = ["--paths.train", place / "train.spacy", "--paths.dev", place / "dev.spacy"]
    options = ["--distillation.folds", folds, "--distillation.max_steps", 2]
    code, text = run("distill", done / "ensemble", config, "--output", tmp_path / "out", *given, *options)
    assert code == 0, text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("component", "size"),
    [("span_globalpointer", "frozen"), ("span_crf", "frozen"), ("span_mrc", "transformer")],
)
@pytest.mark.filterwarnings("ignore:.*There are no queries:spacy_gpner.errors.GpnerWarning")
def test_other_pipelines(run, place, tmp_path, component, size):
    config, bert = tmp_path / "config.cfg", make_tiny_bert(tmp_path / "bert", [text for text, _ in DATA])
    options = ["--component", component, *(["--by-type"] if component == "span_crf" else [])]
    code, text = run("init", "config", config, "--size", size, "--transformer", bert, *options)
    assert code == 0, text
    # Left to the data, a window would be another in each fold
    code, text = crossval(
        run, config, place, tmp_path / "out", f"--components.{component}.window", "auto", folds=2
    )
    assert code == 0, text
    pipe = find_pipe(spacy.load(tmp_path / "out" / "ensemble"))
    assert isinstance(pipe.cfg["window"], int)


def test_a_label_of_one_fold(run, config, place, tmp_path):
    save_docs(place / "rare.spacy", [*DATA, ("另有：罕见", [(3, 5, "rare")])])
    code, text = crossval(run, config, place, tmp_path / "out", "--training.max_steps", 1, train="rare.spacy")
    assert code == 0, text
    assert "a model learns nothing of it: rare (model" in text
    assert "rare" in find_pipe(spacy.load(tmp_path / "out" / "ensemble")).labels


def test_what_can_not_be_done(run, config, place, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("kept")
    save_docs(place / "none.spacy", [("无", []), ("有", []), ("也无", [])])
    save_docs(place / "unlabelled.spacy", [(text, None) for text, _ in DATA])
    few = save_docs(place / "few.spacy", DATA[:2])
    for output, options, message in (
        (other, {}, "holds something else"),
        (tmp_path / "new", {"train": "few.spacy"}, "2 documents, or groups"),
        (tmp_path / "new", {"train": "gone.spacy"}, "names no .spacy file"),
        (tmp_path / "new", {"train": "unlabelled.spacy"}, "spans"),
    ):
        code, text = crossval(run, config, place, output, **options)
        assert code == 1, text
        assert message in text
    assert not (tmp_path / "new" / "crossval.json").exists()
    (other / "folds").mkdir()
    (other / "notes.txt").replace(other / "folds" / "notes.txt")
    assert "holds something else" in crossval(run, config, place, other)[1]
    (other / "folds" / "notes.txt").replace(other / "notes.txt")
    wrong = ("--components.span_globalpointer.threshold", 3)
    code, text = crossval(run, config, place, tmp_path / "new", *wrong)
    assert code == 1
    assert "The pipeline of the config can't be made: " in text
    assert "threshold" in text
    assert (other / "notes.txt").read_text() == "kept"
    assert few.is_file()
    code, text = crossval(run, config, place, tmp_path / "new", "--paths.dev", tmp_path / "none.spacy")
    assert code == 1
    assert "[corpora.dev] names no .spacy file" in text
    assert not (tmp_path / "new").exists()
    code, text = crossval(run, config, place, tmp_path / "new", folds=1)
    assert code == 2


def test_folds_that_were_not_finished(run, config, place, tmp_path):
    output = tmp_path / "out"
    (output / "folds").mkdir(parents=True)
    (output / "folds" / "1.spacy").write_bytes(b"half")
    code, text = crossval(run, config, place, output, "--training.max_steps", 1)
    assert code == 0, text


def test_another_crossval_of_the_directory(run, config, place, tmp_path):
    output = tmp_path / "out"
    with FileLock(tmp_path / ".out.lock"):
        code, text = crossval(run, config, place, output)
    assert code == 1
    assert "is being written" in text
    output.mkdir()
    state = {"identity": {"seed": "3"}, "config": "", "spans_key": "sc", "fold_of": [], "folds": []}
    srsly.write_json(output / "crossval.json", state)
    code, text = crossval(run, config, place, output)
    assert code == 1
    assert "is of another seed. Give" in text
    (output / "crossval.json").write_text("{")
    code, text = crossval(run, config, place, output)
    assert code == 1
    assert "crossval.json is damaged" in text
