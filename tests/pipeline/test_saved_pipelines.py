"""Pipelines that an earlier version saved load, and predict the same: tests/assets/saved/README.md."""

import json
from pathlib import Path

import pytest
import spacy
from spacy.util import load_model_from_config

from ..assets.saved.make import PIPELINES, observe, rounding

SAVED = Path(__file__).parents[1] / "assets" / "saved"


def from_disk(name):
    return spacy.load(SAVED / name)


def from_bytes(name):
    nlp = from_disk(name)
    return load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())


def without_digits(observed):
    return [{**own, "spans": [span[:3] for span in own["spans"]]} for own in observed]


def scores(observed):
    return [float.fromhex(span[3]) for own in observed for span in own["spans"]]


@pytest.mark.parametrize("load", [from_disk, from_bytes])
@pytest.mark.parametrize("name", PIPELINES)
def test_the_same_to_the_last_bit(name, load):
    expected = json.loads((SAVED / name / "expected.json").read_text(encoding="utf-8"))
    nlp = load(name)
    found = [observe(nlp, own["text"]) for own in expected["texts"]]
    assert without_digits(found) == without_digits(expected["texts"])
    assert scores(found) == pytest.approx(scores(expected["texts"]), abs=1e-5)
    if rounding() == expected["rounding"]:
        assert found == expected["texts"]


@pytest.mark.parametrize("load", [from_disk, from_bytes])
@pytest.mark.parametrize("name", PIPELINES)
def test_settings_and_labels(name, load):
    expected = json.loads((SAVED / name / "expected.json").read_text(encoding="utf-8"))
    pipe = load(name).pipeline[-1][1]
    assert {key: pipe.cfg[key] for key in expected["settings"]} == expected["settings"]
    assert pipe.labels == ("bod", "dis", "dru", "pro", "sym")
