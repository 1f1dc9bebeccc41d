"""Two models' scores of the same spans, a few tiles and types at a time, and gradients made on the way.

Every divergence here has a simple gradient, which is made along with its value, so that no score is kept for
a backward pass or made again in one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Optional

import torch
from torch import Tensor

from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

Reduction = Literal["sum", "mean"]
# Which spans count, from first token and last token in the flat batch, of shapes that fit together.
Allowed = Callable[[Tensor, Tensor], Tensor]

# So many scores are in memory at once; few enough for a processor's cache.
SCORES_AT_ONCE = 2**18


@dataclass(frozen=True)
class ScorePair:
    """What is compared, and how much each of its documents weighs.

    student, teacher (SpanFactors): Their factors.
    cells (List[Tiles]): The cells to compare, in parts.
    doc_of (Tensor): Number of each token's document, shape (N,).
    weights (Tensor): Of each document's spans, shape (D,).
    """

    student: SpanFactors
    teacher: SpanFactors
    cells: list[Tiles]
    doc_of: Tensor
    weights: Tensor

    @classmethod
    def of(
        cls,
        student: SpanFactors,
        teacher: SpanFactors,
        window: Window,
        reduction: Reduction,
        allowed: Optional[Allowed],
    ) -> "ScorePair":
        """Put two models' scores beside each other.

        student, teacher (SpanFactors): Their factors, of the same tokens and types.
        window (Window): The context shield window.
        reduction (str): "sum" for each document and type, or "mean" over its L² cells.
        allowed (Optional[Callable[[Tensor, Tensor], Tensor]]): Which spans to compare, by their first token
            and last token in the flat batch; None for all.
        RETURNS (ScorePair): Both.
        """
        device = student.q.device
        lengths = torch.tensor(student.lengths, dtype=torch.long)
        cells = [
            part if allowed is None else _within(part, allowed, len(student.q))
            for tiles in make_tiles(student.lengths, window, device)
            for part in tiles.split(max(1, SCORES_AT_ONCE // max(1, student.num_types)))
        ]
        weights = document_weights(student.lengths, student.num_types, reduction)
        doc_of = torch.repeat_interleave(torch.arange(len(lengths)), lengths).to(device)
        return cls(student, teacher, cells, doc_of, weights.to(student.q))

    def scores(self) -> Iterator[tuple[Tiles, slice, Tensor, Tensor]]:
        """Some cells, some types, and both models' scores there, shape (T, B, R, W): as many types, and of
        the cells what `Tiles.band` takes."""
        for tiles in self.cells:
            step = max(1, SCORES_AT_ONCE // tiles.band(tiles.valid).numel())
            for first in range(0, self.student.num_types, step):
                types = slice(first, first + step)
                yield tiles, types, _scores(self.student, tiles, types), _scores(self.teacher, tiles, types)

    def gradient(self, compare: Callable[[Tensor, Tensor, Tensor, Tiles, slice], Tensor]) -> SpanFactors:
        """Sum up the gradient of the student's factors.

        compare (Callable[[Tensor, Tensor, Tensor, Tiles, slice], Tensor]): From the student's and the
            teacher's scores of some types, and what the cells weigh, to the gradient of the student's scores.
            It may hold any finite number in cells that are not valid, whose weight is 0.
        RETURNS (SpanFactors): The gradient, each document's part weighed.
        """
        q, k, a, b = (torch.zeros_like(x) for x in self.student.tensors)
        for tiles, types, of_student, of_teacher in self.scores():
            cells = tiles.rows(self.weights[self.doc_of])[:, :, None] * tiles.band(tiles.valid)
            d_scores = tiles.unband(compare(of_student, of_teacher, cells, tiles, types).mul_(cells))
            tiles.add_to_rows(a[:, types], d_scores.sum(3).permute(1, 2, 0))
            tiles.add_to_cols(b[:, types], d_scores.sum(2).permute(1, 2, 0))
            if self.student.shared:
                d_scores = d_scores.sum(0, keepdim=True)
            q_rows, k_cols = _projections(self.student, tiles, types)
            of_q, of_k = (types if x.shape[1] > 1 else slice(None) for x in (q, k))
            d_q, d_k = d_scores @ k_cols, d_scores.transpose(2, 3) @ q_rows
            tiles.add_to_rows(q[:, of_q], _to_types(d_q, q.shape[1]))
            tiles.add_to_cols(k[:, of_k], _to_types(d_k, k.shape[1]))
        return replace(self.student, q=q, k=k, a=a, b=b)


def _within(tiles: Tiles, allowed: Allowed, n_tokens: int) -> Tiles:
    """The tiles without the cells that are not allowed."""
    tokens = torch.arange(n_tokens, device=tiles.valid.device)
    inside = allowed(tiles.rows(tokens)[:, :, None], tiles.cols(tokens)[:, None])
    return replace(tiles, valid=tiles.valid & inside)


def document_weights(lengths: Sequence[int], n_types: int, reduction: Reduction) -> Tensor:
    """What a span of each document weighs in a mean over documents and types, in float64, shape (D,).

    lengths (Sequence[int]): Tokens of each document.
    n_types (int): How many types there are.
    reduction (str): "sum" for each document and type, or "mean" over its L² cells.
    RETURNS (Tensor): The weights.
    """
    weights = torch.ones(len(lengths), dtype=torch.float64) / max(1, len(lengths) * n_types)
    if reduction == "mean":
        weights /= torch.tensor(lengths).clamp(min=1).square()
    return weights


def _projections(factors: SpanFactors, tiles: Tiles, types: slice) -> tuple[Tensor, Tensor]:
    """q of the rows and k of the columns, shape (T, B, R, d) and (T, B, C, d); T = 1 where types share."""
    q, k = (x[:, types] if x.shape[1] > 1 else x for x in (factors.q, factors.k))
    return tiles.rows(q).permute(2, 0, 1, 3), tiles.cols(k).permute(2, 0, 1, 3)


def _to_types(gradient: Tensor, n_types: int) -> Tensor:
    """Shape (T, B, R, d) to (B, R, T, d), summed where all types share."""
    return (gradient if n_types > 1 else gradient.sum(0, keepdim=True)).permute(1, 2, 0, 3)


def _scores(factors: SpanFactors, tiles: Tiles, types: slice) -> Tensor:
    q, k = _projections(factors, tiles, types)
    starts = tiles.rows(factors.a[:, types]).permute(2, 0, 1)[..., None]
    ends = tiles.cols(factors.b[:, types]).permute(2, 0, 1)[:, :, None]
    return tiles.band(q @ k.transpose(2, 3)) + starts + tiles.band(ends.expand(-1, -1, q.shape[2], -1))


class WithGradient(torch.autograd.Function):
    """A value that brings its gradient along."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, gradient: tuple[Tensor, ...], *inputs: Tensor) -> Tensor:
        ctx.save_for_backward(*gradient)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *d_values: Tensor) -> tuple[Optional[Tensor], ...]:
        return (None, None, *(d_values[0] * x for x in ctx.saved_tensors))
