"""Choosing among spans, apart from decoding."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import Calibration, Cut, DecodedSpans, decode
from spacy_gpner.spans.decoded import join

from .oracle import HEADS, make_factors
from .test_loss import WINDOWS, batches, scales


def rows(spans):
    columns = (spans.doc, spans.start, spans.end, spans.type, spans.logit)
    return list(zip(*(x.tolist() for x in columns), strict=True))


def make_spans(*spans, n_docs=2):
    """Spans from (document, start, end, type, logit)."""
    columns = list(zip(*spans, strict=True)) or [[]] * 5
    index = [torch.tensor(x, dtype=torch.long) for x in columns[:4]]
    logit = torch.tensor(columns[4], dtype=torch.float64)
    return DecodedSpans(*index, logit, torch.zeros(n_docs, dtype=torch.long))


@st.composite
def cuts(draw, n_docs, n_types):
    def each(strategy, n):
        return draw(st.lists(strategy, min_size=n, max_size=n))

    calibration = None
    if draw(st.booleans()):
        slope, offset = each(st.floats(0.1, 3.0), n_types), each(st.floats(-2.0, 2.0), n_types)
        calibration = Calibration(*(torch.tensor(x, dtype=torch.float64) for x in (slope, offset)))
    starts = each(st.tuples(st.integers(0, 8), st.integers(0, 12)), n_docs) if draw(st.booleans()) else None
    return Cut(
        thresholds=each(st.sampled_from([0.0, 0.05, 0.5, 0.9, 1.0]), n_types),
        max_spans=each(st.integers(0, 12), n_docs) if draw(st.booleans()) else None,
        calibration=calibration,
        starts=starts,
    )


@settings(max_examples=150, deadline=None)
@given(st.data(), batches, scales, st.sampled_from(WINDOWS), st.sampled_from(HEADS), st.integers(0, 99))
def test_apply_equals_decoding(data, lengths, scale, window, head, seed):
    """All spans, decoded without a cut and shuffled, then chosen from, are those decoded with it."""
    n_types = data.draw(st.integers(1, 3))
    factors = make_factors(lengths, n_types, head, scale, seed)
    cut = data.draw(cuts(len(lengths), n_types))
    every = decode(factors, window, Cut([0.0] * n_types))
    shuffled = every.take(torch.randperm(len(every.doc), generator=torch.Generator().manual_seed(seed)))
    chosen, found = cut.apply(shuffled), decode(factors, window, cut)
    assert rows(chosen) == rows(found)
    assert chosen.dropped.tolist() == found.dropped.tolist()


def test_thresholds_of_zero_and_one():
    spans = make_spans((0, 0, 1, 0, -50.0), (0, 0, 1, 1, 50.0))
    assert rows(Cut([0.0, 1.0]).apply(spans)) == [(0, 0, 1, 0, -50.0)]


def test_starts_are_those_of_each_document():
    spans = make_spans(*((doc, start, start + 1, 0, 1.0) for doc in (0, 1) for start in range(4)))
    found = Cut([0.5], starts=[(0, 2), (3, 9)]).apply(spans)
    assert [(doc, start) for doc, start, *_ in rows(found)] == [(0, 0), (0, 1), (1, 3)]
    assert len(Cut([0.5], starts=[(2, 2), (5, 1)]).apply(spans).doc) == 0


def test_best_within_limits_by_document():
    spans = make_spans(
        (1, 0, 2, 0, 1.0), (0, 3, 4, 0, 5.0), (0, 0, 1, 1, 2.0), (0, 0, 1, 0, 3.0), (1, 0, 1, 0, 4.0)
    )
    best = spans.best(torch.tensor([2, 1]))
    assert rows(best) == [(0, 0, 1, 0, 3.0), (0, 3, 4, 0, 5.0), (1, 0, 1, 0, 4.0)]
    assert best.dropped.tolist() == [1, 1]
    # what was dropped before is remembered
    assert best.best(torch.tensor([1, 1])).dropped.tolist() == [2, 1]
    assert rows(spans.best(torch.tensor([9, 9]))) == sorted(rows(spans))
    assert spans.best(torch.tensor([9, 9])).dropped.tolist() == [0, 0]
    none = spans.best(torch.tensor([0, 0]))
    assert (rows(none), none.dropped.tolist()) == ([], [3, 2])


def test_best_of_equal_scores_are_the_first():
    spans = make_spans((0, 2, 3, 0, 1.0), (0, 1, 3, 0, 1.0), (0, 1, 2, 1, 1.0), (0, 1, 2, 0, 1.0), n_docs=1)
    assert [row[1:4] for row in rows(spans.best(torch.tensor([2])))] == [(1, 2, 0), (1, 2, 1)]


def test_join_adds_up_what_was_dropped():
    first = make_spans((0, 0, 1, 0, 1.0), (0, 1, 2, 0, 2.0)).best(torch.tensor([1, 1]))
    both = join([first, make_spans((1, 0, 1, 0, 3.0)), DecodedSpans.none(2)])
    assert rows(both) == [(0, 1, 2, 0, 2.0), (1, 0, 1, 0, 3.0)]
    assert both.dropped.tolist() == [1, 0]


def test_calibration_and_its_inverse():
    calibration = Calibration(torch.tensor([2.0, 0.5]), torch.tensor([-1.0, 3.0]))
    scores = torch.tensor([0.7, -4.0])
    assert calibration(scores, torch.tensor([0, 1])).tolist() == pytest.approx([0.4, 1.0])
    torch.testing.assert_close(calibration.inverse(calibration(scores, torch.tensor([0, 1]))), scores)
    cut = Cut([0.0, 0.5, 1.0], calibration=Calibration(torch.full((3,), 2.0), torch.full((3,), -1.0)))
    assert cut.minimum.tolist() == [-math.inf, 0.5, math.inf]
