"""Spans that were found, and how their scores are read: calibration, thresholds, limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Optional, Self

import torch
from torch import Tensor


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

    @classmethod
    def of(cls, spans: Sequence[tuple[int, int, int, int]], logits: Sequence[float], n_docs: int) -> Self:
        """The result of a search that finds spans one by one.

        spans (Sequence[Tuple[int, int, int, int]]): Document, first token in it, the token after the last,
            and type of each.
        logits (Sequence[float]): The score of each.
        n_docs (int): How many documents.
        RETURNS (DecodedSpans): The spans; none is dropped.
        """
        doc, start, end, type = torch.tensor(spans, dtype=torch.long).reshape(-1, 4).unbind(1)
        logit, dropped = torch.tensor(logits, dtype=torch.float), torch.zeros(n_docs, dtype=torch.long)
        return cls(doc, start, end, type, logit, dropped)

    @classmethod
    def of_flat(cls, spans: Tensor, logit: Tensor, lengths: Sequence[int]) -> Self:
        """Spans of the flat batch, in their documents.

        spans (Tensor): First token and last token (inclusive) in the flat batch, type, shape (S, 3).
        logit (Tensor): The score of each, shape (S,).
        lengths (Sequence[int]): Tokens of each document.
        RETURNS (DecodedSpans): The spans, in the same order; none is dropped.
        """
        sizes = torch.tensor(lengths, dtype=torch.long)
        doc_of = torch.repeat_interleave(torch.arange(len(lengths)), sizes)
        first, last, types = spans.cpu().unbind(1)
        doc = doc_of[first]
        offset = (sizes.cumsum(0) - sizes)[doc]
        none = torch.zeros(len(lengths), dtype=torch.long)
        return cls(doc, first - offset, last + 1 - offset, types, logit.cpu(), none)

    def take(self, index: Tensor) -> Self:
        """Some of the spans, of the same documents.

        index (Tensor): Their places, or which to take.
        RETURNS (DecodedSpans): The spans.
        """
        columns = {field.name: getattr(self, field.name)[index] for field in fields(self)[:-1]}
        return replace(self, **columns)

    def best(self, limits: Tensor) -> Self:
        """The best spans of each document within its limit, by document, then start, end and type; of equal
        scores, the first in this order. What is over is counted as dropped.

        limits (Tensor): The most spans of each document, shape (docs,).
        RETURNS (DecodedSpans): The spans.
        """
        found = self.take(_sorted(self.doc, self.start, self.end, self.type))
        count = torch.bincount(found.doc, minlength=len(limits))
        if (count <= limits).all():
            return found
        by_score = torch.argsort(found.logit, descending=True, stable=True)
        ranked = by_score[torch.argsort(found.doc[by_score], stable=True)]
        begin = count.cumsum(0) - count
        rank = torch.arange(len(ranked)) - begin[found.doc[ranked]]
        kept = ranked[rank < limits[found.doc[ranked]]].sort().values
        return replace(found.take(kept), dropped=found.dropped + (count - limits).clamp(min=0))


@dataclass(frozen=True)
class Cut:
    """Which spans to find, and how their scores are read.

    thresholds (Sequence[float]): The probability above which a span is found, for each type, in [0, 1]. 0
        lets every span pass, 1 none.
    max_spans (Optional[Sequence[int]]): The most spans for each document: the best are kept. None for all.
    calibration (Optional[Calibration]): What makes probabilities of scores, in float64; None for the sigmoid
        alone.
    starts (Optional[Sequence[Tuple[int, int]]]): The tokens of each document that spans may begin with: from
        the first up to the second. None for all.
    scores (Optional[Tensor]): Uncalibrated scores in the place of thresholds, shape (T,): a high one would be
        lost on the way to a probability and back.
    """

    thresholds: Sequence[float]
    max_spans: Optional[Sequence[int]] = None
    calibration: Optional[Calibration] = None
    starts: Optional[Sequence[tuple[int, int]]] = None
    scores: Optional[Tensor] = None

    @classmethod
    def above(cls, scores: Tensor, starts: Optional[Sequence[tuple[int, int]]] = None) -> Self:
        """A cut by scores as they are.

        scores (Tensor): The uncalibrated score above which a span is found, for each type, shape (T,).
        starts (Optional[Sequence[Tuple[int, int]]]): The tokens that spans may begin with. None for all.
        RETURNS (Cut): The cut.
        """
        return cls(scores.sigmoid().tolist(), starts=starts, scores=scores)

    @property
    def minimum(self) -> Tensor:
        """The uncalibrated score above which a span is found, for each type, in float64, shape (T,)."""
        if self.scores is not None:
            return self.scores
        minimum = torch.tensor([_logit(p) for p in self.thresholds], dtype=torch.float64)
        return minimum if self.calibration is None else self.calibration.inverse(minimum)

    def limits(self, n_docs: int) -> Tensor:
        """The most spans of each document, shape (docs,)."""
        if self.max_spans is None:
            return torch.full((n_docs,), torch.iinfo(torch.long).max)
        return torch.tensor(self.max_spans, dtype=torch.long)

    def documents(self, index: Sequence[int]) -> Self:
        """The same for some of the documents.

        index (Sequence[int]): Which documents.
        RETURNS (Cut): How it applies to them.
        """
        max_spans = None if self.max_spans is None else [self.max_spans[i] for i in index]
        starts = None if self.starts is None else [self.starts[i] for i in index]
        return replace(self, max_spans=max_spans, starts=starts)

    def calibrate(self, spans: DecodedSpans) -> DecodedSpans:
        """Calibrate the spans' scores, if that is asked for."""
        if self.calibration is None:
            return spans
        return replace(spans, logit=self.calibration(spans.logit, spans.type))

    def apply(self, spans: DecodedSpans) -> DecodedSpans:
        """Choose among spans.

        spans (DecodedSpans): Spans with uncalibrated scores, in any order.
        RETURNS (DecodedSpans): Those that this cut lets pass, calibrated.
        """
        passes = spans.logit > self.minimum.to(spans.logit)[spans.type]
        if self.starts is not None:
            begin, stop = torch.tensor(self.starts, dtype=torch.long).reshape(-1, 2)[spans.doc].T
            passes &= (spans.start >= begin) & (spans.start < stop)
        return self.calibrate(spans.take(passes)).best(self.limits(len(spans.dropped)))


def join(parts: Sequence[DecodedSpans]) -> DecodedSpans:
    """Put together what was found in parts of the same documents.

    parts (Sequence[DecodedSpans]): The parts, at least one.
    RETURNS (DecodedSpans): All spans, in the order of the parts.
    """
    names = [field.name for field in fields(DecodedSpans)[:-1]]
    columns = {name: torch.cat([getattr(part, name) for part in parts]) for name in names}
    return DecodedSpans(**columns, dropped=torch.stack([part.dropped for part in parts]).sum(0))


def _sorted(*keys: Tensor) -> Tensor:
    order = torch.arange(len(keys[0]))
    for key in reversed(keys):
        order = order[torch.argsort(key[order], stable=True)]
    return order


def _logit(p: float) -> float:
    if p <= 0.0:
        return -math.inf
    return math.inf if p >= 1.0 else math.log(p) - math.log1p(-p)
