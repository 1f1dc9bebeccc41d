"""How far a student's scores are from its teacher's, without a tensor of spans x types.

Scores are made from factors a tile and a type at a time, and again in the backward pass. What depends on a
whole document, the normalizers of a softmax over its spans, is put together from one number a row.
"""

from collections.abc import Callable
from typing import Literal, Optional, get_args

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.utils.checkpoint import checkpoint

from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

Divergence = Literal["kl", "reverse_kl", "zlpr_kl", "reverse_zlpr_kl", "bernoulli", "mse"]
Reduction = Literal["sum", "mean"]


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

    student, teacher (SpanFactors): Their factors, of the same tokens and types. The gradient goes to both.
    window (Window): The context shield window.
    kind (str): The divergence.
    temperature (float): The temperature K, above 0.
    reduction (str): "sum" is the mean over documents and types of the formulas above; "mean" first divides
        by the L² cells of each document's matrix of scores, as an element-wise mean does (the paper's α of
        5,000 to 7,000 belongs to it).
    allowed (Optional[Callable[[Tiles], Tensor]]): Which cells of a tile to compare, shape (B, R, C).
    RETURNS (Tensor): The divergence, a scalar.
    """
    if kind not in get_args(Divergence):
        raise ValueError(f"Invalid divergence: '{kind}'. Expected one of {get_args(Divergence)}.")
    if reduction not in get_args(Reduction):
        raise ValueError(f"Invalid reduction: '{reduction}'. Expected one of {get_args(Reduction)}.")
    student, teacher = student.full_precision(), teacher.full_precision()
    if kind.startswith("reverse"):
        student, teacher = teacher, student
    n_types, lengths, device = student.num_types, student.lengths, student.q.device
    n_groups = len(lengths) * n_types
    compare = _row_distances if kind in ("bernoulli", "mse") else _row_softmaxes
    doc_of = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths)).to(device)
    groups: list[Tensor] = [doc_of.new_zeros(0)]
    results: list[Tensor] = [student.a.new_zeros(0, 3 if compare is _row_softmaxes else 1)]
    for tiles in make_tiles(lengths, window, device):
        valid = tiles.valid if allowed is None else tiles.valid & allowed(tiles)
        rows = valid.any(2)
        row_groups = tiles.rows(doc_of)[rows] * n_types
        for t in range(n_types):
            args = (compare, student.of_type(t), teacher.of_type(t), tiles, valid, temperature, kind)
            values = checkpoint(_on_scores, *args, use_reentrant=False, preserve_rng_state=False)
            results.append(values[rows])
            groups.append(row_groups + t)
    group, values = torch.cat(groups), torch.cat(results)
    if compare is _row_distances:
        total = values.new_zeros(n_groups).index_add(0, group, values[:, 0])
    else:
        total = _softmax_divergence(values, group, n_groups, with_threshold="zlpr" in kind)
    total = total.view(len(lengths), n_types)
    if reduction == "mean":
        total = total / torch.tensor(lengths, device=device).clamp(min=1).square()[:, None]
    return total.mean() if n_groups else total.sum()


FactorsOfType = tuple[Tensor, Tensor, Tensor, Tensor]


def _on_scores(
    compare: Callable[..., Tensor],
    student: FactorsOfType,
    teacher: FactorsOfType,
    tiles: Tiles,
    valid: Tensor,
    temperature: float,
    kind: Divergence,
) -> Tensor:
    s, t = (_tile_scores(factors, tiles) / temperature for factors in (student, teacher))
    return compare(s, t, valid, kind)


def _tile_scores(factors: FactorsOfType, tiles: Tiles) -> Tensor:
    q, k, a, b = factors
    products = tiles.rows(q) @ tiles.cols(k).transpose(1, 2)
    return products + tiles.rows(a)[:, :, None] + tiles.cols(b)[:, None]


def _row_distances(s: Tensor, t: Tensor, valid: Tensor, kind: Divergence) -> Tensor:
    """The sum over each row, shape (B, R, 1)."""
    distances = (s - t).square() if kind == "mse" else t.sigmoid() * (t - s) + softplus(s) - softplus(t)
    return distances.masked_fill(~valid, 0.0).sum(2, keepdim=True)


def _row_softmaxes(s: Tensor, t: Tensor, valid: Tensor, kind: Divergence) -> Tensor:
    """log Σ exp s, log Σ exp t, and the mean of t − s under softmax t, of each row; shape (B, R, 3)."""
    # A row without a valid cell is cut out later; 0 in place of its scores keeps its gradient defined.
    empty = ~valid.any(2, keepdim=True)
    s, t = (x.masked_fill(~valid, -torch.inf).masked_fill(empty, 0.0) for x in (s, t))
    gap = (t - s).masked_fill(~valid, 0.0)
    return torch.stack([s.logsumexp(2), t.logsumexp(2), (t.softmax(2) * gap).sum(2)], dim=2)


def _softmax_divergence(rows: Tensor, group: Tensor, n_groups: int, *, with_threshold: bool) -> Tensor:
    """KL(softmax t ‖ softmax s) of each group of rows, shape (n_groups,)."""
    s, t, gap = rows.unbind(1)
    log_z_s, log_z_t = (_log_sum(x, group, n_groups, with_threshold) for x in (s, t))
    expected_gap = gap.new_zeros(n_groups).index_add(0, group, (t - log_z_t[group]).exp() * gap)
    present = torch.bincount(group, minlength=n_groups) > 0
    return (expected_gap + log_z_s - log_z_t).where(present, 0.0)


def _log_sum(values: Tensor, groups: Tensor, n_groups: int, with_threshold: bool) -> Tensor:
    """log Σ exp(value) of each group, with or without a value 0 that all groups have."""
    lowest = 0.0 if with_threshold else torch.finfo(values.dtype).min
    top = values.new_full((n_groups,), lowest).scatter_reduce(0, groups, values.detach(), "amax")
    threshold = (-top).exp() if with_threshold else torch.zeros_like(top)
    return top + threshold.index_add(0, groups, (values - top[groups]).exp()).log()
