"""Every divergence equals its dense float64 form in value and gradient."""

from typing import get_args

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import Divergence, Reduction, divergence

from .oracle import HEADS, dense_scores, gradients, make_factors, require_grad, valid_cells
from .test_loss import WINDOWS, batches, scales

KINDS = get_args(Divergence)


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
    return total, max(float(abs(gap)), float(abs(s.logsumexp(0) - t.logsumexp(0))))


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
