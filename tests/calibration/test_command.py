"""`calibrate`: what it writes and prints, and what it refuses."""

import math
import shutil

import pytest
import spacy
import srsly
from spacy.tokens import DocBin
from spacy.training import Example

from spacy_gpner import loading
from spacy_gpner.errors import GpnerWarning
from spacy_gpner.outputs import CARD_MARK

from ..util import TRAIN, blank, make_examples

NAME = "span_globalpointer"
# with some that can't be found
GOLD = [*TRAIN * 3, ("无特殊不适", [(1, 3, "sym"), (0, 5, "dru")])]


def write(path, data, nlp=None, key="sc"):
    docs = [eg.reference for eg in make_examples(nlp or blank(), data, key)]
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.fixture
def corpus(tmp_path):
    return write(tmp_path / "gold.spacy", GOLD)


def test_calibrates(run, full, corpus, tmp_path):
    output = tmp_path / "out"
    code, text = run("calibrate", full, corpus, output)
    assert code == 0, text
    few = "gold spans are too few to calibrate on"
    for words in ("candidates", "slope", "offset", "ECE", "F1", "bod", "sym", "all", few, "calibrated, with"):
        assert words in text
    nlp = spacy.load(output)
    pipe = nlp.get_pipe(NAME)
    assert set(pipe.calibration) == set(pipe.labels)
    assert nlp.config["components"][NAME]["threshold"] == pipe.threshold != 0.5
    # what the table says is what comes out
    examples = [Example(nlp(eg.reference.text), eg.reference) for eg in make_examples(nlp, GOLD)]
    assert f"{100 * pipe.score(examples)['spans_sc_f']:.2f}" in text
    # a threshold given later holds for all labels, though it be the one that the model had
    other = spacy.load(output, config={"components": {NAME: {"threshold": 0.5}}}).get_pipe(NAME)
    assert (other.threshold, other.thresholds) == (0.5, None)
    assert other.calibration == pipe.calibration
    # over the first, and from the first: the same comes out
    assert run("calibrate", full, corpus, output)[0] == 0
    assert run("calibrate", output, corpus, tmp_path / "again")[0] == 0
    again = spacy.load(tmp_path / "again").get_pipe(NAME)
    assert (again.threshold, again.calibration) == (pipe.threshold, pipe.calibration)


def test_the_pipeline_is_loaded_once(run, full, corpus, tmp_path, monkeypatch):
    loaded = []
    load = loading.load_model
    monkeypatch.setattr(
        loading, "load_model", lambda name, **kwargs: loaded.append(name) or load(name, **kwargs)
    )
    assert run("calibrate", full, corpus, tmp_path / "out")[0] == 0
    assert loaded == [str(full)]


def test_labels_without_gold_or_candidates(run, full, tmp_path):
    data = [(text, [span for span in spans if span[2] == "sym"]) for text, spans in TRAIN]
    code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
    assert code == 0, text
    saved = srsly.read_json(tmp_path / "out" / NAME / "cfg")
    values = [x for row in saved["calibration"].values() for x in row]
    assert len(values) == 10
    assert all(map(math.isfinite, values))


def test_labels_that_the_model_lacks(run, full, tmp_path):
    data = [*TRAIN, ("转入消化内科", [(2, 6, "dep")])]
    code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
    assert code == 0, text
    assert "1 gold spans are not counted, as the pipeline does not have their labels: dep 1" in text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "there are no gold spans"),
        ([("", [])], "there are no gold spans"),
        ([("无特殊不适", [])], "there are no gold spans"),
        ([("转入消化内科", [(2, 6, "dep")])], "no gold spans of the pipeline's labels (bod, dis, dru"),
        ([("无特殊不适", [(0, 5, "dru")])], "none of the 1 gold spans has a score above"),
    ],
)
def test_corpora_that_nothing_can_be_learned_from(run, full, tmp_path, data, words):
    code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
    assert code == 1
    assert words in text
    assert not (tmp_path / "out").exists()


def test_documents_without_the_key(run, full, tmp_path):
    path = write(tmp_path / "gold.spacy", TRAIN, key="other")
    code, text = run("calibrate", full, path, tmp_path / "out")
    assert code == 1
    assert "no document has spans under doc.spans['sc']" in text


def test_nothing_but_a_calibrated_pipeline_is_overwritten(run, full, corpus, tmp_path):
    shutil.copytree(full, tmp_path / "other")
    for path, words in (
        (full, "is the pipeline to read"),
        (full / "inside", "one lies in the other"),
        (tmp_path / "other", "is no calibrated pipeline"),
        (tmp_path, "is no calibrated pipeline"),
        (corpus, "is no calibrated pipeline"),
    ):
        code, text = run("calibrate", full, corpus, path)
        assert code == 1
        assert words in text


def test_nothing_but_the_pipeline_is_replaced(run, full, corpus, tmp_path):
    """Nor the pipeline, if something else lies there; a card of it goes, with a warning."""
    output = tmp_path / "out"
    assert run("calibrate", full, corpus, output)[0] == 0
    (output / "README.md").write_text("ours", encoding="utf-8")
    (output / "notes").mkdir()
    before = (output / "meta.json").stat().st_ino
    code, text = run("calibrate", full, corpus, output)
    assert code == 1
    assert "holds what is no part of a pipeline: README.md, notes. Move that away" in text
    assert (output / "meta.json").stat().st_ino == before
    assert (output / "README.md").read_text(encoding="utf-8") == "ours"
    (output / "notes").rmdir()
    (output / "README.md").write_text(f"{CARD_MARK}\n# A card", encoding="utf-8")
    with pytest.warns(GpnerWarning, match=r"README\.md describes the pipeline that is replaced"):
        assert run("calibrate", full, corpus, output)[0] == 0
    assert not (output / "README.md").exists()


def test_what_is_missing(run, full, corpus, tmp_path):
    output = tmp_path / "out"
    assert "there is no such directory or package" in run("calibrate", tmp_path / "none", corpus, output)[1]
    assert "is missing" in run("calibrate", full, tmp_path / "none.spacy", output)[1]
    spacy.blank("zh").to_disk(tmp_path / "blank")
    code, text = run("calibrate", tmp_path / "blank", corpus, output)
    assert code == 1
    assert "has no span component, such as span_globalpointer, that runs" in text
    assert not output.exists()
