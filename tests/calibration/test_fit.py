"""Calibration and thresholds, against brute force and simulations."""

import itertools
import math
from collections import Counter

import numpy
import pytest
from scipy.special import expit, logit

from spacy_gpner.calibration.candidates import Candidates
from spacy_gpner.calibration.fit import best_f, calibrate, fit, fit_labels
from spacy_gpner.calibration.setting import Setting, f_score
from spacy_gpner.evaluation.candidates import FLOOR
from spacy_gpner.evaluation.probabilities import calibration_error


def simulate(slope, offset, n, seed=0):
    rng = numpy.random.default_rng(seed)
    s = rng.normal(0.5, 2.0, n)
    return s, rng.random(n) < expit(slope * s + offset)


def candidates_of(types, s, right, missed=0):
    n = max(types) + 1
    labels = tuple(f"label{t}" for t in range(n))
    gold = numpy.bincount(types, weights=right, minlength=n).astype(int) + missed
    return Candidates(labels, numpy.asarray(types), s, right, gold, Counter(), 0)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.6, -0.5), (2.0, 1.0)])
def test_fit_recovers_what_was_simulated(slope, offset):
    s, right = simulate(slope, offset, 50_000)
    assert fit(s, right) == pytest.approx((slope, offset), abs=0.06)
    assert calibration_error(expit(slope * s + offset), right) < 0.01
    if (slope, offset) != (1.0, 0.0):
        assert calibration_error(expit(s), right) > 0.05


def test_fit_where_there_is_little_to_fit():
    nothing = numpy.zeros(0), numpy.zeros(0, dtype=bool)
    assert fit(*nothing, around=(0.7, -0.2)) == (0.7, -0.2)
    for right in (numpy.ones(9, dtype=bool), numpy.zeros(9, dtype=bool)):
        slope, offset = fit(numpy.linspace(-2, 9, 9), right)
        assert 0 < slope < math.inf
        assert math.isfinite(offset)
    # higher scores are worse
    s, right = simulate(1.0, 0.0, 5000)
    assert fit(s, ~right, around=(0.7, -0.2)) == (0.7, -0.2)


def test_labels_with_little_data_are_near_all_others():
    s, right = simulate(0.5, -0.5, 20_000)
    few, few_right = simulate(3.0, 2.0, 10, seed=1)
    types = numpy.array([0] * len(s) + [1] * len(few))
    fitted = fit_labels(candidates_of(types, numpy.append(s, few), numpy.append(right, few_right)))
    assert fitted[0] == pytest.approx((0.5, -0.5), abs=0.05)
    assert fitted[1] == pytest.approx((0.5, -0.5), abs=0.3)


@pytest.mark.parametrize("seed", range(20))
def test_best_f_equals_brute_force(seed):
    rng = numpy.random.default_rng(seed)
    s = rng.integers(0, 6, rng.integers(1, 12)).astype(float)
    right = rng.random(len(s)) < 0.5
    n_gold = int(right.sum()) + 3
    cuts = [2 * right[s > t].sum() / ((s > t).sum() + n_gold) for t in numpy.arange(-1, 7) + 0.5]
    assert best_f(s, right, n_gold) == pytest.approx(max(cuts))


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_as_good_as_any_by_label(seed):
    """With scores that are probabilities, no thresholds by label have a higher expected F1."""
    rng = numpy.random.default_rng(seed)
    p = rng.random(8)
    types = numpy.array([0, 1] * 4)
    missed = 1.5

    def expected(thresholds):
        above = p > thresholds[types]
        return 2 * p[above].sum() / (above.sum() + p.sum() + missed)

    cuts = [0.0, *p]
    best = max(expected(numpy.array(pair)) for pair in itertools.product(cuts, cuts))
    assert expected(numpy.full(2, best / 2)) == pytest.approx(best)


def test_calibrate():
    s, right = simulate(0.6, -0.5, 20_000)
    types = numpy.arange(len(s)) % 2
    s = numpy.where(types == 1, s - 2, s)
    keep = expit(s) > FLOOR
    candidates = candidates_of(types[keep], s[keep], right[keep], missed=10)
    after = calibrate(candidates)
    before = Setting(numpy.array([[1.0, 0.0]] * 2), 0.5, numpy.full(2, 0.5))
    assert f_score(candidates, after) > f_score(candidates, before)
    assert f_score(candidates, after) == pytest.approx(2 * after.threshold, abs=0.01)
    # the same probability is another score for each label
    assert logit(after.uncalibrated[0]) - logit(after.uncalibrated[1]) == pytest.approx(2.0, abs=0.2)


def test_what_is_no_candidate_does_not_pass():
    """Right at every score: a common threshold would let in what was not looked at."""
    s, right = simulate(0.6, -1.0, 5000)
    keep = expit(s) > FLOOR
    s, right = s[keep], right[keep]
    types = numpy.append(numpy.zeros(len(s), dtype=int), numpy.ones(len(s), dtype=int))
    after = calibrate(candidates_of(types, numpy.append(s, s), numpy.append(right, numpy.ones_like(right))))
    assert after.uncalibrated.min() >= FLOOR
    assert after.thresholds[1] > after.threshold == after.thresholds[0]
