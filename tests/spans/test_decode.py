"""Decoding finds exactly what a look at every cell finds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import Calibration, Cut, Window, decode
from spacy_gpner.spans import decode as decode_function
from spacy_gpner.spans import tiles as tiles_module

from .oracle import HEADS, dense_decode, make_factors
from .test_loss import WINDOWS, batches, scales

NO_LIMIT = 10**9


def found(factors, window, threshold, max_spans=NO_LIMIT, calibration=None):
    thresholds = threshold if isinstance(threshold, list) else [threshold] * factors.num_types
    limits = [max_spans] * len(factors.lengths)
    spans = decode(factors, window, Cut(thresholds, limits, calibration))
    keys = list(zip(*(x.tolist() for x in (spans.doc, spans.start, spans.end, spans.type)), strict=True))
    assert keys == sorted(keys)
    return dict(zip(keys, spans.score.tolist(), strict=True)), spans.dropped.tolist()


@settings(max_examples=60, deadline=None)
@given(
    batches,
    st.integers(1, 5),
    scales,
    st.sampled_from(WINDOWS),
    st.sampled_from(HEADS),
    st.sampled_from([0.0, 0.05, 0.5, 0.9]),
    st.integers(0, 99),
)
def test_equals_brute_force(lengths, n_types, scale, window, head, threshold, seed):
    factors = make_factors(lengths, n_types, head, scale, seed)
    minimum = math.log(threshold / (1 - threshold)) if threshold else -math.inf
    spans, dropped = found(factors, window, threshold)
    oracle = dense_decode(factors, window, minimum)
    assert spans.keys() == oracle.keys()
    assert not any(dropped)
    for key, score in spans.items():
        assert score == pytest.approx(1 / (1 + math.exp(-oracle[key])), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    batches,
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.05, 0.3, 0.5, 0.9, 1.0]),
            st.floats(0.1, 3.0),
            st.floats(-2.0, 2.0),
        ),
        min_size=1,
        max_size=5,
    ),
    scales,
    st.sampled_from(WINDOWS),
    st.sampled_from(HEADS),
    st.integers(0, 99),
)
def test_thresholds_and_calibration_by_type(lengths, types, scale, window, head, seed):
    factors = make_factors(lengths, len(types), head, scale, seed)
    thresholds, slopes, offsets = (list(x) for x in zip(*types, strict=True))
    calibration = Calibration(*(torch.tensor(x, dtype=torch.float64) for x in (slopes, offsets)))
    oracle = {
        key: 1 / (1 + math.exp(-(slopes[key[3]] * score + offsets[key[3]])))
        for key, score in dense_decode(factors, window, -math.inf).items()
    }
    spans, _ = found(factors, window, thresholds, calibration=calibration)
    for key, p in oracle.items():
        if abs(p - thresholds[key[3]]) > 1e-9 or thresholds[key[3]] in (0.0, 1.0):
            assert (key in spans) == (p > thresholds[key[3]] or thresholds[key[3]] == 0), key
    assert spans == pytest.approx({key: oracle[key] for key in spans}, abs=1e-9)


def test_the_best_are_the_best_after_calibration():
    factors = make_factors([9], 2, "efficient", 1.0, seed=3)
    up = Calibration(torch.ones(2, dtype=torch.float64), torch.tensor([0.0, 50.0], dtype=torch.float64))
    spans, dropped = found(factors, Window(2), 0.0, 17, calibration=up)
    assert dropped == [17]
    assert {key[3] for key in spans} == {1}


def test_threshold_of_one_lets_nothing_through():
    factors = make_factors([10], 2, "efficient", 30.0, seed=0)
    assert found(factors, Window(4), 1.0) == ({}, [0])


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("held", [1, 7, 2**20])
def test_max_spans_keeps_the_best(head, held, monkeypatch):
    monkeypatch.setattr(__import__("sys").modules[decode_function.__module__], "MAX_HELD", held)
    lengths, limit = [12, 0, 30, 3], 8
    factors = make_factors(lengths, 3, head, 2.0, seed=1)
    spans, dropped = found(factors, Window(6), 0.0, limit)
    oracle = dense_decode(factors, Window(6), -math.inf)
    for d, length in enumerate(lengths):
        own = sorted((s for k, s in oracle.items() if k[0] == d), reverse=True)
        assert dropped[d] == max(0, len(own) - limit)
        kept = sorted((s for k, s in spans.items() if k[0] == d), reverse=True)
        assert kept == pytest.approx([1 / (1 + math.exp(-s)) for s in own[:limit]], abs=1e-9), length


def test_ties_are_broken_by_position():
    factors = make_factors([6], 2, "efficient", 0.0, seed=0)
    spans, dropped = found(factors, Window(2), 0.0, 3)
    assert list(spans) == [(0, 0, 1, 0), (0, 0, 1, 1), (0, 0, 2, 0)]
    assert dropped == [19]


@pytest.mark.parametrize("cells", [1, 50, 1000])
def test_long_documents_without_a_window_are_cut_in_bands_of_rows(cells, monkeypatch):
    monkeypatch.setattr(tiles_module, "MAX_TILE_CELLS", cells)
    factors = make_factors([40, 3, 33], 2, "efficient", 1.0, seed=2)
    spans, _ = found(factors, Window(None), 0.5)
    assert spans.keys() == dense_decode(factors, Window(None), 0.0).keys()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("window", WINDOWS)
def test_batch_mates_do_not_matter(head, window):
    lengths = [9, 0, 25, 1, 14]
    factors = make_factors(lengths, 3, head, 3.0, seed=4)
    together, _ = found(factors, window, 0.3)
    for d in range(len(lengths)):
        alone, _ = found(factors.documents([d == other for other in range(len(lengths))]), window, 0.3)
        own = {key[1:]: score for key, score in together.items() if key[0] == d}
        assert own == pytest.approx({key[1:]: score for key, score in alone.items()}, abs=1e-9)


def test_no_documents():
    factors = make_factors([], 2, "efficient", 1.0, seed=0)
    assert found(factors, Window(4), 0.5) == ({}, [])


def test_scores_that_are_not_numbers_are_no_spans():
    factors = make_factors([5], 2, "efficient", 1.0, seed=0)
    factors.q[2] = torch.nan
    assert all(key[1] != 2 for key in found(factors, Window(4), 0.0)[0])
