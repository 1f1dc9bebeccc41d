"""Thresholds by label and calibrated scores: what they do, how they are kept, and when they go."""

import json
import math

import pytest
import spacy
import srsly
from spacy.training import Example
from spacy.util import load_model_from_config

from spacy_gpner.compact.pipeline import write_compact

from ..util import TRAIN, blank, entities, make_examples, save_trained, scores, train

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
LABELS = ("bod", "dis", "dru", "pro", "sym")
CALIBRATION = {"bod": (0.5, -1.0), "sym": (2.0, 0.25)}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("saved"))


@pytest.fixture
def nlp(saved):
    return spacy.load(saved)


@pytest.fixture
def calibrated(nlp, tmp_path):
    """A saved pipeline with everything changed."""
    pipe = nlp.get_pipe(NAME)
    pipe.threshold = 0.4
    pipe.thresholds = {"bod": 0.1}
    pipe.calibration = CALIBRATION
    nlp.to_disk(tmp_path / "calibrated")
    return tmp_path / "calibrated"


def load(path, **settings):
    return spacy.load(path, config={"components": {NAME: settings}})


def found(nlp):
    return [(entities(doc), scores(doc)) for doc in nlp.pipe(TEXTS)]


def labels(nlp):
    return {label for own, _ in found(nlp) for *_, label in own}


def test_thresholds_of_labels(nlp):
    pipe = nlp.get_pipe(NAME)
    pipe.thresholds = {"bod": 1.0, "sym": 1.0}
    assert labels(nlp) == {"dis", "dru", "pro"}
    pipe.threshold = 1.0
    assert pipe.thresholds is None
    assert labels(nlp) == set()
    pipe.thresholds = {"bod": 0.5}
    assert labels(nlp) == {"bod"}


def test_scores_are_calibrated(nlp):
    plain = {
        (text, *entity): score
        for text, (own, all_scores) in zip(TEXTS, found(nlp), strict=True)
        for entity, score in zip(own, all_scores, strict=True)
    }
    nlp.get_pipe(NAME).calibration = CALIBRATION
    for text, (own, all_scores) in zip(TEXTS, found(nlp), strict=True):
        for entity, score in zip(own, all_scores, strict=True):
            p = plain[text, *entity]
            slope, offset = CALIBRATION.get(entity[2], (1.0, 0.0))
            z = slope * (math.log(p) - math.log1p(-p)) + offset
            assert score == pytest.approx(1 / (1 + math.exp(-z)), abs=1e-4)


def test_round_trips(calibrated):
    nlp = spacy.load(calibrated)
    pipe = nlp.get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds, pipe.calibration) == (0.4, {"bod": 0.1}, CALIBRATION)
    other = load_model_from_config(nlp.config).from_bytes(nlp.to_bytes())
    assert other.get_pipe(NAME).calibration == CALIBRATION
    assert other.get_pipe(NAME).thresholds == {"bod": 0.1}
    for (own, own_scores), (others, other_scores) in zip(found(nlp), found(other), strict=True):
        assert own == others
        assert own_scores == pytest.approx(other_scores, abs=1e-6)


def test_a_threshold_given_when_loading_holds_for_all_labels(calibrated):
    pipe = load(calibrated, threshold=0.7).get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds, pipe.calibration) == (0.7, None, CALIBRATION)


def test_thresholds_in_the_config(tmp_path):
    nlp = blank(threshold=0.6, thresholds={"bod": 1.0})
    train(nlp)
    assert labels(nlp) == set(LABELS) - {"bod"}
    nlp.to_disk(tmp_path / "a")
    pipe = spacy.load(tmp_path / "a").get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds) == (0.6, {"bod": 1.0})
    pipe = load(tmp_path / "a", thresholds={"bod": 0.3}).get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds) == (0.6, {"bod": 0.3})
    pipe = load(tmp_path / "a", threshold=0.7, thresholds={"bod": 0.3}).get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds) == (0.7, {"bod": 0.3})
    # a threshold alone holds for all labels, and stays so
    nlp = load(tmp_path / "a", threshold=0.5)
    assert nlp.get_pipe(NAME).thresholds is None
    nlp.to_disk(tmp_path / "b")
    pipe = spacy.load(tmp_path / "b").get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds) == (0.5, None)


def test_pipelines_saved_before_there_were_any(nlp):
    pipe = nlp.get_pipe(NAME)
    cfg = json.dumps({"labels": LABELS, "changed": {"threshold": {"from": 0.5, "to": 0.3}}})
    pipe.from_bytes(srsly.msgpack_dumps({"cfg": cfg.encode()}))
    assert (pipe.threshold, pipe.thresholds, pipe.calibration) == (0.3, None, None)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_thresholds_are_checked(nlp, value):
    pipe = nlp.get_pipe(NAME)
    with pytest.raises(ValueError, match="Invalid threshold: "):
        pipe.threshold = value
    with pytest.raises(ValueError, match="Invalid thresholds of 'bod'"):
        pipe.thresholds = {"bod": value}
    assert (pipe.threshold, pipe.thresholds) == (0.5, None)


@pytest.mark.parametrize("row", [(0.0, 0.0), (-1.0, 0.0), (math.inf, 0.0), (math.nan, 0.0), (1.0, math.nan)])
def test_calibrations_are_checked(nlp, row):
    with pytest.raises(ValueError, match="Invalid calibration of 'bod'"):
        nlp.get_pipe(NAME).calibration = {"bod": row}


def test_unknown_labels(nlp):
    pipe = nlp.get_pipe(NAME)
    with pytest.raises(ValueError, match=r"no label 'drug'. The labels are bod, dis, dru, pro, sym"):
        pipe.thresholds = {"drug": 0.3}
    pipe.cfg["thresholds"] = {"drug": 0.3}
    with pytest.raises(ValueError, match=r"no label 'drug'. The labels are bod, dis, dru, pro, sym"):
        nlp(TEXTS[0])
    pipe.add_label("drug")
    nlp(TEXTS[0])


def test_learning_on_removes_the_calibration(calibrated):
    nlp = spacy.load(calibrated)
    nlp.update(make_examples(nlp), sgd=nlp.resume_training())
    assert nlp.get_pipe(NAME).calibration is None
    pipe = spacy.load(calibrated).get_pipe(NAME)
    pipe.initialize(lambda: make_examples(nlp))
    assert pipe.calibration is None


def test_evaluating_does_not(calibrated):
    nlp = spacy.load(calibrated)
    nlp.evaluate([Example(nlp.make_doc(eg.reference.text), eg.reference) for eg in make_examples(nlp)])
    assert nlp.get_pipe(NAME).calibration == CALIBRATION


def test_compact_pipelines_keep_it(calibrated, tmp_path):
    write_compact(spacy.load(calibrated), tmp_path / "compact")
    pipe = spacy.load(tmp_path / "compact").get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds, pipe.calibration) == (0.4, {"bod": 0.1}, CALIBRATION)
