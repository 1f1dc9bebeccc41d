"""How far a student's scores are from its teacher's, without a tensor of spans x types.

Scores are made from factors for a few tiles and types at a time. Every divergence here has a simple gradient,
which is made along with its value, so that no score is kept for a backward pass or made again in one. What
depends on a whole document, the normalizers of a softmax over its spans, is put together from numbers of its
rows in a pass over the scores before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Optional, get_args

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

Divergence = Literal["kl", "reverse_kl", "zlpr_kl", "reverse_zlpr_kl", "bernoulli", "mse"]
Reduction = Literal["sum", "mean"]

# So many scores are in memory at once; few enough for a processor's cache.
SCORES_AT_ONCE = 2**18


def divergence(
    student: SpanFactors,
    teacher: SpanFactors,
    window: Window,
    kind: Divergence,
    *,
    temperature: float = 1.0,
    reduction: Reduction = "sum",
    allowed: Optional[Callable[[Tiles], Tensor]] = None,
) -> Tensor:
    """How far the student's scores s are from the teacher's t, both divided by the temperature, over the
    valid spans of each document and type:

    - "kl": KL(softmax t ‖ softmax s), over the spans. It doesn't see where the threshold 0 lies.
    - "zlpr_kl": the same with one more class whose score is 0, the threshold of the loss.
    - "reverse_kl" (Eq. 5 of the main paper as printed), "reverse_zlpr_kl": KL(softmax s ‖ softmax t).
    - "bernoulli": Σ KL(Bernoulli(σ(t)) ‖ Bernoulli(σ(s))).
    - "mse": Σ (s − t)² (Eq. 1).

    student, teacher (SpanFactors): Their factors, of the same tokens and types. The gradient goes to the
        student alone.
    window (Window): The context shield window.
    kind (str): The divergence.
    temperature (float): The temperature K, above 0.
    reduction (str): "sum" is the mean over documents and types of the formulas above; "mean" first divides
        by the L² cells of each document's matrix of scores, as an element-wise mean does (the paper's α of
        5,000 to 7,000 belongs to it).
    allowed (Optional[Callable[[Tiles], Tensor]]): Which cells of a tile to compare, shape (B, R, C).
    RETURNS (Tensor): The divergence, a scalar.
    RAISES (ValueError): If a setting is unknown or out of range, or the factors are of different documents.
    """
    if temperature <= 0:
        raise ValueError(f"Invalid temperature: {temperature}. Expected a number above 0.")
    if list(student.lengths) != list(teacher.lengths) or student.num_types != teacher.num_types:
        raise ValueError("The student's and the teacher's factors are not of the same tokens and types.")
    if kind not in get_args(Divergence):
        raise ValueError(f"Invalid divergence: '{kind}'. Expected one of {get_args(Divergence)}.")
    if reduction not in get_args(Reduction):
        raise ValueError(f"Invalid reduction: '{reduction}'. Expected one of {get_args(Reduction)}.")
    student, teacher = (_soften(x.full_precision(), temperature) for x in (student, teacher))
    batch = _Batch.of(student.detach(), teacher.detach(), window, reduction, allowed)
    with torch.no_grad():
        if kind in ("bernoulli", "mse"):
            value, gradient = _distance(batch, kind)
        else:
            value, gradient = _softmax_divergence(
                batch, with_threshold="zlpr" in kind, reverse=kind.startswith("reverse")
            )
    result: Tensor = _WithGradient.apply(value, gradient.tensors, *student.tensors)
    return result


class _WithGradient(torch.autograd.Function):
    """A value that brings its gradient along."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, gradient: tuple[Tensor, ...], *inputs: Tensor) -> Tensor:
        ctx.save_for_backward(*gradient)
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *d_values: Tensor) -> tuple[Optional[Tensor], ...]:
        return (None, None, *(d_values[0] * x for x in ctx.saved_tensors))


def _soften(factors: SpanFactors, temperature: float) -> SpanFactors:
    if temperature == 1:
        return factors
    return replace(factors, q=factors.q / temperature, a=factors.a / temperature, b=factors.b / temperature)


