"""Intervals and tests over seeds, against scipy and by hand."""

import numpy
import pytest
import scipy.stats

from paper.seeds import over_seeds, t_test


@pytest.mark.parametrize("values", [[0.1, 0.3], [60.1, 60.5, 59.8, 60.3, 60.0], [1.0, -1.0, 3.0]])
def test_seeds_equal_scipy(values):
    test = scipy.stats.ttest_1samp(values, 0)
    interval = test.confidence_interval(0.95)
    assert over_seeds(values) == pytest.approx((numpy.mean(values), interval.low, interval.high))
    assert t_test(values) == pytest.approx(test.pvalue)


def test_seeds_by_hand():
    # 4.3027 is the table's value for 2 degrees of freedom; the standard error is 1 / sqrt(3)
    assert over_seeds([1, 2, 3]) == pytest.approx((2, 2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)


def test_seeds_that_leave_nothing_to_estimate():
    assert over_seeds([60.1]) == (60.1, 60.1, 60.1)
    assert t_test([0.4]) == t_test([0.0, 0.0]) == 1.0
    assert t_test([0.5, 0.5, 0.5]) == 0.0
    assert over_seeds([0.5, 0.5]) == (0.5, 0.5, 0.5)
