"""Calibrated pipelines on disk."""

import json

import pytest
import spacy

from spacy_gpner.calibration.pipeline import is_calibrated

from ..util import blank, train

NAME = "span_globalpointer"
CALIBRATION = {"bod": [0.5, -1.0], "症状": [2.0, 0.25]}


@pytest.fixture
def pipeline(tmp_path):
    """A directory like that of a pipeline with two components; gives what writes the settings of one."""
    (tmp_path / "config.cfg").touch()

    def write(cfg, name="named {as} one likes"):
        for own in ("sentencizer", name):
            (tmp_path / own).mkdir(exist_ok=True)
        (tmp_path / name / "cfg").write_bytes(cfg if isinstance(cfg, bytes) else json.dumps(cfg).encode())
        return tmp_path

    return write


@pytest.mark.parametrize(
    "dump",
    [
        json.dumps,
        lambda cfg: json.dumps(cfg, indent=2, ensure_ascii=False),
        lambda cfg: json.dumps(cfg, indent="\t", separators=(" ,", " : ")),
        lambda cfg: json.dumps(dict(reversed(cfg.items())), separators=(",", ":")),
    ],
)
def test_settings_however_they_are_laid_out(pipeline, dump):
    cfg = {"labels": ["bod", "症状"], "changed": {}, "threshold": 0.5, "calibration": CALIBRATION}
    assert is_calibrated(pipeline(dump(cfg).encode()))


@pytest.mark.parametrize(
    "cfg",
    [
        {"labels": ["bod"], "calibration": None},
        {"labels": ["bod"]},
        # a label that only looks like one
        {"labels": ['"calibration": {'], "calibration": None},
        {"labels": ["bod"], "changed": {"calibration": {"from": None, "to": CALIBRATION}}},
        # damaged
        {"labels": ["bod"], "calibration": {}},
        {"labels": ["bod"], "calibration": [[0.5, 1.0]]},
        {"labels": ["bod"], "calibration": {"bod": 0.5}},
        {"labels": ["bod"], "calibration": {"bod": ["0.5", "1.0"]}},
        {"labels": ["bod"], "calibration": {"bod": [-0.5, 1.0]}},
        {"labels": ["bod"], "calibration": "calibration"},
        ["calibration"],
        None,
        b"",
        b'{"calibration": {"bod": [0.5, 1.0]}',
        b'{"calibration": {"bod": [0.5, 1.0]}, "labels": ["\xff"]}',
        b"[" * 100_000,
    ],
)
def test_what_has_no_calibration(pipeline, cfg):
    assert not is_calibrated(pipeline(cfg))


def test_one_of_several_components(pipeline):
    pipeline({"calibration": None}, "first")
    pipeline(b"damaged", "second")
    assert is_calibrated(pipeline({"calibration": CALIBRATION}, "third"))


def test_what_is_saved(tmp_path):
    nlp = blank()
    train(nlp, steps=1)
    nlp.to_disk(tmp_path / "without")
    assert not is_calibrated(tmp_path / "without")
    pipe = nlp.get_pipe(NAME)
    pipe.calibration = {"bod": (0.5, 1.0)}
    nlp.to_disk(tmp_path / "with")
    assert is_calibrated(tmp_path / "with")
    assert spacy.load(tmp_path / "with").get_pipe(NAME).calibration == pipe.calibration