@dataclass(frozen=True)
class _Batch:
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
        allowed: Optional[Callable[[Tiles], Tensor]],
    ) -> "_Batch":
        device = student.q.device
        lengths = torch.tensor(student.lengths, dtype=torch.long)
        cells = [
            part if allowed is None else replace(part, valid=part.valid & allowed(part))
            for tiles in make_tiles(student.lengths, window, device)
            for part in tiles.split(max(1, SCORES_AT_ONCE // max(1, student.num_types)))
        ]
        weights = torch.ones(len(lengths), dtype=torch.float64) / max(1, len(lengths) * student.num_types)
        if reduction == "mean":
            weights /= lengths.clamp(min=1).square()
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


def _distance(batch: _Batch, kind: Divergence) -> tuple[Tensor, SpanFactors]:
    """Value and gradient of a sum over cells."""
    total = batch.weights.new_zeros(())

    def compare(s: Tensor, t: Tensor, weights: Tensor, tiles: Tiles, types: slice) -> Tensor:
        if kind == "mse":
            gap = s - t
            values, d_scores = gap.square(), 2 * gap
        else:
            p = t.sigmoid()
            values = p * (t - s) + softplus(s) - softplus(t)
            d_scores = s.sigmoid() - p
        total.add_(values.mul_(weights).sum())
        return d_scores

    gradient = batch.gradient(compare)
    return total, gradient


def _softmax_divergence(batch: _Batch, *, with_threshold: bool, reverse: bool) -> tuple[Tensor, SpanFactors]:
    """Value and gradient of KL(softmax t ‖ softmax s), or of KL(softmax s ‖ softmax t)."""
    n_types = batch.student.num_types
    groups, rows = _row_softmaxes(batch, reverse)
    n_groups = len(batch.weights) * n_types
    log_z_s, log_z_t = (_log_sum(x, groups, n_groups, with_threshold) for x in rows[:2])
    first, log_z, other = (rows[0], log_z_s, log_z_t) if reverse else (rows[1], log_z_t, log_z_s)
    gap = rows[2].new_zeros(n_groups).index_add(0, groups, (first - log_z[groups]).exp() * rows[2])
    present = torch.bincount(groups, minlength=n_groups) > 0
    values = (gap + other - log_z).where(present, 0.0).view(-1, n_types)
    of_token = [x.view(-1, n_types)[batch.doc_of] for x in (log_z_s, log_z_t, gap)]

    def compare(s: Tensor, t: Tensor, weights: Tensor, tiles: Tiles, types: slice) -> Tensor:
        log_z_s, log_z_t, gap = (tiles.rows(x[:, types]).permute(2, 0, 1)[..., None] for x in of_token)
        # No log-probability is above 0; what isn't valid could overflow.
        p_s = (s - log_z_s).clamp_(max=0).exp_()
        if reverse:
            return p_s * (s - t - gap)
        return p_s - (t - log_z_t).clamp_(max=0).exp_()

    return (values * batch.weights[:, None]).sum(), batch.gradient(compare)


def _row_softmaxes(batch: _Batch, reverse: bool) -> tuple[Tensor, Tensor]:
    """Group (document and type) of each row that has a cell, shape (n,), and of its cells log Σ exp s,
    log Σ exp t, and the mean of t - s under softmax t or, in reverse, of s - t under softmax s; shape (3, n).
    """
    n_types = batch.student.num_types
    all_types = torch.arange(n_types, device=batch.doc_of.device)
    groups: list[Tensor] = [batch.doc_of[:0]]
    results: list[Tensor] = [batch.student.a.new_zeros(3, 0)]
    for tiles, types, s, t in batch.scores():
        invalid, present = ~tiles.band(tiles.valid), tiles.valid.any(2)
        gap = s - t if reverse else t - s
        s, t = (x.masked_fill_(invalid, -torch.inf) for x in (s, t))
        mean_gap = ((s if reverse else t).softmax(3) * gap).masked_fill_(invalid, 0.0).sum(3)
        results.append(
            torch.stack([x[:, present].flatten() for x in (s.logsumexp(3), t.logsumexp(3), mean_gap)])
        )
        docs = tiles.rows(batch.doc_of)[present]
        groups.append((docs * n_types + all_types[types, None]).flatten())
    return torch.cat(groups), torch.cat(results, dim=1)


def _log_sum(values: Tensor, groups: Tensor, n_groups: int, with_threshold: bool) -> Tensor:
    """log Σ exp(value) of each group, with or without a value 0 that all groups have."""
    lowest = 0.0 if with_threshold else torch.finfo(values.dtype).min
    top = values.new_full((n_groups,), lowest).scatter_reduce(0, groups, values, "amax")
    threshold = (-top).exp() if with_threshold else torch.zeros_like(top)
    return top + threshold.index_add(0, groups, (values - top[groups]).exp()).log()
