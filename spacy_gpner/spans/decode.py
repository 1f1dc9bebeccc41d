"""From factors to the spans whose score passes its type's threshold."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Optional, Self

import torch
from torch import Tensor

from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

# Bounds the memory of a step: cells compared at once, and spans held before the surplus is dropped.
MAX_CELLS = 2**20
MAX_HELD = 2**20


@dataclass(frozen=True)
class Calibration:
    """What makes probabilities of the scores s of T types: sigmoid(slope * s + offset), Platt scaling (Platt
    1999, Probabilistic outputs for support vector machines). Within a type it keeps their order.

    slope (Tensor): Positive, shape (T,).
    offset (Tensor): Shape (T,).
    """

    slope: Tensor
    offset: Tensor

    def __call__(self, scores: Tensor, types: Tensor) -> Tensor:
        """Calibrate scores.

        scores (Tensor): The scores s, shape (S,).
        types (Tensor): The type of each, shape (S,).
        RETURNS (Tensor): slope * s + offset, shape (S,).
        """
        return self.slope.to(scores)[types] * scores + self.offset.to(scores)[types]

    def inverse(self, scores: Tensor) -> Tensor:
        """The scores that a calibrated score of each type comes from.

        scores (Tensor): Calibrated scores, shape (T,).
        RETURNS (Tensor): The scores, shape (T,).
        """
        return (scores - self.offset) / self.slope


@dataclass(frozen=True)
class DecodedSpans:
    """The spans found in a batch, by document, then start, end and type; S spans, on the CPU.

    doc, start, end, type (Tensor): Document, first token in it, the token after the last, and type,
        shape (S,) each.
    logit (Tensor): The span's score, calibrated if that was asked for, shape (S,).
    dropped (Tensor): Spans of each document that passed the threshold beyond its `max_spans`, shape (docs,).
    """

    doc: Tensor
    start: Tensor
    end: Tensor
    type: Tensor
    logit: Tensor
    dropped: Tensor

    @property
    def score(self) -> Tensor:
        """The score as a probability, in [0, 1], shape (S,)."""
        return self.logit.sigmoid()

    @classmethod
    def none(cls, n_docs: int) -> Self:
        """The result for documents without a span.

        n_docs (int): How many documents.
        RETURNS (DecodedSpans): No spans.
        """
        empty = torch.zeros(0, dtype=torch.long)
        return cls(empty, empty, empty, empty, torch.zeros(0), torch.zeros(n_docs, dtype=torch.long))


def decode(
    factors: SpanFactors,
    window: Window,
    thresholds: Sequence[float],
    max_spans: Sequence[int],
    calibration: Optional[Calibration] = None,
) -> DecodedSpans:
    """Find the valid spans whose score, as a probability, is above the threshold of their type.

    factors (SpanFactors): The batch's factors.
    window (Window): The context shield window.
    thresholds (Sequence[float]): One for each type, in [0, 1]. 0 lets every span pass, 1 none.
    max_spans (Sequence[int]): The most spans for each document: the best are kept.
    calibration (Optional[Calibration]): What makes probabilities of scores, in float64; None for the sigmoid
        alone.
    RETURNS (DecodedSpans): The spans.
    """
    factors = factors.full_precision()
    lengths = torch.tensor(factors.lengths, dtype=torch.long)
    limits = torch.tensor(max_spans, dtype=torch.long)
    doc_of = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    minimum = torch.tensor([_logit(p) for p in thresholds], dtype=torch.float64)
    if calibration is not None:
        minimum = calibration.inverse(minimum)
    passed = torch.zeros(len(lengths), dtype=torch.long)
    held: list[_Found] = []
    for tiles in make_tiles(factors.lengths, window, factors.q.device):
        for part in tiles.split(MAX_CELLS):
            find = _find_shared if factors.shared else _find_by_type
            for found in find(factors, part, minimum):
                if calibration is not None:
                    found = replace(found, score=calibration(found.score, found.type))
                passed += torch.bincount(doc_of[found.first], minlength=len(lengths))
                held.append(found)
                if sum(len(f.first) for f in held) > MAX_HELD:
                    held = [_best(_join(held), doc_of, limits)]
    best = _best(_join(held), doc_of, limits)
    doc = doc_of[best.first]
    offsets = (lengths.cumsum(0) - lengths)[doc]
    return DecodedSpans(
        doc=doc,
        start=best.first - offsets,
        end=best.last + 1 - offsets,
        type=best.type,
        logit=best.score,
        dropped=passed - torch.bincount(doc, minlength=len(lengths)),
    )


@dataclass(frozen=True)
class _Found:
    first: Tensor
    last: Tensor
    type: Tensor
    score: Tensor

    def take(self, index: Tensor) -> "_Found":
        return _Found(self.first[index], self.last[index], self.type[index], self.score[index])


def _join(parts: list[_Found]) -> _Found:
    if not parts:
        empty = torch.zeros(0, dtype=torch.long)
        return _Found(empty, empty, empty, torch.zeros(0))
    return _Found(
        torch.cat([f.first for f in parts]),
        torch.cat([f.last for f in parts]),
        torch.cat([f.type for f in parts]),
        torch.cat([f.score for f in parts]),
    )


def _find_shared(factors: SpanFactors, tiles: Tiles, minimum: Tensor) -> Iterator[_Found]:
    # s_t(i, j) is at most the product plus the largest a and b: one comparison rules out all types.
    products = tiles.rows(factors.q[:, 0]) @ tiles.cols(factors.k[:, 0]).transpose(1, 2)
    highest_a, highest_b = tiles.rows(factors.a.amax(1)), tiles.cols(factors.b.amax(1))
    bound = products + highest_a[:, :, None] + highest_b[:, None]
    cells = (tiles.valid & (bound > float(minimum.min()))).nonzero()
    minimum = minimum.to(bound)
    for tile, row, col in (part.unbind(1) for part in cells.split(max(1, MAX_HELD // factors.num_types))):
        first, last = tiles.starts[tile] + row, tiles.starts[tile] + col
        scores = products[tile, row, col][:, None] + factors.a[first] + factors.b[last]
        cell, types = (scores > minimum).nonzero(as_tuple=True)
        yield _Found(first[cell].cpu(), last[cell].cpu(), types.cpu(), scores[cell, types].cpu())


def _find_by_type(factors: SpanFactors, tiles: Tiles, minimum: Tensor) -> Iterator[_Found]:
    for t in range(factors.num_types):
        q, k, a, b = factors.of_type(t)
        scores = tiles.rows(q) @ tiles.cols(k).transpose(1, 2)
        scores = scores + tiles.rows(a)[:, :, None] + tiles.cols(b)[:, None]
        tile, row, col = (tiles.valid & (scores > float(minimum[t]))).nonzero(as_tuple=True)
        first, last = (tiles.starts[tile] + row).cpu(), (tiles.starts[tile] + col).cpu()
        yield _Found(first, last, torch.full_like(first, t), scores[tile, row, col].cpu())


def _best(found: _Found, doc_of: Tensor, limits: Tensor) -> _Found:
    """The best spans of each document within its limit, by document, then first token, last token and type;
    of equal scores, the first in this order."""
    order = _sorted(found.first, found.last, found.type)
    found = found.take(order)
    doc = doc_of[found.first]
    count = torch.bincount(doc, minlength=len(limits))
    if (count <= limits).all():
        return found
    by_score = torch.argsort(found.score, descending=True, stable=True)
    ranked = by_score[torch.argsort(doc[by_score], stable=True)]
    begin = count.cumsum(0) - count
    rank = torch.arange(len(ranked)) - begin[doc[ranked]]
    return found.take(ranked[rank < limits[doc[ranked]]].sort().values)


def _sorted(*keys: Tensor) -> Tensor:
    order = torch.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[torch.argsort(key[order], stable=True)]
    return order


def _logit(p: float) -> float:
    if p <= 0.0:
        return -math.inf
    return math.inf if p >= 1.0 else math.log(p) - math.log1p(-p)
