"""What the project's workflow runs: corpora by name or folder, and configs for them."""

import json
import sys
from pathlib import Path

import pytest
import srsly
from spacy.tokens import Doc, DocBin
from spacy.util import load_config
from spacy.vocab import Vocab

from scripts import make_config, prepare_corpus, report
from scripts.corpora import Source, find_source, read_corpora
from scripts.make_config import find_recipe
from scripts.make_configs import CONFIGS
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.corpora.provenance import get_provenance

from .english import write_sentences
from .util import TRAIN, make_tiny_bert, save_docs, save_trained

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "configs" / "corpora.yml"
COMPONENT = "span_globalpointer"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script; return its exit code and what it said, in one line."""

    def run_script(module, *args):
        monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, args)])
        monkeypatch.chdir(ROOT)
        try:
            module.main()
            code = 0
        except SystemExit as err:
            code = err.code
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return run_script


@pytest.fixture
def folder(tmp_path):
    """A corpus of one's own, in English."""
    path = tmp_path / "my notes"
    write_sentences(path / "train.json", 60)
    write_sentences(path / "dev.json", 20, seed=1)
    return path


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus"
    for part in ("train", "heldout"):
        path.mkdir(exist_ok=True)
        save_docs(path / f"{part}.spacy")
    return path


def fails(capsys, *args):
    """What `find_source` says of a corpus that it refuses."""
    with pytest.raises(SystemExit):
        find_source(*args)
    return " ".join(capsys.readouterr().out.split())


def test_shipped_corpora():
    corpora = read_corpora(SHIPPED)
    assert {"sample", "cmeee", "ccks2019", "drug-leaflets"} <= set(corpora)
    assert corpora["cmeee"].neighbours == 100
    assert corpora["drug-leaflets"].dev == []


def test_a_folder(folder, tmp_path):
    source = find_source(str(folder), SHIPPED, "cmeee", "en")
    assert (source.train, source.dev, source.lang, source.fit) == (["train.json"], ["dev.json"], "en", True)
    for name in ("train", "dev"):
        (tmp_path / "brat" / name).mkdir(parents=True)
    assert find_source(str(folder), SHIPPED, "", "en").format == "auto"
    source = find_source(str(tmp_path / "brat"), SHIPPED, "brat", "")
    assert (source.train, source.dev, source.lang) == (["train"], ["dev"], "zh")


def test_a_name_in_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yml"
    srsly.write_yaml(path, {"notes": {"format": "iob", "folder": "/data", "train": ["a", "b"], "lang": "de"}})
    assert find_source("notes", path, "", "").lang == "de"
    assert find_source("notes", path, "brat", "en").format == "brat"


def test_what_is_no_corpus(folder, tmp_path, monkeypatch, capsys):
    assert "nor a folder" in fails(capsys, "gone", SHIPPED, "", "")
    assert "cluener" in fails(capsys, "gone", SHIPPED, "", "")
    (tmp_path / "empty").mkdir()
    assert "no training part" in fails(capsys, str(tmp_path / "empty"), SHIPPED, "iob", "")
    monkeypatch.chdir(folder)
    text = fails(capsys, "../my notes", SHIPPED, "cmeee", "en")
    assert "outside of the project" in text
    assert str(folder) in text.replace(" ", "").replace("mynotes", "my notes")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": {"format": "iob"}}, "train"),
        ({"a": {"format": "iob", "train": []}}, "train"),
        ({"a": {"format": "iob", "train": ["x"], "files": 3}}, "files"),
        ({"a": {"format": "iob", "train": ["x"], "neighbours": 0}}, "neighbours"),
        ({"a": None}, "corpora"),
        ([1], "corpora"),
        (None, "corpora"),
    ],
)
def test_files_of_corpora_are_checked(tmp_path, capsys, content, message):
    path = tmp_path / "c.yml"
    if content is not None:
        srsly.write_yaml(path, content)
    text = fails(capsys, "a", path, "", "")
    assert message in text
    assert "c.yml" in text.replace(" ", "")


def test_missing_files_are_named(run, tmp_path):
    path = tmp_path / "mine.yml"
    for folder, message in (("$GPNER_NOWHERE/x", "GPNER_NOWHERE"), (str(tmp_path), "a.iob")):
        srsly.write_yaml(path, {"notes": {"format": "iob", "folder": folder, "train": ["a.iob"]}})
        code, text = run(prepare_corpus, "notes", tmp_path / "out", "--corpora", path)
        assert code == 1
        assert message in text


def test_groups_stay_together(tmp_path):
    """Without a dev part too: a patient's documents are in one of the three."""
    records = [{"text": f"第{n}条", "entities": [], "group": f"p{n // 3}"} for n in range(90)]
    srsly.write_json(tmp_path / "all.json", records)
    source = Source(format="cmeee", folder=str(tmp_path), train=["all.json"], group=True)
    prepare_corpus.prepare(source, tmp_path / "out", seed=0)
    groups = []
    for part in ("train", "heldout", "dev"):
        docs, _ = read_docs(tmp_path / "out" / f"{part}.spacy")
        groups.append({get_provenance(doc).group for doc in docs})
    assert all(groups)
    assert sum(map(len, groups)) == len(set().union(*groups)) == 30


