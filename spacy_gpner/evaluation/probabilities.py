"""How far scores are probabilities, and what thresholds make of them."""

from collections.abc import Sequence
from typing import Any, Optional

import numpy

from .candidates import FLOOR
from .predictions import Prediction
from .significance import f_score

BINS = 15
CURVE_POINTS = 100


def precision_recall_curve(predictions: Sequence[Prediction]) -> Optional[list[dict[str, float]]]:
    """Precision, recall and F1 of the candidates above a threshold, for thresholds from high to low.

    predictions (Sequence[Prediction]): The documents.
    RETURNS (Optional[List[Dict[str, float]]]): At most 100 points; None if there are no candidates.
    """
    scores, right = _candidates(predictions)
    if not len(scores):
        return None
    order = numpy.argsort(-scores)
    scores, right = scores[order], right[order]
    n_gold = sum(len(own.gold) for own in predictions)
    # A threshold lets through all candidates of one score, or none
    last = numpy.append(numpy.flatnonzero(numpy.diff(scores)), len(scores) - 1)
    last = last[numpy.unique(numpy.linspace(0, len(last) - 1, CURVE_POINTS).round().astype(int))]
    n_right = right.cumsum()[last]
    f = f_score(numpy.stack([last + 1, n_right, numpy.full(len(last), n_gold)], axis=1))
    columns = (scores[last], n_right / (last + 1), n_right / max(1, n_gold), f)
    return [
        dict(zip(("score", "p", "r", "f"), map(float, x), strict=True)) for x in zip(*columns, strict=True)
    ]


def calibration(predictions: Sequence[Prediction]) -> Optional[dict[str, Any]]:
    """How far the scores of candidates are probabilities.

    predictions (Sequence[Prediction]): The documents.
    RETURNS (Optional[Dict[str, Any]]): The expected calibration error, and for each bin of the scores how
        many candidates it has, their mean score and the share of gold among them; None without candidates.
    """
    scores, right = _candidates(predictions)
    if not len(scores):
        return None
    bins = score_bins(scores)
    rows = [
        {"n": int(own.sum()), "score": float(scores[own].mean()), "right": float(right[own].mean())}
        for own in (bins == i for i in range(BINS))
        if own.any()
    ]
    return {"error": calibration_error(scores, right), "above": FLOOR, "bins": rows}


def calibration_error(probabilities: numpy.ndarray, right: numpy.ndarray) -> Optional[float]:
    """Expected calibration error: the mean distance between what is promised and what is right, over bins of
    the same width (Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning).

    probabilities (numpy.ndarray): The probabilities, shape (C,).
    right (numpy.ndarray): Which are right, shape (C,).
    RETURNS (Optional[float]): The error, in [0, 1]; None of nothing.
    """
    if not len(probabilities):
        return None
    gaps = numpy.bincount(score_bins(probabilities), weights=probabilities - right, minlength=BINS)
    return float(numpy.abs(gaps).sum() / len(probabilities))


def score_bins(probabilities: numpy.ndarray) -> numpy.ndarray:
    """The bin of each probability.

    probabilities (numpy.ndarray): The probabilities, shape (C,).
    RETURNS (numpy.ndarray): Numbers of their bins, from 0 to `BINS` - 1, shape (C,).
    """
    return numpy.minimum((probabilities * BINS).astype(int), BINS - 1)


def _candidates(predictions: Sequence[Prediction]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The scores of all candidates, in float64, and which are right."""
    scores = [numpy.zeros(0), *(own.candidates for own in predictions)]
    right = [numpy.zeros(0, dtype=bool), *(own.right for own in predictions)]
    return numpy.concatenate(scores), numpy.concatenate(right)
