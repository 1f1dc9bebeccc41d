"""How sure a difference is over the seeds of trainings."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy
import scipy.stats

from spacy_gpner.evaluation.significance import CONFIDENCE


class Estimate(NamedTuple):
    """A mean and its interval.

    mean (float): The mean.
    low, high (float): Ends of the 95 % interval.
    """

    mean: float
    low: float
    high: float


def over_seeds(values: Sequence[float]) -> Estimate:
    """The mean of repeated runs and its interval by Student's t. A single run has an interval of no width.

    values (Sequence[float]): A number for each seed; for a comparison, the seed-paired differences.
    RETURNS (Estimate): The estimate.
    """
    x = numpy.asarray(values, dtype=float)
    if len(x) < 2:
        return Estimate(*[float(x.mean())] * 3)
    half = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 1) * scipy.stats.sem(x)
    return Estimate(float(x.mean()), float(x.mean() - half), float(x.mean() + half))


def t_test(differences: Sequence[float]) -> float:
    """The two-sided p-value of Student's t-test that seed-paired differences have the mean 0.

    differences (Sequence[float]): A difference for each seed.
    RETURNS (float): The p-value; 1 for a single seed or differences that are all 0.
    """
    x = numpy.asarray(differences, dtype=float)
    if len(x) < 2 or not x.any():
        return 1.0
    error = scipy.stats.sem(x)
    return float(2 * scipy.stats.t.sf(abs(x.mean()) / error, len(x) - 1)) if error else 0.0
