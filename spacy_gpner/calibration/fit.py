"""What makes probabilities of a component's scores, and the threshold that is best for F1 then.

The threshold is one for all labels: where scores are probabilities, F1 is highest at half of the highest F1
(Lipton, Elkan and Naryanaswamy 2014, Optimal thresholding of classifiers to maximize F1 measure). What that
is in terms of scores differs from label to label.
"""

import numpy
from scipy.optimize import minimize
from scipy.special import expit, logit

from ..evaluation.candidates import FLOOR
from .candidates import Candidates
from .setting import IDENTITY, Setting

# What the fit of all labels counts in that of one: the precision of a prior, by which slope and offset are
# known to 0.1 before there is data. Anything between 30 and 300 does as well (docs/results/calibration.md).
WEIGHT = 100.0
DIGITS = 4


def fit(
    scores: numpy.ndarray, right: numpy.ndarray, around: tuple[float, float] = IDENTITY, weight: float = 1.0
) -> tuple[float, float]:
    """Fit Platt's slope and offset, by logistic regression on his smoothed targets, with a normal prior.

    scores (numpy.ndarray): The scores, shape (C,). There may be none.
    right (numpy.ndarray): Which are right, shape (C,).
    around (Tuple[float, float]): The prior's mean: what comes out where there is no data.
    weight (float): The prior's precision.
    RETURNS (Tuple[float, float]): Slope and offset; `around` where the best slope is not positive, as higher
        scores are no better.
    """
    n_right, n_wrong = right.sum(), (~right).sum()
    targets = numpy.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(x: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        z, away = x[0] * scores + x[1], x - around
        error = expit(z) - targets
        value = (numpy.logaddexp(0, z) - targets * z).sum() + weight / 2 * (away**2).sum()
        return value, numpy.array([(error * scores).sum(), error.sum()]) + weight * away

    slope, offset = minimize(loss, around, jac=True, method="BFGS").x.round(DIGITS).tolist()
    return (slope, offset) if slope > 0 else around


def fit_labels(candidates: Candidates) -> numpy.ndarray:
    """Fit slope and offset of each label, around those of all labels together.

    candidates (Candidates): The candidates.
    RETURNS (numpy.ndarray): Slope and offset, shape (T, 2).
    """
    together = fit(candidates.score, candidates.right)
    own = [candidates.of_label(t) for t in range(len(candidates.labels))]
    return numpy.array([fit(x.score, x.right, together, WEIGHT) for x in own])


def best_f(scores: numpy.ndarray, right: numpy.ndarray, n_gold: int) -> float:
    """The highest F1 of a common threshold.

    scores (numpy.ndarray): The scores, shape (C,).
    right (numpy.ndarray): Which are right, shape (C,).
    n_gold (int): How many gold spans there are.
    RETURNS (float): The F1.
    """
    order = numpy.argsort(-scores, kind="stable")
    # A threshold lies between two scores, never between equal ones.
    last = numpy.append(numpy.diff(scores[order]) != 0, True)
    n_right = right[order].cumsum()
    f = 2 * n_right / (numpy.arange(1, len(scores) + 1) + n_gold)
    return float(f[last].max())


def calibrate(candidates: Candidates) -> Setting:
    """Find the calibration, and the threshold that is best with it: half of the highest F1. A label's own is
    higher where spans that are no candidates would pass.

    candidates (Candidates): The candidates.
    RETURNS (Setting): The calibration and the thresholds.
    """
    fitted = fit_labels(candidates)
    f = best_f(candidates.calibrated(fitted), candidates.right, int(candidates.gold.sum()))
    threshold = round(f / 2, DIGITS)
    slope, offset = fitted.T
    lowest = expit(slope * logit(FLOOR) + offset)
    return Setting(fitted, threshold, numpy.maximum(threshold, numpy.ceil(lowest * 10**DIGITS) / 10**DIGITS))
