"""How far a student's scores are from its teacher's, without a tensor of spans x types.

What depends on a whole document, the normalizers of a softmax over its spans, is put together from numbers of
its rows in a pass over the scores before that for the gradient.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Literal, Optional, get_args

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ..checks import is_number
from .factors import SpanFactors
from .pairs import Allowed, Reduction, ScorePair, WithGradient
from .tiles import Tiles, Window


class Divergence(ABC):
    """How far the student's scores s are from the teacher's t, summed over the spans of each document and
    type."""

    @abstractmethod
    def measure(self, pair: ScorePair) -> tuple[Tensor, SpanFactors]:
        """Value and gradient.

        pair (ScorePair): Both models' scores.
        RETURNS (Tuple[Tensor, SpanFactors]): The divergence, a scalar, and its gradient at the student's
            factors.
        """


@dataclass(frozen=True)
class Bernoulli(Divergence):
    """Σ KL(Bernoulli(σ(t)) ‖ Bernoulli(σ(s)))."""

    def measure(self, pair: ScorePair) -> tuple[Tensor, SpanFactors]:
        """See `Divergence`."""

        def compare(s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
            p = t.sigmoid()
            return p * (t - s) + softplus(s) - softplus(t), s.sigmoid() - p

        return _sum_over_cells(pair, compare)


@dataclass(frozen=True)
class SquaredError(Divergence):
    """Σ (s − t)² (Eq. 1 of the main paper)."""

    def measure(self, pair: ScorePair) -> tuple[Tensor, SpanFactors]:
        """See `Divergence`."""

        def compare(s: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
            gap = s - t
            return gap.square(), 2 * gap

        return _sum_over_cells(pair, compare)


@dataclass(frozen=True)
class SoftmaxKL(Divergence):
    """KL(softmax t ‖ softmax s) over the spans.

    with_threshold (bool): Whether there is one more class whose score is 0, the threshold of the loss:
        without it, the divergence doesn't see where the threshold lies.
    reverse (bool): KL(softmax s ‖ softmax t) in its place (Eq. 5 of the main paper as printed).
    """

    with_threshold: bool = True
    reverse: bool = False

    def measure(self, pair: ScorePair) -> tuple[Tensor, SpanFactors]:
        """See `Divergence`."""
        return _softmax_divergence(pair, with_threshold=self.with_threshold, reverse=self.reverse)


# The names that configs know them by, and one that is for tags alone
DivergenceName = Literal["kl", "reverse_kl", "zlpr_kl", "reverse_zlpr_kl", "bernoulli", "mse", "token_kl"]
DIVERGENCES: dict[str, Divergence] = {
    "kl": SoftmaxKL(with_threshold=False),
    "reverse_kl": SoftmaxKL(with_threshold=False, reverse=True),
    "zlpr_kl": SoftmaxKL(),
    "reverse_zlpr_kl": SoftmaxKL(reverse=True),
    "bernoulli": Bernoulli(),
    "mse": SquaredError(),
}

Weighting = Literal["additive", "convex"]


@dataclass(frozen=True)
class DistillationLoss:
    """What a student learns from its teacher: α · D(student / K, teacher / K), which is added to its own loss
    (section III-B of the main paper), or mixed with it: (1 − α) · loss + α · D (soft and hard labels of
    paper 5). The loss is the mean over the documents of a batch that have gold, D that over all of them: with
    text without gold a mixture is one of two means, and not of each document's own two losses.

    divergence (Union[str, Divergence]): D, or its name in a config.
    temperature (float): K, what the scores of both are divided by; above 0. No factor K² makes up for the
        gradients, which it makes smaller.
    alpha (float): α, not below 0; at most 1 where losses are mixed.
    reduction (str): "sum" is the mean over documents and types of the sum over their spans, where α is of
        the order of 1. "mean" first divides by the L² cells of each document's matrix of scores, as an
        element-wise mean does (the paper's α of 5,000 to 7,000 belongs to it).
    weighting (str): "additive", or "convex" for a mixture.
    RAISES (ValueError): If a setting is unknown or out of range.
    """

    divergence: DivergenceName | Divergence = "bernoulli"
    temperature: float = 1.0
    alpha: float = 1.0
    reduction: Reduction = "sum"
    weighting: Weighting = "additive"

    def __post_init__(self) -> None:
        if not (is_number(self.temperature) and 0 < self.temperature < inf):
            raise ValueError(f"Invalid temperature: {self.temperature!r}. Expected a number above 0.")
        if not (is_number(self.alpha) and 0 <= self.alpha < inf):
            raise ValueError(f"Invalid alpha: {self.alpha!r}. Expected a number of at least 0.")
        if self.reduction not in get_args(Reduction):
            raise ValueError(f"Invalid reduction: {self.reduction!r}. Expected one of {get_args(Reduction)}.")
        if self.weighting not in get_args(Weighting):
            raise ValueError(f"Invalid weighting: {self.weighting!r}. Expected one of {get_args(Weighting)}.")
        if self.weighting == "convex" and self.alpha > 1:
            raise ValueError(f"Invalid alpha: {self.alpha!r}. In a convex mixture it is at most 1.")
        names = get_args(DivergenceName)
        if self.divergence not in names and not isinstance(self.divergence, Divergence):
            raise ValueError(
                f"Invalid divergence: {self.divergence!r}. Expected one of {names}, or what a function such "
                "as spacy-gpner.SoftmaxDivergence.v1 makes."
            )

    @property
    def gold_weight(self) -> float:
        """What the student's own loss is multiplied by."""
        return 1 - self.alpha if self.weighting == "convex" else 1.0


def divergence(
    student: SpanFactors,
    teacher: SpanFactors,
    window: Window,
    how: DistillationLoss,
    allowed: Optional[Allowed] = None,
) -> Tensor:
    """How far the student's scores are from the teacher's over the valid spans, without the weight α.

    student, teacher (SpanFactors): Their factors, of the same tokens and types. The gradient goes to the
        student alone.
    window (Window): The context shield window.
    how (DistillationLoss): Which divergence, its temperature and reduction.
    allowed (Optional[Callable[[Tensor, Tensor], Tensor]]): Which spans to compare, by their first token and
        last token in the flat batch; None for all.
    RETURNS (Tensor): The divergence, a scalar.
    RAISES (ValueError): If the factors are of different documents or types.
    """
    if list(student.lengths) != list(teacher.lengths) or student.num_types != teacher.num_types:
        raise ValueError("The student's and the teacher's factors are not of the same tokens and types.")
    kind = DIVERGENCES.get(how.divergence) if isinstance(how.divergence, str) else how.divergence
    if kind is None:
        raise ValueError(f"Invalid divergence: {how.divergence!r}. For spans there are {tuple(DIVERGENCES)}.")
    student, teacher = (x.full_precision().softened(how.temperature) for x in (student, teacher))
    pair = ScorePair.of(student.detach(), teacher.detach(), window, how.reduction, allowed)
    with torch.no_grad():
        value, gradient = kind.measure(pair)
    result: Tensor = WithGradient.apply(value, gradient.tensors, *student.tensors)
    return result


def _sum_over_cells(
    pair: ScorePair, compare: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
) -> tuple[Tensor, SpanFactors]:
    """Value and gradient of a sum over cells, of which each has a value and a gradient of its own."""
    total = pair.weights.new_zeros(())

    def of_cells(s: Tensor, t: Tensor, weights: Tensor, tiles: Tiles, types: slice) -> Tensor:
        values, d_scores = compare(s, t)
        total.add_(values.mul_(weights).sum())
        return d_scores

    gradient = pair.gradient(of_cells)
    return total, gradient


def _softmax_divergence(
    pair: ScorePair, *, with_threshold: bool, reverse: bool
) -> tuple[Tensor, SpanFactors]:
    """Value and gradient of KL(softmax t ‖ softmax s), or of KL(softmax s ‖ softmax t)."""
    n_types = pair.student.num_types
    groups, rows = _row_softmaxes(pair, reverse)
    n_groups = len(pair.weights) * n_types
    log_z_s, log_z_t = (_log_sum(x, groups, n_groups, with_threshold) for x in rows[:2])
    first, log_z, other = (rows[0], log_z_s, log_z_t) if reverse else (rows[1], log_z_t, log_z_s)
    gap = rows[2].new_zeros(n_groups).index_add(0, groups, (first - log_z[groups]).exp() * rows[2])
    present = torch.bincount(groups, minlength=n_groups) > 0
    values = (gap + other - log_z).where(present, 0.0).view(-1, n_types)
    of_token = [x.view(-1, n_types)[pair.doc_of] for x in (log_z_s, log_z_t, gap)]

    def compare(s: Tensor, t: Tensor, weights: Tensor, tiles: Tiles, types: slice) -> Tensor:
        log_z_s, log_z_t, gap = (tiles.rows(x[:, types]).permute(2, 0, 1)[..., None] for x in of_token)
        # No log-probability is above 0; what isn't valid could overflow.
        p_s = (s - log_z_s).clamp_(max=0).exp_()
        if reverse:
            return p_s * (s - t - gap)
        return p_s - (t - log_z_t).clamp_(max=0).exp_()

    return (values * pair.weights[:, None]).sum(), pair.gradient(compare)


def _row_softmaxes(pair: ScorePair, reverse: bool) -> tuple[Tensor, Tensor]:
    """Group (document and type) of each row that has a cell, shape (n,), and of its cells log Σ exp s,
    log Σ exp t, and the mean of t - s under softmax t or, in reverse, of s - t under softmax s; shape (3, n).
    """
    n_types = pair.student.num_types
    all_types = torch.arange(n_types, device=pair.doc_of.device)
    groups: list[Tensor] = [pair.doc_of[:0]]
    results: list[Tensor] = [pair.student.a.new_zeros(3, 0)]
    for tiles, types, s, t in pair.scores():
        invalid, present = ~tiles.band(tiles.valid), tiles.valid.any(2)
        gap = s - t if reverse else t - s
        s, t = (x.masked_fill_(invalid, -torch.inf) for x in (s, t))
        mean_gap = ((s if reverse else t).softmax(3) * gap).masked_fill_(invalid, 0.0).sum(3)
        results.append(
            torch.stack([x[:, present].flatten() for x in (s.logsumexp(3), t.logsumexp(3), mean_gap)])
        )
        docs = tiles.rows(pair.doc_of)[present]
        groups.append((docs * n_types + all_types[types, None]).flatten())
    return torch.cat(groups), torch.cat(results, dim=1)


def _log_sum(values: Tensor, groups: Tensor, n_groups: int, with_threshold: bool) -> Tensor:
    """log Σ exp(value) of each group, with or without a value 0 that all groups have."""
    lowest = 0.0 if with_threshold else torch.finfo(values.dtype).min
    top = values.new_full((n_groups,), lowest).scatter_reduce(0, groups, values, "amax")
    threshold = (-top).exp() if with_threshold else torch.zeros_like(top)
    return top + threshold.index_add(0, groups, (values - top[groups]).exp()).log()
