"""What all scores have in common, on factors and on the plainest kind there is."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import Scores, SpanFactors

from .oracle import HEADS, dense_scores, make_factors

LENGTHS = [4, 0, 3]


@dataclass(frozen=True)
class Emissions(Scores):
    """A number for each token and type."""

    e: torch.Tensor
    lengths: Sequence[int]

    @property
    def num_types(self):
        return self.e.shape[1]

    def types(self, index):
        return self.with_tensors(self.e[:, list(index)])


def emissions(seed=0, n_types=3):
    g = torch.Generator().manual_seed(seed)
    return Emissions(torch.randn(sum(LENGTHS), n_types, generator=g, dtype=torch.float64), LENGTHS)


def kinds():
    return [emissions(), *(make_factors(LENGTHS, 3, head, 1.0, seed=0) for head in HEADS)]


def equal(x, y):
    return x.lengths == y.lengths and all(map(torch.equal, x.tensors, y.tensors))


@pytest.mark.parametrize("scores", kinds())
def test_documents_are_those_that_are_kept(scores):
    assert scores.documents([True] * 3) is scores
    first, last = scores.documents([True, True, False]), scores.documents([False, False, True])
    assert (first.lengths, last.lengths) == ([4, 0], [3])
    for x, own, rest in zip(scores.tensors, first.tensors, last.tensors, strict=True):
        assert torch.equal(x, torch.cat([own, rest]))
    none = scores.documents([False] * 3)
    assert none.lengths == []
    assert all(len(x) == 0 for x in none.tensors)


@pytest.mark.parametrize("scores", kinds())
def test_flat_holds_all_numbers_and_comes_back(scores):
    flat = scores.flat()
    assert flat.shape == (7, sum(x[0].numel() for x in scores.tensors))
    assert equal(scores.of_flat(flat, LENGTHS), scores)
    part = scores.of_flat(flat[4:], [3])
    assert equal(part, scores.documents([False, False, True]))


@pytest.mark.parametrize("scores", kinds())
def test_other_numbers_of_the_same_documents(scores):
    twice = scores.with_tensors(*(2 * x for x in scores.tensors))
    assert type(twice) is type(scores)
    assert equal(scores + scores, twice)
    with pytest.raises(ValueError, match="longer"):
        scores.with_tensors(scores.tensors[0], *scores.tensors)


def test_detached_and_in_full_precision():
    scores = emissions()
    learned = scores.with_tensors(scores.e.half().requires_grad_())
    assert not learned.detach().e.requires_grad
    assert learned.full_precision().e.dtype == torch.float32
    assert scores.full_precision().e.dtype == torch.float64


def test_mean_of_any_kind():
    parts = [emissions(seed) for seed in range(3)]
    mean = Emissions.mean(parts)
    torch.testing.assert_close(mean.e, sum(part.e for part in parts) / 3, atol=1e-12, rtol=0)
    assert equal(Emissions.mean(parts[:1]), parts[0])


def test_scores_that_can_not_be_told_for_other_tokens_say_so():
    with pytest.raises(ValueError, match=r"Emissions can't be told for other tokens\..*same tokenizer"):
        emissions().on_tokens(torch.tensor([0]), torch.tensor([1]), [1])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HEADS), st.integers(1, 7)), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(0, 99),
)
def test_mean_of_factors_is_the_mean_of_all_scores(members, n_types, seed):
    """Also of those that share q and k beside those with a projection for each type, of any head size."""
    parts = [
        make_factors(LENGTHS, n_types, head, 2.0, seed + i, head_size)
        for i, (head, head_size) in enumerate(members)
    ]
    mean = SpanFactors.mean(parts)
    assert mean.num_types == n_types
    assert mean.lengths == LENGTHS
    assert mean.shared == all(part.shared for part in parts)
    for found, *own in zip(dense_scores(mean), *map(dense_scores, parts), strict=True):
        torch.testing.assert_close(found, sum(own) / len(own), atol=1e-12, rtol=0)


@pytest.mark.parametrize("head", HEADS)
def test_types_in_any_order(head):
    factors = make_factors(LENGTHS, 4, head, 1.0, seed=0)
    assert factors.types(range(4)) is factors
    for own, all_types in zip(dense_scores(factors.types([3, 1])), dense_scores(factors), strict=True):
        torch.testing.assert_close(own, all_types[[3, 1]])


def test_mean_keeps_the_gradient():
    parts = [make_factors(LENGTHS, 2, head, 1.0, seed=0) for head in HEADS]
    leaves = [part.with_tensors(*(x.requires_grad_() for x in part.tensors)) for part in parts]
    SpanFactors.mean(leaves).flat().sum().backward()
    for part in leaves:
        torch.testing.assert_close(part.a.grad, torch.full_like(part.a, 1 / 3))


@pytest.mark.parametrize("scores", kinds())
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_one_number_that_is_not_finite(scores, value):
    assert scores.is_finite
    for i in range(len(scores.tensors)):
        for index in (0, -1):
            tensors = [x.clone() for x in scores.tensors]
            tensors[i].view(-1)[index] = value
            assert not scores.with_tensors(*tensors).is_finite


def test_nothing_is_finite():
    assert emissions().documents([False] * 3).is_finite
    assert make_factors([0], 2, "efficient", 1.0, seed=0).is_finite


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(HEADS), st.floats(1e15, 1e22), st.integers(0, 9))
def test_what_is_called_finite_has_no_score_that_is_not(head, scale, seed):
    factors = make_factors(LENGTHS, 3, head, 1.0, seed)
    large = factors.with_tensors(*((x * scale).float() for x in factors.tensors))
    dense = torch.cat([x.flatten() for x in dense_scores(large)])
    if large.is_finite:
        assert dense.isfinite().all()
    if not dense.isfinite().all():
        assert not large.is_finite
    assert (scale < 1e18) <= large.is_finite


def test_half_precision_is_judged_by_the_precision_that_it_is_decoded_in():
    factors = make_factors(LENGTHS, 3, "efficient", 1.0, seed=0)
    half = factors.with_tensors(*(torch.full_like(x, 6e4, dtype=torch.float16) for x in factors.tensors))
    assert half.is_finite
    assert not half.with_tensors(*(x * 2 for x in half.tensors)).is_finite
