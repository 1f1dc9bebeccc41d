"""Intervals and tests, against scipy, examples by hand and simulations."""

import numpy
import pytest

from spacy_gpner.evaluation.significance import (
    RESAMPLES,
    bootstrap_test,
    f_score,
    holm,
    over_documents,
    resample,
)


def test_f_score():
    assert f_score([4, 2, 6]) == pytest.approx(0.4)
    assert f_score([[0, 0, 0], [0, 0, 3], [3, 3, 3]]).tolist() == [0.0, 0.0, 1.0]


def test_holm():
    # sorted: 0.01 * 4, 0.02 * 3, 0.03 * 2 and no less than what comes before, 0.5
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_documents_that_are_alike_leave_no_doubt():
    counts = numpy.tile([4, 2, 6], (1, 50, 1))
    (drawn,) = resample([counts])
    assert drawn.shape == (RESAMPLES,)
    assert over_documents(drawn) == pytest.approx((0.4, 0.4))


def test_the_interval_is_that_of_theory():
    """One gold entity and one prediction a document: F1 is the share of right ones."""
    n, share = 2000, 0.6
    right = numpy.arange(n) < share * n
    counts = numpy.stack([numpy.ones(n), right, numpy.ones(n)], axis=1)[None]
    low, high = over_documents(resample([counts])[0])
    assert high - low == pytest.approx(2 * 1.96 * (share * (1 - share) / n) ** 0.5, rel=0.15)
    assert (low + high) / 2 == pytest.approx(share, abs=0.005)


def test_pairs_share_their_documents():
    rng = numpy.random.default_rng(0)
    right = rng.random(500) < 0.7
    better = right | (numpy.arange(500) % 20 == 0)
    first, second = (numpy.stack([x * 0 + 1, x, x * 0 + 1], axis=1)[None] for x in (right, better))
    drawn = resample([first, second])
    # the second is never worse
    assert (drawn[1] >= drawn[0]).all()
    apart = numpy.concatenate([resample([first]), resample([second], seed=1)])
    widths = [numpy.subtract(*over_documents(x[1] - x[0])[::-1]) for x in (drawn, apart)]
    assert widths[0] < 0.5 * widths[1]


def test_runs_are_averaged():
    run = numpy.tile([1, 1, 1], (1, 20, 1))
    none = numpy.tile([1, 0, 1], (1, 20, 1))
    drawn = resample([numpy.concatenate([run, none]), run])
    assert drawn[:, 0].tolist() == [0.5, 1.0]


def test_the_draw_is_repeatable():
    counts = numpy.random.default_rng(0).integers(0, 3, (1, 30, 3))
    assert (resample([counts]) == resample([counts])).all()


def test_bootstrap_test():
    signs = numpy.array([1.0] * 1990 + [-1.0] * 9)
    assert bootstrap_test(signs) == bootstrap_test(-signs) == pytest.approx(2 * 10 / 2000)
    assert bootstrap_test(numpy.ones(1999)) == pytest.approx(2 / 2000)
    assert bootstrap_test(numpy.zeros(1999)) == 1.0