def test_sizes_are_fitted_and_files_are_not(run, corpus, tmp_path):
    """Of a file paths and steps are set; a size, and what is made of one, is fitted whole."""
    output = tmp_path / "config.cfg"
    (corpus / "train.json").touch()
    for model, name, window in (("cpu", "sample", 32), ("base", "sample", 8), ("cpu", corpus, 8)):
        options = ["--format", "cmeee", "--epochs", 3, "--min-steps", 1]
        code, text = run(make_config, model, name, corpus, output, *options)
        assert code == 0, text
        config = load_config(output)
        assert config["paths"]["dev"] == str(corpus / "heldout.spacy")
        assert config["components"][COMPONENT]["window"] == window
        labels = config["initialize"]["components"].get(COMPONENT, {}).get("labels")
        assert (labels is None) == (window == 32)
        assert config["training"]["max_steps"] == 3


def test_another_language(folder):
    source = find_source(str(folder), SHIPPED, "cmeee", "en")
    recipe = find_recipe("cpu_student", source)
    assert (recipe.lang, recipe.size) == ("en", "small")
    assert find_recipe("transformer_large", source).transformer is None
    assert find_recipe("mine", source) is None


def test_the_encoder_of_a_config(run, corpus, tmp_path):
    encoder = make_tiny_bert(tmp_path / "tiny")
    options = ["--encoder", encoder, "--min-steps", 3]
    (corpus / "train.json").touch()
    # A name in the file of corpora leaves the config as it is; to a folder it is fitted
    for given in (["cmeee"], [corpus, "--format", "cmeee"]):
        for model, expected in (("cpu_transformer", encoder), ("frozen", encoder), ("cpu", None)):
            args = [model, given[0], corpus, tmp_path / "out.cfg", *given[1:], *options]
            code, text = run(make_config, *args)
            assert code == 0, text
            assert load_config(tmp_path / "out.cfg")["paths"].get("transformer") == expected


def test_an_edited_file_is_taken_as_it_is(run, corpus, tmp_path, monkeypatch):
    """Who changes configs/cpu.cfg trains with what it says."""
    monkeypatch.setattr(make_config, "CONFIGS", tmp_path)
    text = (CONFIGS / "cpu.cfg").read_text(encoding="utf-8").replace("depth = 2", "depth = 3")
    (tmp_path / "cpu.cfg").write_text(text, encoding="utf-8")
    (corpus / "train.json").touch()
    args = ["cpu", corpus, corpus, tmp_path / "out.cfg", "--format", "cmeee"]
    code, text = run(make_config, *args)
    assert code == 0, text
    config = load_config(tmp_path / "out.cfg")
    assert config["components"][COMPONENT]["model"]["tok2vec"]["encode"]["depth"] == 3
    code, text = run(make_config, *args, "--lang", "en")
    assert code == 1
    assert "is for the language 'zh'" in text


def test_tokens_that_a_file_does_not_make_are_said(run, corpus, tmp_path):
    """Of a file for the corpus's language that cuts texts another way."""
    for words in (["患者", "右上", "腹疼痛", "三天"], list("患者右上腹疼痛三天")):
        doc = Doc(Vocab(), words=words, spaces=[False] * len(words))
        doc.spans["sc"] = []
        DocBin(docs=[doc]).to_disk(corpus / "train.spacy")
        code, text = run(make_config, "transformer_large", "sample", corpus, tmp_path / "out.cfg")
        assert code == 0, text
        assert ("transformer_large.cfg makes other tokens than" in text) == (len(words) == 4)


def test_errors_are_clear(run, corpus, tmp_path):
    output = tmp_path / "config.cfg"
    for args, code, message in [
        (("cpu", "sample", corpus, output, "--epochs", -3), 2, "--epochs: -3 is less than 1"),
        (("cpu", "sample", corpus, output, "--min-steps", 0), 2, "--min-steps: 0 is less than 1"),
        (("gone", "sample", corpus, output), 1, "There is no model 'gone'"),
        (("cpu", "sample", tmp_path, output), 1, "train.spacy is missing"),
    ]:
        failed, text = run(make_config, *args)
        assert failed == code
        assert message in text
    assert not output.exists()


@pytest.mark.slow
def test_a_report_of_labels_that_the_dev_part_lacks(run, corpus, tmp_path):
    save_trained(tmp_path / "model")
    # 口服阿司匹林 has a drug, which this gold does not know of
    save_docs(corpus / "dev.spacy", [TRAIN[0], (TRAIN[2][0], [])])
    code, text = run(report, corpus, tmp_path / "report.json", f"own={tmp_path / 'model'}")
    assert code == 0
    assert "own, by type" in text
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["own"]
    scores = found["dev"][str(found["chosen"])]
    assert (scores["spans_sc_r"], scores["spans_sc_p"]) == (1, pytest.approx(2 / 3))


def test_a_report_of_what_is_not_there(run, corpus, tmp_path):
    code, text = run(report, corpus, tmp_path / "report.json", f"own={tmp_path / 'none'}")
    assert code == 1
    assert "is no pipeline" in text
