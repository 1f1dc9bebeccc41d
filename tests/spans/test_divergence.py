"""Every divergence equals its dense float64 form in value and gradient."""

import math
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner import spans
from spacy_gpner.spans import DistillationLoss, SpanFactors, Window, zlpr_loss
from spacy_gpner.spans.divergence import DIVERGENCES
from spacy_gpner.spans.pairs import Reduction
from spacy_gpner.spans.tiles import make_tiles

from .oracle import HEADS, dense_scores, gradients, make_factors, require_grad, valid_cells
from .test_loss import WINDOWS, batches, scales

KINDS = tuple(DIVERGENCES)


def divergence(student, teacher, window, kind, allowed=None, **settings):
    return spans.divergence(student, teacher, window, DistillationLoss(kind, **settings), allowed)


def dense_divergence(student, teacher, window, kind, temperature=1.0, reduction="sum", skip=()):
    """The formulas as they stand, document by document and type by type; and the scale of a float32 error."""
    terms, scale = [], 1.0
    for s, t in zip(dense_scores(student), dense_scores(teacher), strict=True):
        length = s.shape[1]
        valid = valid_cells(length, window)
        for i in skip:
            valid[i : i + 1] = False
        for of_type in range(s.shape[0]):
            x, y = s[of_type][valid] / temperature, t[of_type][valid] / temperature
            term = s.new_zeros(())
            if len(x):
                term, size = one(x, y, kind)
                scale = max(scale, size)
            terms.append(term / (length**2 if reduction == "mean" and length else 1))
    return torch.stack(terms).mean(), scale


def one(s, t, kind):
    if kind == "mse":
        return (s - t).square().sum(), 1.0
    if kind == "bernoulli":
        p, q = t.sigmoid(), s.sigmoid()
        logs = torch.nn.functional.logsigmoid
        same = p * (logs(t) - logs(s)) + (1 - p) * (logs(-t) - logs(-s))
        assert q.isfinite().all()
        return same.sum(), 1.0
    if "zlpr" in kind:
        zero = s.new_zeros(1)
        s, t = torch.cat([zero, s]), torch.cat([zero, t])
    if kind.startswith("reverse"):
        s, t = t, s
    gap = (t.softmax(0) * (s - t)).sum()
    total = s.logsumexp(0) - t.logsumexp(0) - gap
    return total, max(abs(gap.item()), abs((s.logsumexp(0) - t.logsumexp(0)).item()))


def pair(lengths, n_types, head, scale, seed):
    return (
        make_factors(lengths, n_types, head, scale, seed),
        make_factors(lengths, n_types, HEADS[seed % len(HEADS)], scale, seed + 1000, head_size=4),
    )


@settings(max_examples=60, deadline=None)
@given(
    batches,
    st.integers(1, 4),
    scales,
    st.sampled_from(WINDOWS),
    st.sampled_from(HEADS),
    st.sampled_from(KINDS),
    st.sampled_from(get_args(Reduction)),
    st.sampled_from([1.0, 0.5, 4.0]),
    st.integers(0, 99),
)
def test_equals_the_dense_form(lengths, n_types, scale, window, head, kind, reduction, temperature, seed):
    student, teacher = pair(lengths, n_types, head, scale, seed)
    leaves = require_grad(student)
    args = {"temperature": temperature, "reduction": reduction}
    dense, size = dense_divergence(leaves, teacher, window, kind, **args)
    dense_grad = gradients(dense + 0 * leaves.q.sum(), leaves)

    value = divergence(leaves, teacher, window, kind, **args)
    grad = gradients(value + 0 * leaves.q.sum(), leaves)
    assert abs(value - dense) <= 1e-9 * max(1, abs(dense))
    assert (grad - dense_grad).norm() <= 1e-9 * max(1, dense_grad.norm())

    single = require_grad(student, torch.float32)
    single_teacher = require_grad(teacher, torch.float32)
    value = divergence(single, single_teacher, window, kind, **args)
    grad = gradients(value + 0 * single.q.sum(), single)
    assert grad.isfinite().all()
    assert abs(value.double() - dense) <= 1e-5 * max(1, size, abs(dense))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reduction", get_args(Reduction))
