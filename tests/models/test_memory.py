"""Freed memory is given back now and then, where the C library can."""

import platform
import sys

import pytest

from spacy_gpner.models import memory

from ..components import COMPONENTS
from ..util import make_tiny_bert


@pytest.mark.parametrize("has_trim", [False, True])
def test_gives_memory_back_now_and_then(monkeypatch, has_trim):
    trimmed = []
    monkeypatch.setattr(memory, "_find_trim", lambda: trimmed.append if has_trim else None)
    for _ in range(3 * memory.EVERY):
        memory.release_memory()
    assert trimmed == ([0] * 3 if has_trim else [])


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_finds_what_there_is():
    trim = memory._find_trim()
    if platform.libc_ver()[0] == "glibc":
        assert trim(0) in (0, 1)


def test_a_training_gives_back(monkeypatch, tmp_path):
    trimmed = []
    monkeypatch.setattr(memory, "EVERY", 1)
    monkeypatch.setattr(memory, "_find_trim", lambda: trimmed.append)
    bert = {"@architectures": "spacy-gpner.Transformer.v1", "name": make_tiny_bert(tmp_path / "bert")}
    nlp, _ = COMPONENTS["efficient"].initialized(tok2vec=bert)
    trimmed.clear()
    nlp.update(COMPONENTS["efficient"].examples(nlp))
    assert trimmed
