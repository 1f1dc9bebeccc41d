"""From factors to the spans whose score passes its type's threshold."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .decoded import Cut, DecodedSpans, join
from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

# Bounds the memory of a step: cells compared at once, and spans held before the surplus is dropped.
MAX_CELLS = 2**20
MAX_HELD = 2**20


def decode(factors: SpanFactors, window: Window, cut: Cut) -> DecodedSpans:
    """Find the valid spans whose score, as a probability, is above the threshold of their type.

    factors (SpanFactors): The batch's factors.
    window (Window): The context shield window.
    cut (Cut): Which spans to find.
    RETURNS (DecodedSpans): The spans.
    """
    factors = factors.full_precision()
    lengths = torch.tensor(factors.lengths, dtype=torch.long)
    limits, minimum = cut.limits(len(lengths)), cut.minimum
    doc_of = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    offsets = lengths.cumsum(0) - lengths
    asked_for = None
    if cut.starts is not None:
        asked_for = _within(cut.starts, offsets, doc_of).to(factors.q.device)
    none = DecodedSpans.none(len(lengths))
    held = [none]
    for tiles in make_tiles(factors.lengths, window, factors.q.device):
        for part in tiles.split(MAX_CELLS):
            if asked_for is not None:
                part = replace(part, valid=part.valid & part.rows(asked_for)[:, :, None])
            find = _find_shared if factors.shared else _find_by_type
            for first, last, types, scores in find(factors, part, minimum):
                doc = doc_of[first]
                start, end = first - offsets[doc], last + 1 - offsets[doc]
                held.append(cut.calibrate(DecodedSpans(doc, start, end, types, scores, none.dropped)))
                if cut.max_spans is not None and sum(len(spans.doc) for spans in held) > MAX_HELD:
                    held = [join(held).best(limits)]
    return join(held).best(limits)


def _within(starts: Sequence[tuple[int, int]], offsets: Tensor, doc_of: Tensor) -> Tensor:
    """Which tokens of the flat batch spans may begin with, shape (N,)."""
    begin, stop = torch.tensor(starts, dtype=torch.long).reshape(-1, 2)[doc_of].T
    position = torch.arange(len(doc_of)) - offsets[doc_of]
    return (position >= begin) & (position < stop)


def _find_shared(factors: SpanFactors, tiles: Tiles, minimum: Tensor) -> Iterator[tuple[Tensor, ...]]:
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
        yield first[cell].cpu(), last[cell].cpu(), types.cpu(), scores[cell, types].cpu()


def _find_by_type(factors: SpanFactors, tiles: Tiles, minimum: Tensor) -> Iterator[tuple[Tensor, ...]]:
    for t in range(factors.num_types):
        q, k, a, b = factors.of_type(t)
        scores = tiles.rows(q) @ tiles.cols(k).transpose(1, 2)
        scores = scores + tiles.rows(a)[:, :, None] + tiles.cols(b)[:, None]
        tile, row, col = (tiles.valid & (scores > float(minimum[t]))).nonzero(as_tuple=True)
        first, last = (tiles.starts[tile] + row).cpu(), (tiles.starts[tile] + col).cpu()
        yield first, last, torch.full_like(first, t), scores[tile, row, col].cpu()
