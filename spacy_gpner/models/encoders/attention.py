"""Multi-head self-attention over token vectors."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from ...checks import MAX_SIZE, check_count
from ...errors import PipelineError
from ..dropout import Dropout, check_own_dropout
from ..score_model import Tok2Vec
from .encoder import build_context_layer, encode_by_length


@registry.architectures("spacy-gpner.MultiHeadAttention.v1")
def MultiHeadAttention(
    tok2vec: Tok2Vec, heads: int = 4, dropout: Optional[float] = None, window: int = 512
) -> Tok2Vec:
    """Build multi-head self-attention (Vaswani et al., 2017; section 3.3 of paper 2) on token vectors. Its
    output is added to its input and normalised, as in a transformer: the vectors keep their width.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors. Their width is a multiple of `heads`.
    heads (int): Number of heads.
    dropout (Optional[float]): Dropout rate of the output; None for that of the training.
    window (int): Longer documents are read in windows of so many tokens, which begin at every half of one.
        Each token is kept of the window in whose middle it lies; even.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    RAISES (ValueError): If a setting is out of range, or the heads don't divide the width.
    """
    check_count("heads", heads, "at least 1 head", most=MAX_SIZE)
    check_own_dropout(dropout)
    fourth = "a number of tokens, at least 4, that 4 divides"
    check_count("window", window, fourth, least=4, most=MAX_SIZE)
    if window % 4:
        raise ValueError(f"Invalid window: {window}. Expected {fourth}.")
    if tok2vec.has_dim("nO"):
        _check_heads(heads, tok2vec.get_dim("nO"))
    build = partial(SelfAttention, heads=heads, dropout=dropout, window=window)
    return build_context_layer(tok2vec, "attention", None, build, token_window=window)


def _check_heads(heads: int, width: int) -> None:
    if width % heads:
        raise PipelineError(
            f"Invalid heads: {heads} of them can't share vectors of width {width}. Give a number that "
            "divides the width."
        )


class SelfAttention(nn.Module):
    """x + W Concat(head_1, …, head_h), normalised, where head_i = softmax(Q_i K_iᵀ / √d) V_i."""

    def __init__(self, n_in: int, width: int, *, heads: int, dropout: Optional[float], window: int) -> None:
        super().__init__()
        _check_heads(heads, width)
        self.width, self.heads, self.window = width, heads, window
        self.dropout = Dropout(dropout)
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        if not len(vectors):
            return vectors
        tokens, sizes, kept = _windows(lengths, self.window)
        attended = encode_by_length(vectors[tokens.to(vectors.device)], sizes, self._attend)
        attended = attended[kept.to(vectors.device)]
        return layer_norm(vectors + self.dropout(self.join(attended)), [self.width])

    def _attend(self, padded: Tensor, lengths: list[int]) -> Tensor:
        sizes = torch.tensor(lengths, device=padded.device)
        steps = torch.arange(padded.shape[1], device=padded.device)
        inside = steps < sizes[:, None, None, None]
        q, k, v = self.project(padded).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if len(set(lengths)) == 1 else inside
        heads = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return heads.transpose(1, 2).flatten(2)


def _windows(lengths: Sequence[int], window: int) -> tuple[Tensor, list[int], Tensor]:
    """Cut documents into windows that overlap by half.

    lengths (Sequence[int]): Tokens of each document; N in all.
    window (int): The most tokens of a window.
    RETURNS (Tuple[Tensor, List[int], Tensor]): The tokens of all windows, one after another; how many each
        has; and where in them each of the N tokens is kept.
    """
    stride, margin = window // 2, window // 4
    tokens, kept, begin, n_read = [], [], 0, 0
    sizes = []
    for length in lengths:
        start = 0
        while start < length:
            stop = min(start + window, length)
            first = start + margin if start else 0
            last = stop if stop == length else start + stride + margin
            tokens.append(torch.arange(begin + start, begin + stop))
            kept.append(torch.arange(n_read + first - start, n_read + last - start))
            sizes.append(stop - start)
            n_read += stop - start
            start = length if stop == length else start + stride
        begin += length
    return torch.cat(tokens), sizes, torch.cat(kept)
