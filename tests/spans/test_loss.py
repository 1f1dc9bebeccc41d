"""The loss equals its dense float64 form in value and gradient, whatever the head, window and batch."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import SpanFactors, Window, zlpr_loss

from .oracle import HEADS, dense_loss, flat, gradients, make_factors, random_gold, require_grad

WINDOWS = [
    Window(None),
    Window(1),
    Window(3),
    Window(8),
    Window(64),
    Window(5, "prefix"),
    Window(64, "prefix"),
]
batches = st.lists(st.integers(0, 24), min_size=1, max_size=6)
scales = st.sampled_from([0.1, 1.0, 5.0, 15.0, 30.0])


def both(factors, gold, window, dtype):
    """Loss and gradient in a precision: ours, and the dense form's."""
    leaves = require_grad(factors, dtype)
    ours = zlpr_loss(leaves, flat(gold, factors.lengths), window)
    ours_grad = gradients(ours, leaves)
    leaves = require_grad(factors, dtype)
    dense = dense_loss(leaves, gold, window)
    return ours.double(), ours_grad, dense.double(), gradients(dense, leaves)


def assert_exact(factors, gold, window):
    loss, grad, oracle, oracle_grad = both(factors, gold, window, torch.float64)
    assert abs(loss - oracle) <= 1e-9 * max(1, abs(oracle))
    assert (grad - oracle_grad).norm() <= 1e-9 * max(1, oracle_grad.norm())


def assert_float32(factors, gold, window):
    oracle_leaves = require_grad(factors)
    oracle = dense_loss(oracle_leaves, gold, window)
    oracle_grad = gradients(oracle, oracle_leaves)
    loss, grad, dense, dense_grad = both(factors, gold, window, torch.float32)
    assert loss.isfinite()
    assert grad.isfinite().all()
    error, dense_error = abs(loss - oracle), abs(dense - oracle)
    assert error <= max(1e-5 * max(1, abs(oracle)), 3 * dense_error)
    norm = oracle_grad.norm()
    error, dense_error = (grad - oracle_grad).norm(), (dense_grad - oracle_grad).norm()
    assert error <= max(1e-5 * norm, 3 * dense_error, 1e-12)


@settings(max_examples=60, deadline=None)
@given(
    batches, st.integers(1, 5), scales, st.sampled_from(WINDOWS), st.sampled_from(HEADS), st.integers(0, 99)
)
def test_equals_the_dense_form(lengths, n_types, scale, window, head, seed):
    factors = make_factors(lengths, n_types, head, scale, seed)
    gold = random_gold(lengths, n_types, window, seed)
    assert_exact(factors, gold, window)
    assert_float32(factors, gold, window)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("window", [Window(None), Window(8)])
@pytest.mark.parametrize("peak", [10.0, 20.0, 50.0])
def test_high_gold_scores(head, window, peak):
    """Gold scores far above the rest: what is left after taking them out must keep its digits."""
    lengths = [13, 30, 1]
    factors = make_factors(lengths, 4, head, 1.0, seed=1)
    gold = random_gold(lengths, 4, window, seed=2)
    for d, first, last, t in gold:
        i, j = (sum(lengths[:d]) + x for x in (first, last))
        q, k = (x.shape[1] - 1 and t for x in (factors.q, factors.k))
        factors.k[j, k] = factors.q[i, q] * peak / factors.q[i, q].square().sum()
    assert_exact(factors, gold, window)
    assert_float32(factors, gold, window)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("window", [Window(None), Window(8), Window(16, "prefix")])
@pytest.mark.parametrize("outlier", [100.0, 1000.0])
def test_rows_that_underflow(head, window, outlier):
    """One distant end score far above all others pushes the sums of the rows that can't reach it under
    the smallest float."""
    lengths = [20, 17]
    factors = make_factors(lengths, 3, head, 2.0, seed=3)
    factors.b[0, 1] += outlier  # reached by the first row alone
    factors.b[12, 2] += outlier
    gold = [(0, 0, 0, 1), (0, 12, 12, 2), (1, 3, 4, 0)]
    gold = [g for g in gold if window.holds(g[1], g[2] + 1)]
    assert_exact(factors, gold, window)
    assert_float32(factors, gold, window)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("window", WINDOWS)
def test_batch_mates_do_not_matter(head, window):
    """A batch's loss is the mean of its documents' losses."""
    lengths = [9, 0, 25, 1, 14]
    factors = make_factors(lengths, 3, head, 3.0, seed=4)
    gold = random_gold(lengths, 3, window, seed=5)
    together = zlpr_loss(factors, flat(gold, lengths), window)
    alone = []
    for d, length in enumerate(lengths):
        single = factors.documents([d == other for other in range(len(lengths))])
        own = [(0, i, j, t) for doc, i, j, t in gold if doc == d]
        alone.append(zlpr_loss(single, flat(own, [length]), window))
    assert torch.stack(alone).mean().item() == pytest.approx(together.item(), abs=1e-12)


@pytest.mark.parametrize("head", HEADS)
def test_gradcheck(head):
    lengths = [5, 3]
    factors = require_grad(make_factors(lengths, 2, head, 1.0, seed=6, head_size=2))
    gold = flat([(0, 0, 2, 1), (0, 0, 2, 0), (1, 1, 1, 1)], lengths)

    def loss(q, k, a, b):
        return zlpr_loss(SpanFactors(q, k, a, b, lengths), gold, Window(4))

    assert torch.autograd.gradcheck(loss, factors.tensors)


def test_gold_outside_the_window_is_refused():
    factors = make_factors([10], 2, "efficient", 1.0, seed=0)
    for first, last in ((0, 5), (4, 3)):
        with pytest.raises(ValueError, match="window"):
            zlpr_loss(factors, torch.tensor([[first, last, 0]]), Window(3))


def test_no_tokens():
    factors = require_grad(make_factors([0, 0], 2, "efficient", 1.0, seed=0))
    loss = zlpr_loss(factors, torch.zeros(0, 3, dtype=torch.long), Window(3))
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype):
    factors = make_factors([40, 20], 3, "efficient", 3.0, seed=7)
    factors = replace(factors, **dict(zip("qkab", (x.to(dtype) for x in factors.tensors), strict=True)))
    gold = flat(random_gold([40, 20], 3, Window(8), seed=8), [40, 20])
    loss = zlpr_loss(factors, gold, Window(8))
    assert loss.dtype == torch.float32
    assert loss == zlpr_loss(factors.full_precision(), gold, Window(8))
