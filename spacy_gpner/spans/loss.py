"""The multi-label loss over spans (ZLPR, Eq. 14 of the main paper), without a tensor of spans x types.

Where all types share q and k, the sum over a row's negatives factors,

    Σ_j exp s_t(i, j) = exp a_t(i) · Σ_j exp⟨q(i), k(j)⟩ · exp b_t(j),

which is one matrix product E · exp(b) for all types at once. Three things keep it exact in float32:
cells that are gold for any type leave E and come back one by one for the types they are not gold for (a
sum minus its largest terms would lose every digit); each factor is shifted by its maximum; and where a
row's sum still underflows, that row is summed for its type directly.
"""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from .factors import SpanFactors
from .tiles import Tiles, Window, make_tiles

# Below this a row's sum of shifted products may have lost terms to underflow.
UNDERFLOW = 1e-30


def zlpr_loss(factors: SpanFactors, gold: Tensor, window: Window) -> Tensor:
    """The multi-label classification loss of Eq. 14, with Eqs. 15 and 16 for the window:

        log(1 + Σ_{gold} exp(-s)) + log(1 + Σ_{other valid spans} exp(s))

    for each document and type, and its mean over both.

    factors (SpanFactors): The batch's factors. Half precision is computed in float32.
    gold (Tensor): Gold spans, shape (G, 3): first token and last token (inclusive) in the flat batch, type.
        No span twice, all inside the window.
    window (Window): The context shield window.
    RETURNS (Tensor): The loss, a scalar.
    RAISES (ValueError): If a gold span is not valid under the window.
    """
    factors = factors.full_precision()
    n_types, lengths = factors.num_types, factors.lengths
    device = factors.q.device
    gold = gold.to(device)
    n_groups = len(lengths) * n_types
    if not n_groups or not sum(lengths):
        return sum((x.sum() * 0.0 for x in factors.tensors), torch.zeros((), device=device))
    doc_of = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths)).to(device)
    first, last, types = gold.T.contiguous()
    positive = _log_one_plus_sum(
        -factors.score(first, last, types), doc_of[first] * n_types + types, n_groups
    )

    sums, groups, found = [], [], 0
    for tiles in make_tiles(lengths, window, device):
        inside, *cells = tiles.locate(first, last)
        found += int(tiles.valid[tuple(cells)].sum())
        row_sums = _row_sums_shared if factors.shared else _row_sums_by_type
        mask = tiles.row_mask()
        sums.append(row_sums(factors, tiles, cells, types[inside])[mask].flatten())
        row_groups = tiles.rows(doc_of)[mask][:, None] * n_types + torch.arange(n_types, device=device)
        groups.append(row_groups.flatten())
    if found != len(gold):
        raise ValueError("A gold span is not valid under the window. Drop such spans before the loss.")
    if factors.shared:
        scores, score_groups = _gold_as_negatives(factors, gold, doc_of)
        sums.append(scores)
        groups.append(score_groups)
    negative = _log_one_plus_sum(torch.cat(sums), torch.cat(groups), n_groups)
    return (positive + negative).mean()


def _row_sums_shared(factors: SpanFactors, tiles: Tiles, cells: list[Tensor], types: Tensor) -> Tensor:
    """log Σ_j exp s_t(i, j) over the valid cells of each row that are gold for no type, shape (B, R, T)."""
    allowed = tiles.valid.clone()
    allowed[tuple(cells)] = False
    products = tiles.rows(factors.q[:, 0]) @ tiles.cols(factors.k[:, 0]).transpose(1, 2)
    products = products.masked_fill(~allowed, -torch.inf)
    b = tiles.cols(factors.b)
    row_top = products.detach().amax(2, keepdim=True)
    row_top = row_top.masked_fill(row_top == -torch.inf, 0.0)
    b_top = b.detach().amax(1, keepdim=True)
    sums = (products - row_top).exp() @ (b - b_top).exp()
    lost = sums < UNDERFLOW
    log_sums = (sums.masked_fill(lost, 1.0).log() + row_top + b_top).masked_fill(lost, -torch.inf)
    tile, row, t = (lost & allowed.any(2, keepdim=True)).nonzero(as_tuple=True)
    if len(tile):
        exact = torch.logsumexp(products[tile, row] + b[tile, :, t], dim=1)
        log_sums = log_sums.index_put((tile, row, t), exact)
    return log_sums + tiles.rows(factors.a)


def _gold_as_negatives(factors: SpanFactors, gold: Tensor, doc_of: Tensor) -> tuple[Tensor, Tensor]:
    """Scores and groups of the gold cells for the types that they are not gold for."""
    n_types = factors.num_types
    cells, cell_of = gold[:, :2].unique(dim=0, return_inverse=True)
    is_negative = torch.ones(len(cells), n_types, dtype=torch.bool, device=gold.device)
    is_negative[cell_of, gold[:, 2]] = False
    cell, types = is_negative.nonzero(as_tuple=True)
    first, last = cells[cell].unbind(1)
    return factors.score(first, last, types), doc_of[first] * n_types + types


def _row_sums_by_type(factors: SpanFactors, tiles: Tiles, cells: list[Tensor], types: Tensor) -> Tensor:
    """log Σ_j exp s_t(i, j) over the valid cells of each row that are not gold for t, shape (B, R, T).
    The scores of one type are made again in the backward pass, so that those of all types are never
    in memory at once."""

    def row_sums(t: int, q: Tensor, k: Tensor, a: Tensor, b: Tensor) -> Tensor:
        allowed = tiles.valid.clone()
        allowed[tuple(x[types == t] for x in cells)] = False
        scores = tiles.rows(q) @ tiles.cols(k).transpose(1, 2) + tiles.cols(b)[:, None]
        # A row with no allowed cell has the sum 0; 0 in place of its scores keeps its gradient defined.
        empty = ~allowed.any(2)
        scores = scores.masked_fill(~allowed, -torch.inf).masked_fill(empty[:, :, None], 0.0)
        return (torch.logsumexp(scores, dim=2) + tiles.rows(a)).masked_fill(empty, -torch.inf)

    by_type = [
        checkpoint(row_sums, t, *factors.of_type(t), use_reentrant=False, preserve_rng_state=False)
        for t in range(factors.num_types)
    ]
    return torch.stack(by_type, dim=2)


def _log_one_plus_sum(values: Tensor, groups: Tensor, n_groups: int) -> Tensor:
    """log(1 + Σ exp(value)) for each group, shape (n_groups,)."""
    top = values.new_zeros(n_groups).scatter_reduce(0, groups, values.detach(), "amax")
    total = (-top).exp().index_add(0, groups, (values - top[groups]).exp())
    return top + total.log()
