"""`spacy gpner adapt` and `init encoder` from the command line."""

import pytest

from ..util import make_tiny_bert
from .toys import make_texts, write_texts

SMALL = ("--window", 32, "--batch-size", 256, "--steps", 4, "--head-steps", 2, "--heldout", 0.2)


@pytest.fixture
def text(tmp_path):
    return write_texts(tmp_path / "a.txt", make_texts(60))


@pytest.fixture
def bert(tmp_path):
    return make_tiny_bert(tmp_path / "bert", make_texts(60))


def test_runs(run, bert, text, tmp_path):
    dev = write_texts(tmp_path / "dev.txt", make_texts(60)[:5])
    code, said = run("adapt", bert, text, "--output", tmp_path / "out", "--without", dev, *SMALL)
    assert code == 0, said
    assert "a.txt 60 0 5 55" in said
    assert "Perplexity on the held-out part" in said
    assert "Saved encoder" in said
    assert (tmp_path / "out" / "model-last" / "config.json").is_file()
    code, said = run("adapt", bert, text, "--output", tmp_path / "out", "--without", dev, *SMALL, "--resume")
    assert code == 0
    assert "Already finished" in said


def test_an_encoder_from_nothing(run, text, tmp_path):
    sizes = ("--layers", 1, "--hidden", 16, "--heads", 2, "--vocabulary", 60)
    code, said = run("init", "encoder", tmp_path / "new", text, *sizes, "--cased")
    assert code == 0, said
    assert "random weights" in said
    code, said = run("adapt", tmp_path / "new", text, "--output", tmp_path / "out", *SMALL)
    assert code == 0, said
    assert "has no head" not in said


def test_texts_of_another_language(run, text, tmp_path):
    english = ["No fever after the second day.", "The knee is swollen, and 37.5 °C.", "A cough."]
    bert, path = make_tiny_bert(tmp_path / "bert", english), write_texts(tmp_path / "en.txt", english * 20)
    args = ("adapt", bert, path, "--output", tmp_path / "out", *SMALL)
    code, said = run(*args)
    assert code == 0, said
    assert "Hardly any letter of the texts is one of the language 'zh'" in said
    assert "such as --lang en" in said
    assert "Hardly" not in run(*args, "--lang", "en")[1]
    assert "Hardly" not in run("adapt", bert, text, "--output", tmp_path / "zh", *SMALL)[1]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--heldout", 1), "Invalid heldout"),
        (("--learn-rate", -1), "Invalid learn_rate"),
        (("--batch-size", 16), "Invalid batch_size"),
        (("--lang", "qq"), "no words for the language"),
        (("--window", 1000, "--batch-size", 1000), "Lower the window"),
    ],
)
def test_wrong_settings(args, message, run, bert, text, tmp_path):
    code, said = run("adapt", bert, text, "--output", tmp_path / "out", *SMALL, *args)
    assert code == 1
    assert message in said


@pytest.mark.parametrize("missing", ["encoder", "text"])
def test_missing(missing, run, bert, text, tmp_path):
    encoder = tmp_path / "gone" if missing == "encoder" else bert
    path = tmp_path / "gone.txt" if missing == "text" else text
    code, said = run("adapt", encoder, path, "--output", tmp_path / "out", *SMALL)
    assert code == 1
    assert "gone" in said


def test_an_output_that_is_written_to(run, bert, text, tmp_path, hold):
    hold(tmp_path / "out")
    code, said = run("adapt", bert, text, "--output", tmp_path / "out", *SMALL)
    assert code == 1
    assert "is being written by" in said
