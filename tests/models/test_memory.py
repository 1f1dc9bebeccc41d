"""Freed memory is given back now and then, where the C library can."""

import sys

import pytest

from spacy_gpner.models import memory


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
    assert trim is None or trim(0) in (0, 1)
