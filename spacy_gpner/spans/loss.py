"""The multi-label loss over spans (ZLPR, Eq. 14 of the main paper), without a tensor of spans x types.

Where all types share q and k, the sum over a row's negatives factors,

    Σ_j exp s_t(i, j) = exp a_t(i) · Σ_j exp⟨q(i), k(j)⟩ · exp b_t(j),

which is one matrix product E · exp(b) for all types at once. Three things keep it exact in float32:
cells that are gold for any type leave E and come back one by one for the types they are not gold for (a
sum minus its largest terms would lose every digit); each factor is shifted by its maximum; and where a
row's sum still underflows, that row is summed for its type directly.
"""

from typing import Any, Optional

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
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
    lengths = factors.lengths
    device = factors.q.device
    gold = gold.to(device)
    if not factors.num_types or not sum(lengths):
        return sum((x.sum() * 0.0 for x in factors.tensors), torch.zeros((), device=device))
    doc_of = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths)).to(device)
    positive, negative, gold_docs = (_gold_shared if factors.shared else _gold_by_type)(factors, gold, doc_of)
    first, last, types = gold.T.contiguous()
    scores, docs, found = [negative], [gold_docs], 0
    for tiles in make_tiles(lengths, window, device):
        inside, *cells = tiles.locate(first, last)
        found += int(tiles.valid[tuple(cells)].sum())
        row_sums = _row_sums_shared if factors.shared else _row_sums_by_type
        scores.append(row_sums(factors, tiles, cells, types[inside]).flatten(0, 1))
        docs.append(tiles.rows(doc_of).flatten())
    if found != len(gold):
        raise ValueError("A gold span is not valid under the window. Drop such spans before the loss.")
    of_gold = _log_one_plus_sum(positive, gold_docs, len(lengths))
    of_others = _log_one_plus_sum(torch.cat(scores), torch.cat(docs), len(lengths))
    return (of_gold + of_others).mean()


def _gold_shared(factors: SpanFactors, gold: Tensor, doc_of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """-s and s of the cells that are gold for any type, shape (G, T), the first for the types that the cell
    is gold for, the second for the others, -inf elsewhere; and the cells' documents, shape (G,)."""
    cells, cell_of = (gold[:, 0] * len(doc_of) + gold[:, 1]).unique(return_inverse=True)
    first, last = cells // len(doc_of), cells % len(doc_of)
    q, k = factors.q[:, 0].index_select(0, first), factors.k[:, 0].index_select(0, last)
    scores = (q * k).sum(1, keepdim=True) + factors.a.index_select(0, first) + factors.b.index_select(0, last)
    is_gold = torch.zeros_like(scores, dtype=torch.bool)
    is_gold[cell_of, gold[:, 2]] = True
    return (-scores).masked_fill(~is_gold, -torch.inf), scores.masked_fill(is_gold, -torch.inf), doc_of[first]


def _gold_by_type(factors: SpanFactors, gold: Tensor, doc_of: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What `_gold_shared` gives; but the cells' other types are among the sums of the rows."""
    first, last, types = gold.unbind(1)
    nothing = factors.a.new_full((len(gold), factors.num_types), -torch.inf)
    scores = -factors.score(first, last, types)
    positive = nothing.scatter(1, types[:, None], scores[:, None])
    return positive, nothing, doc_of[first]


def _row_sums_shared(factors: SpanFactors, tiles: Tiles, cells: list[Tensor], types: Tensor) -> Tensor:
    """log Σ_j exp s_t(i, j) over the valid cells of each row that are gold for no type, shape (B, R, T)."""
    left_out = ~tiles.valid
    left_out[tuple(cells)] = True
    q, k, b = tiles.rows(factors.q[:, 0]), tiles.cols(factors.k[:, 0]), tiles.cols(factors.b)
    sums: Tensor = _LogSumExpOfProducts.apply(q, k, b, left_out)
    return sums + tiles.rows(factors.a)


class _LogSumExpOfProducts(torch.autograd.Function):
    """log Σ_j exp(<q(i), k(j)> + b_t(j)) over the cells that are not left out, shape (B, R, T), from q,
    shape (B, R, d), k, shape (B, C, d), b, shape (B, C, T), and `left_out`, shape (B, R, C); -inf for a row
    of which all is left out. With a backward pass of its own, since it keeps one tensor of the size of the
    cells where autograd would keep three."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, b: Tensor, left_out: Tensor) -> Tensor:
        products = (q @ k.transpose(1, 2)).masked_fill_(left_out, -torch.inf)
        row_top = products.amax(2, keepdim=True)
        is_empty = row_top == -torch.inf
        row_top = row_top.masked_fill_(is_empty, 0.0)
        b_top = b.amax(1, keepdim=True)
        of_ends = (b - b_top).exp_()
        of_cells = (products - row_top).exp_()
        sums = of_cells @ of_ends
        lost = sums < UNDERFLOW
        tile, row, t = (lost & ~is_empty).nonzero(as_tuple=True)
        log_sums = sums.log().add_(row_top).add_(b_top).masked_fill_(lost, -torch.inf)
        exact = products[tile, row] + b[tile, :, t]
        log_sums[tile, row, t] = exact.logsumexp(1)
        ctx.save_for_backward(
            q, k, of_ends, of_cells, sums.masked_fill_(lost, torch.inf), exact, tile, row, t
        )
        return log_sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Optional[Tensor], ...]:
        q, k, of_ends, of_cells, sums, exact, tile, row, t = ctx.saved_tensors
        weights = gradients[0] / sums
        d_products = (weights @ of_ends.transpose(1, 2)).mul_(of_cells)
        d_b = (of_cells.transpose(1, 2) @ weights).mul_(of_ends)
        if len(tile):
            d_exact = exact.softmax(1) * gradients[0][tile, row, t][:, None]
            d_products.index_put_((tile, row), d_exact, accumulate=True)
            d_b.transpose(1, 2).index_put_((tile, t), d_exact, accumulate=True)
        return d_products @ k, d_products.transpose(1, 2) @ q, d_b, None


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


def _log_one_plus_sum(values: Tensor, docs: Tensor, n_docs: int) -> Tensor:
    """log(1 + Σ exp(value)) for each document and type, shape (D, T), from values, shape (n, T), and the
    documents of their rows, shape (n,)."""
    index = docs[:, None].expand_as(values)
    top = values.new_zeros(n_docs, values.shape[1]).scatter_reduce(0, index, values.detach(), "amax")
    total = (-top).exp().index_add(0, docs, (values - top.index_select(0, docs)).exp())
    return top + total.log()