def test_batch_mates_do_not_matter(kind, reduction):
    """A batch's divergence is the mean of its documents'."""
    lengths = [9, 0, 25, 1, 14]
    student, teacher = pair(lengths, 3, "efficient", 3.0, seed=4)
    together = divergence(student, teacher, Window(8), kind, reduction=reduction)
    alone = []
    for d in range(len(lengths)):
        keep = [d == other for other in range(len(lengths))]
        parts = (factors.documents(keep) for factors in (student, teacher))
        alone.append(divergence(*parts, Window(8), kind, reduction=reduction))
    assert torch.stack(alone).mean().item() == pytest.approx(together.item(), abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_of_equal_scores_is_zero(kind):
    factors, _ = pair([9, 4], 3, "biaffine", 3.0, seed=5)
    leaves = require_grad(factors)
    value = divergence(leaves, factors, Window(4), kind)
    assert value.item() == pytest.approx(0, abs=1e-12)
    assert gradients(value, leaves).norm() < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_some_cells_alone(kind):
    """Cells that are not allowed are as good as not there; here all that start at the second token."""
    student, teacher = pair([7], 2, "globalpointer", 2.0, seed=6)

    def allowed(first, last):
        return first != 1

    leaves = require_grad(student)
    value = divergence(leaves, teacher, Window(3), kind, allowed=allowed)
    dense, _ = dense_divergence(leaves, teacher, Window(3), kind, skip=[1])
    assert abs(value - dense) <= 1e-9
    assert (gradients(value, leaves) - gradients(dense, leaves)).norm() <= 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_no_tensor_of_all_types(kind):
    """Memory for backpropagation doesn't grow with the number of types beyond the factors themselves."""

    def saved(n_types):
        kept = {}

        def count(tensor):
            kept[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        student, teacher = pair([200], n_types, "efficient", 1.0, seed=7)
        leaves = require_grad(student)
        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            divergence(leaves, teacher, Window(None), kind)
        return sum(tensor.numel() for tensor in kept.values())

    assert saved(20) - saved(2) < 200 * 200


def test_half_precision_is_computed_in_full():
    student, teacher = pair([9], 2, "efficient", 1.0, seed=8)
    halves = [
        SpanFactors(*(x.to(torch.bfloat16) for x in factors.tensors), factors.lengths)
        for factors in (student, teacher)
    ]
    assert divergence(*halves, Window(4), "bernoulli").dtype == torch.float32


@pytest.mark.parametrize("kwargs", [{"kind": "euclid"}, {"kind": "kl", "reduction": "max"}])
def test_unknown_settings(kwargs):
    student, teacher = pair([3], 2, "efficient", 1.0, seed=9)
    with pytest.raises(ValueError, match="Expected one of"):
        divergence(student, teacher, Window(4), **kwargs)


@pytest.mark.parametrize("max_cells", [1, 12, 30])
def test_wide_windows_are_cut_in_tiles(monkeypatch, max_cells):
    """Tiles lower than the window is wide hold the same spans, for divergence and loss."""
    monkeypatch.setattr("spacy_gpner.spans.tiles.MAX_TILE_CELLS", max_cells)
    lengths, window = [9, 1, 0, 14], Window(5)
    tiles = list(make_tiles(lengths, window, torch.device("cpu")))
    assert sum(int(t.valid.sum()) for t in tiles) == sum(
        int(valid_cells(length, window).sum()) for length in lengths
    )
    student, teacher = pair(lengths, 2, "efficient", 2.0, seed=3)
    leaves = require_grad(student)
    for kind in KINDS:
        value = divergence(leaves, teacher, window, kind)
        dense, _ = dense_divergence(leaves, teacher, window, kind)
        assert abs(value - dense) <= 1e-9
        assert (gradients(value, leaves) - gradients(dense, leaves)).norm() <= 1e-9
    gold = torch.tensor([[0, 3, 0], [10, 14, 1], [9, 9, 1]])
    loss = zlpr_loss(leaves, gold, window)
    monkeypatch.undo()
    assert abs(loss - zlpr_loss(leaves, gold, window)) <= 1e-9


def test_what_does_not_fit():
    student, teacher = pair([3, 1], 2, "efficient", 1.0, seed=9)
    with pytest.raises(ValueError, match="temperature"):
        divergence(student, teacher, Window(4), "kl", temperature=0.0)
    for lengths, n_types in (([4], 2), ([3, 1], 3)):
        other, _ = pair(lengths, n_types, "efficient", 1.0, seed=9)
        with pytest.raises(ValueError, match="same tokens and types"):
            divergence(student, other, Window(4), "kl")


def of_single_tokens(scores, grad=False):
    """Factors of texts in which each token is the one span that counts, under a window of 1."""
    none = torch.zeros(len(scores), 1, 0, dtype=scores.dtype)
    column = scores[:, None].clone().requires_grad_(grad)
    return SpanFactors(none, none, column, torch.zeros_like(column), [len(scores)])


@pytest.mark.parametrize(
    ("kind", "shares"),
    [("bernoulli", (0.41, 0.15, 0.043)), ("mse", (1 / 4, 1 / 16, 1 / 64))],
)
def test_no_factor_makes_up_for_the_temperature(kind, shares):
    """The docs' numbers: how much of the gradient is left at 2, 4 and 8, of scores that are normal with
    standard deviation 5; and that it falls by the square where the temperature is far above them."""
    g = torch.Generator().manual_seed(0)
    student, teacher = (5 * torch.randn(500, generator=g, dtype=torch.float64) for _ in range(2))

    def gradient(temperature):
        own = of_single_tokens(student, grad=True)
        divergence(own, of_single_tokens(teacher), Window(1), kind, temperature=temperature).backward()
        return own.a.grad.norm()

    found = [float(gradient(k) / gradient(1)) for k in (2, 4, 8)]
    assert found == pytest.approx(shares, rel=0.1)
    assert float(gradient(200) / gradient(100)) == pytest.approx(0.25, rel=0.01)


def test_hard_and_soft_losses_are_of_different_scale():
    """The docs' numbers: a student that is undecided about 324 spans, under a teacher that finds none."""
    window, nothing = Window(24), torch.zeros(25, 1, 0, dtype=torch.float64)
    a, b = (torch.zeros(25, 1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    student = SpanFactors(nothing, nothing, a, b, [25])
    teacher = SpanFactors(nothing, nothing, torch.full_like(a, -100.0), torch.zeros_like(b), [25])
    hard = zlpr_loss(student, torch.zeros(0, 3, dtype=torch.long), window)
    soft = divergence(student, teacher, window, "bernoulli")
    of_hard, of_soft = (float(torch.autograd.grad(loss, a)[0].sum()) for loss in (hard, soft))
    assert (of_hard, of_soft) == pytest.approx((324 / 325, 162))
    assert float(hard.detach()) == pytest.approx(math.log(325))
    assert float(soft.detach()) == pytest.approx(324 * math.log(2))
