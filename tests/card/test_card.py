"""Model cards: what they say is so, what is not known is said to be, and no text is in them."""

import json
import re
import shutil
from pathlib import Path

import pytest
import spacy
import srsly
from huggingface_hub import ModelCard
from hypothesis import given
from hypothesis import strategies as st
from spacy.cli.package import package
from thinc.api import Config

from spacy_gpner.card.facts import count_parameters, machine_paths
from spacy_gpner.card.markdown import escape, table
from spacy_gpner.outputs import CARD_MARK

from ..util import TRAIN, blank, make_examples, save_docs, save_trained

markdown = pytest.importorskip("markdown_it", reason="markdown-it-py, which rich brings, is not installed")
WEIRD = "<script>alert(1)</script>|*`_[x](y)"


def rendered(text):
    return markdown.MarkdownIt("gfm-like", {"linkify": False}).render(text)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("card") / "model")


@pytest.fixture
def model(trained, tmp_path):
    return Path(shutil.copytree(trained, tmp_path / "model"))


@pytest.fixture
def dev(tmp_path):
    return save_docs(tmp_path / "dev.spacy", TRAIN[1:])


def rows(model):
    """The cells of a card's tables, by what stands in the first."""
    lines = (model / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[x.strip() for x in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return {own[0].strip("* "): own[1:] for own in cells}


def test_a_card_says_what_was_given_and_measured(model, dev, tmp_path, run):
    train = save_docs(tmp_path / "train.spacy")
    code, output = run(
        "card",
        model,
        dev,
        "--train",
        train,
        "--name",
        "ward3",
        "--version",
        "1.2.3",
        "--data-name",
        "Ward 3",
        "--data-license",
        "internal use",
    )
    assert code == 0
    assert "F1 100.00" in output
    text = (model / "README.md").read_text(encoding="utf-8")
    assert "Training data: Ward 3. Its licence: internal use." in text
    found = rows(model)
    assert found["training (train.spacy)"][:4] == ["5", "0", str(sum(len(x) for x, _ in TRAIN)), "9"]
    assert found["evaluation (dev.spacy)"][0] == "4"
    assert found["sym"] == ["0.5", "100.00", "100.00", "100.00", "2"]
    assert found["all"][-1] == "7"
    assert found["seen"][-1] == "7"
    assert found["Parameters"] == [f"{count_parameters(spacy.load(model)):,}"]
    assert "Of the evaluation's 4 documents 4 have a text that the training data has." in text
    assert re.search(r"[\d,]+ tokens a second .* over 4 documents .* torch thread", text)
    assert "not calibrated" in text
    assert str(tmp_path) not in text
    assert 'nlp = spacy.load("zh_ward3")' in text
    assert not any(sentence in text for sentence, _ in TRAIN)
    meta = srsly.read_json(model / "meta.json")
    assert (meta["name"], meta["version"]) == ("ward3", "1.2.3")
    assert found["Version"] == ["1.2.3"]
    assert meta["performance"]["spans_sc_f"] == 1.0
    assert meta["performance"]["spans_sc_per_type"]["sym"] == {"p": 1.0, "r": 1.0, "f": 1.0}
    assert meta["sources"] == [{"name": "Ward 3", "license": "internal use"}]
    assert spacy.load(model).meta["sources"] == meta["sources"]


def test_what_is_not_known_is_called_unknown(model, dev, run):
    assert run("card", model, dev)[0] == 0
    text = (model / "README.md").read_text(encoding="utf-8")
    assert "Training data: unknown. Its licence: unknown." in text
    found = rows(model)
    assert found["training"] == ["unknown"] * 5
    assert found["Licence of the pipeline"] == found["Author"] == ["unknown"]
    assert "seen" not in found
    assert "sources" not in srsly.read_json(model / "meta.json")


def test_scores_of_the_training_stay_in_meta(model, dev, run):
    meta = srsly.read_json(model / "meta.json")
    meta["performance"] = {"spans_sc_f": 0.5, "speed": 7}
    srsly.write_json(model / "meta.json", meta)
    assert run("card", model, dev)[0] == 0
    assert srsly.read_json(model / "meta.json")["performance"] == meta["performance"]


def test_thresholds_and_calibration(model, dev, tmp_path, run):
    nlp = spacy.load(model)
    pipe = nlp.get_pipe("span_globalpointer")
    pipe.threshold = 0.4
    pipe.thresholds = {"sym": 1.0}
    pipe.calibration = {"sym": (0.5, 0.1)}
    nlp.to_disk(tmp_path / "changed")
    assert run("card", tmp_path / "changed", dev)[0] == 0
    found = rows(tmp_path / "changed")
    assert found["Threshold"] == ["0.4, sym 1"]
    assert (found["sym"][0], found["sym"][2], found["dis"][0]) == ("1", "0.00", "0.4")
    text = (tmp_path / "changed" / "README.md").read_text(encoding="utf-8")
    assert "scores are calibrated" in text


def test_a_card_of_ones_own_is_not_overwritten(model, dev, run):
    (model / "README.md").write_text("# Mine\n", encoding="utf-8")
    code, output = run("card", model, dev)
    assert code == 1
    assert "no card of this command" in output
    assert (model / "README.md").read_text(encoding="utf-8") == "# Mine\n"
    (model / "README.md").unlink()
    assert run("card", model, dev)[0] == run("card", model, dev)[0] == 0


def test_what_is_no_pipeline(tmp_path, dev, run):
    code, output = run("card", tmp_path, dev)
    assert code == 1
    assert "is no pipeline: it has no config.cfg" in output


def test_names_show_as_they_are(tmp_path, run):
    nlp = blank()
    nlp.get_pipe("span_globalpointer").add_label(WEIRD)
    nlp.initialize(lambda: make_examples(nlp))
    nlp.meta.update(name=WEIRD, description=f"1. {WEIRD}", license=WEIRD)
    nlp.to_disk(tmp_path / "model")
    dev = save_docs(tmp_path / "dev.spacy", [(TRAIN[0][0], [(2, 5, WEIRD)])])
    assert (
        run("card", tmp_path / "model", dev, "--data-name", WEIRD, "--data-license", f"{WEIRD}\n# x")[0] == 0
    )
    page = rendered((tmp_path / "model" / "README.md").read_text(encoding="utf-8"))
    assert "<script" not in page
    assert "href" not in page
    shown = "&lt;script&gt;alert(1)&lt;/script&gt;|*`_[x](y)"
    # name, description, licence, name and licence of the data, labels, counts, scores
    assert page.count(shown) == 8
    assert page.count("<h1>") == 1


@given(st.text(min_size=1, max_size=30))
def test_escaped_text_is_read_as_itself(text):
    page = rendered(f"x\n\n{escape(text)}\n\n{table(('', ''), [(escape(text), 'b')])}")
    assert len(re.findall("<td", page)) == 2
    assert not re.search("<(?!/?(p|table|thead|tbody|tr|th|td)[ >])", page)


def test_the_card_is_one_of_the_hub_and_of_the_package(model, dev, tmp_path, run):
    """`spacy huggingface-hub push` puts front matter before it, as made of meta.json."""
    assert run("card", model, dev)[0] == 0
    text = (model / "README.md").read_text(encoding="utf-8")
    assert text.startswith(CARD_MARK)
    card = ModelCard(f"---\ntags:\n- spacy\nlanguage:\n- zh\n---\n{text}")
    assert card.data.tags == ["spacy"]
    assert card.text.strip() == text.strip()
    (tmp_path / "packages").mkdir()
    package(model, tmp_path / "packages", name="card_test", create_sdist=False)
    (readme,) = (tmp_path / "packages").glob("*/README.md")
    assert readme.read_text(encoding="utf-8") == text


def test_places_of_the_machine_are_found(model, dev, run):
    config = Config().from_disk(model / "config.cfg")
    config["paths"] = {"train": "/home/ward3/train.spacy", "dev": "dev.spacy", "raw": "C:\\notes.jsonl"}
    config["corpora"]["train"]["path"] = "${paths.train}"
    config.to_disk(model / "config.cfg")
    assert machine_paths(config.interpolate()) == ["paths.train", "paths.raw", "corpora.train.path"]
    assert "paths.train, paths.raw" in run("card", model, dev)[1]
    assert "/home" not in (model / "README.md").read_text(encoding="utf-8")


def test_json_of_meta_is_whole_after_a_failure(model, dev, run, monkeypatch):
    before = (model / "meta.json").read_bytes()
    monkeypatch.setattr("spacy_gpner.card.card.srsly.write_json", lambda path, data: path.write_text("{"))
    monkeypatch.setattr(
        "spacy_gpner.files.Path.replace", lambda *args: (_ for _ in ()).throw(OSError(28, "full"))
    )
    assert run("card", model, dev)[0] == 1
    assert json.loads(before) == json.loads((model / "meta.json").read_bytes())
    assert not list(model.glob(".*tmp"))
