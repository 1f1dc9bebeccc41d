"""Curve and calibration error, against loops over all candidates."""

import numpy
import pytest
from hypothesis import given

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.probabilities import calibration, calibration_error, precision_recall_curve

from .strategies import corpora, make_prediction


@given(corpora)
def test_curve_equals_brute_force(predictions):
    curve = precision_recall_curve(predictions)
    scored = [pair for own in predictions for pair in zip(own.candidates, own.right, strict=True)]
    assert [x["score"] for x in curve or []] == sorted({score for score, _ in scored}, reverse=True)
    n_gold = sum(len(own.gold) for own in predictions)
    for point in curve or []:
        above = [right for score, right in scored if score >= point["score"]]
        p, r = sum(above) / len(above), sum(above) / max(1, n_gold)
        f = 2 * sum(above) / (len(above) + n_gold)
        assert {name: point[name] for name in "prf"} == pytest.approx({"p": p, "r": r, "f": f})


def test_a_long_curve_keeps_its_ends():
    n = 1000
    candidates = {Entity(i, i + 1, "bod"): 1 - i / n for i in range(n)}
    curve = precision_recall_curve([make_prediction("字" * n, set(candidates), {}, candidates)])
    assert len(curve) == 100
    assert (curve[0]["r"], curve[-1]["r"]) == (1 / n, 1.0)
    assert {x["p"] for x in curve} == {1.0}
    recalls = [x["r"] for x in curve]
    assert recalls == sorted(recalls)


@given(corpora)
def test_calibration(predictions):
    found = calibration(predictions)
    p = numpy.concatenate([numpy.zeros(0), *(own.candidates for own in predictions)])
    right = numpy.concatenate([numpy.zeros(0, dtype=bool), *(own.right for own in predictions)])
    if not len(p):
        assert found is None
        return
    assert found["error"] == pytest.approx(calibration_error(p, right))
    gaps = [x["n"] * abs(x["score"] - x["right"]) for x in found["bins"]]
    assert sum(gaps) / len(p) == pytest.approx(found["error"])
    assert sum(x["n"] for x in found["bins"]) == len(p)


def test_calibration_error():
    assert calibration_error(numpy.zeros(0), numpy.zeros(0, dtype=bool)) is None
    p = numpy.array([0.0, 1.0, 1.0, 0.9])
    right = numpy.array([False, True, True, False])
    assert calibration_error(p, right) == pytest.approx(0.9 / 4)
    # in one bin, too much makes up for too little
    assert calibration_error(numpy.array([0.5, 0.5]), numpy.array([True, False])) == pytest.approx(0.0)
