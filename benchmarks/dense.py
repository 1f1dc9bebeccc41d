"""The opponent: the padded dense form of scores, labels and loss, as public implementations of GlobalPointer
have it. Written from its formulas."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from spacy_gpner.spans import SpanFactors, Window

MINUS_INFINITY = -1e12


def dense_scores(factors: SpanFactors, window: Window) -> Tensor:
    """All scores, shape (B, T, L, L); −1e12 where there is no valid span."""
    q, k, a, b = (
        pad_sequence(list(x.split(list(factors.lengths))), batch_first=True) for x in factors.tensors
    )
    if factors.shared:
        products = torch.einsum("bmd,bnd->bmn", q[:, :, 0], k[:, :, 0])[:, None]
    else:
        n_types = factors.num_types
        products = torch.einsum("bmtd,bntd->btmn", *(x.expand(-1, -1, n_types, -1) for x in (q, k)))
    scores = products + a.transpose(1, 2)[..., None] + b.transpose(1, 2)[:, :, None]
    mask = _valid(factors.lengths, window, scores.device).to(scores.dtype)
    return scores * mask[:, None] + MINUS_INFINITY * (1 - mask[:, None])


def _valid(lengths: Sequence[int], window: Window, device: torch.device) -> Tensor:
    place = torch.arange(max(lengths), device=device)
    start, end = place[:, None], place[None]
    valid = (end >= start) & (end < torch.tensor(lengths, device=device)[:, None, None])
    return valid if window.width is None else valid & (end - start < window.width)


def dense_labels(factors: SpanFactors, gold: Tensor) -> Tensor:
    """Labels of all spans, shape (B, T, L, L), from gold spans as `zlpr_loss` takes them."""
    lengths = torch.tensor(factors.lengths)
    docs = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    first, last, types = gold.T
    doc = docs[first]
    offset = (lengths.cumsum(0) - lengths)[doc]
    size = int(lengths.max())
    labels = torch.zeros(len(lengths), factors.num_types, size, size)
    labels[doc, types, first - offset, last - offset] = 1.0
    return labels.to(factors.q.device)


def dense_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Eq. 14 over dense scores and labels, the mean over documents and types."""
    scores, labels = scores.flatten(2), labels.flatten(2)
    signed = (1 - 2 * labels) * scores
    zeros = torch.zeros_like(signed[..., :1])
    negative = torch.cat([signed + MINUS_INFINITY * labels, zeros], dim=-1).logsumexp(-1)
    positive = torch.cat([signed + MINUS_INFINITY * (1 - labels), zeros], dim=-1).logsumexp(-1)
    return (negative + positive).mean()


def dense_bytes(batch: int, length: int, n_types: int) -> int:
    """Bytes of one tensor of scores, of which a training step holds several."""
    return 4 * batch * n_types * length * length
