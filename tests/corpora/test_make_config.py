"""Fitting a config to a corpus."""

import subprocess
import sys
from pathlib import Path

import pytest
from spacy.tokens import Doc, DocBin
from spacy.util import load_config
from spacy.vocab import Vocab

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "configs" / "cpu.cfg"


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus"
    path.mkdir()
    for part in ("train", "heldout"):
        DocBin(docs=[Doc(Vocab(), words=["发", "热"])]).to_disk(path / f"{part}.spacy")
    return path


def make_config(*args):
    command = [sys.executable, "-m", "scripts.make_config", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_steps(corpus, tmp_path):
    output = tmp_path / "config.cfg"
    result = make_config(CONFIG, corpus, output, "--epochs", 3, "--min-steps", 1)
    assert result.returncode == 0, result.stderr
    assert load_config(output)["training"]["max_steps"] == 3


def test_errors_are_clear(corpus, tmp_path):
    output = tmp_path / "config.cfg"
    for args, message in [
        ((CONFIG, corpus, output, "--epochs", -3), "--epochs: -3 is less than 1"),
        ((CONFIG, corpus, output, "--min-steps", 0), "--min-steps: 0 is less than 1"),
        ((tmp_path / "gone.cfg", corpus, output), "gone.cfg is missing"),
        ((CONFIG, tmp_path, output), "train.spacy is missing"),
    ]:
        result = make_config(*args)
        assert result.returncode == 2
        assert message in result.stderr
        assert "Traceback" not in result.stderr
    assert not output.exists()
