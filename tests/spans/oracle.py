"""The padded dense forms, written from their formulas in float64: slow, and plain to see right."""

import random

import torch
from torch import Tensor

from spacy_gpner.spans import SpanFactors, Window

Gold = list[tuple[int, int, int, int]]  # document, first token, last token (inclusive), type


def dense_scores(factors: SpanFactors) -> list[Tensor]:
    """s_t(i, j) of each document, shape (T, L, L), every cell."""
    offset, result = 0, []
    for length in factors.lengths:
        part = slice(offset, offset + length)
        q, k, a, b = (x[part] for x in factors.tensors)
        n_types = a.shape[1]
        product = torch.einsum("ith,jth->tij", q.expand(-1, n_types, -1), k.expand(-1, n_types, -1))
        result.append(product + a.T[:, :, None] + b.T[:, None, :])
        offset += length
    return result


def valid_cells(length: int, window: Window) -> Tensor:
    """Which cells of a document are spans inside the window, shape (L, L)."""
    i, j = torch.arange(length)[:, None], torch.arange(length)[None]
    valid = i <= j
    if window.width is not None:
        valid = valid & ((j < window.width) if window.mode == "prefix" else (j - i < window.width))
    return valid


def dense_loss(factors: SpanFactors, gold: Gold, window: Window) -> Tensor:
    """Eq. 14 as it stands, document by document and type by type."""
    terms = []
    for d, scores in enumerate(dense_scores(factors)):
        valid = valid_cells(scores.shape[1], window)
        for t in range(scores.shape[0]):
            is_gold = torch.zeros_like(valid)
            for doc, first, last, kind in gold:
                if (doc, kind) == (d, t):
                    is_gold[first, last] = True
            zero = scores.new_zeros(1)
            positive = torch.logsumexp(torch.cat([zero, -scores[t][is_gold]]), 0)
            negative = torch.logsumexp(torch.cat([zero, scores[t][valid & ~is_gold]]), 0)
            terms.append(positive + negative)
    return torch.stack(terms).mean()


def dense_decode(
    factors: SpanFactors, window: Window, minimum: float
) -> dict[tuple[int, int, int, int], float]:
    """(document, start, end, type) -> score, of every valid span above a minimum."""
    found = {}
    for d, scores in enumerate(dense_scores(factors)):
        valid = valid_cells(scores.shape[1], window)
        for t, i, j in (valid & (scores > minimum)).nonzero().tolist():
            found[d, i, j + 1, t] = float(scores[t, i, j])
    return found


HEADS = ("efficient", "globalpointer", "biaffine")


def make_factors(
    lengths: list[int], n_types: int, head: str, scale: float, seed: int, head_size: int = 6
) -> SpanFactors:
    """Random factors in float64 of the shape that a head gives, with scores of standard deviation `scale`."""
    g = torch.Generator().manual_seed(seed)
    n = sum(lengths)
    n_q = 1 if head == "efficient" else n_types
    n_k = n_types if head == "globalpointer" else 1

    def randn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    # a product of d standard normals has the variance d; a and b make up half of the score's variance
    part = scale if head == "globalpointer" else scale / 2**0.5
    bias = 0.0 if head == "globalpointer" else scale / 2
    return SpanFactors(
        q=randn(n, n_q, head_size) * part / head_size**0.5,
        k=randn(n, n_k, head_size),
        a=randn(n, n_types) * bias,
        b=randn(n, n_types) * bias,
        lengths=lengths,
    )


def random_gold(lengths: list[int], n_types: int, window: Window, seed: int) -> Gold:
    """Some distinct spans inside the window."""
    rng = random.Random(seed)
    gold = set()
    for d, length in enumerate(lengths):
        for _ in range(rng.randint(0, 1 + length // 2) if length else 0):
            first = rng.randrange(length)
            last = min(length - 1, first + rng.randint(0, 4))
            if window.holds(first, last + 1):
                for _ in range(rng.choice((1, 1, 2))):
                    gold.add((d, first, last, rng.randrange(n_types)))
    return sorted(gold)


def flat(gold: Gold, lengths: list[int]) -> Tensor:
    """Gold in the flat coordinates that the loss takes, shape (G, 3)."""
    offsets = [sum(lengths[:d]) for d in range(len(lengths))]
    return torch.tensor(
        [(offsets[d] + i, offsets[d] + j, t) for d, i, j, t in gold], dtype=torch.long
    ).reshape(-1, 3)


def require_grad(factors: SpanFactors, dtype: torch.dtype = torch.float64) -> SpanFactors:
    """A copy whose tensors are leaves."""
    q, k, a, b = (x.detach().to(dtype).clone().requires_grad_() for x in factors.tensors)
    return SpanFactors(q, k, a, b, factors.lengths)


def gradients(loss: Tensor, factors: SpanFactors) -> Tensor:
    """The loss's gradient for all factors, as one vector."""
    grads = torch.autograd.grad(loss, factors.tensors, allow_unused=True)
    return torch.cat(
        [
            (torch.zeros_like(x) if g is None else g).flatten()
            for g, x in zip(grads, factors.tensors, strict=True)
        ]
    ).double()
