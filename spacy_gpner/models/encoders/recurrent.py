"""Recurrent layers that read forwards and backwards."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Optional

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm as normalise

from ...checks import MAX_SIZE, check_count
from ..dropout import Dropout, check_own_dropout
from ..score_model import Tok2Vec
from .encoder import build_context_layer, encode_by_length


class BiRNN(nn.Module):
    """The backward direction reads each document reversed within its own length, so that padding
    only ever follows a document and needs no packing: twice as fast as packed sequences on a CPU.
    Documents of similar length go together, so that there is little of it."""

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(
        self,
        width: int,
        *,
        depth: int,
        dropout: Optional[float],
        layer_norm: bool = False,
        n_in: Optional[int] = None,
    ) -> None:
        super().__init__()
        self.width, self.n_in = width, width if n_in is None else n_in
        self.layer_norm = layer_norm
        self.dropout = Dropout(dropout)
        widths = [self.n_in, *[width] * (depth - 1)]
        self.forwards = nn.ModuleList(self.cell(n, width // 2) for n in widths)
        self.backwards = nn.ModuleList(self.cell(n, width // 2) for n in widths)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        encoded = encode_by_length(vectors, lengths, self._encode)
        if not len(vectors):
            return encoded.new_zeros(0, self.width)
        return normalise(encoded, [self.width]) if self.layer_norm else encoded

    def _encode(self, padded: Tensor, lengths: list[int]) -> Tensor:
        sizes = torch.tensor(lengths, device=padded.device)
        hidden = padded.transpose(0, 1)
        steps = torch.arange(len(hidden), device=hidden.device)[:, None]
        reverse = torch.where(steps < sizes, sizes - 1 - steps, steps)[:, :, None]
        for forwards, backwards in zip(self.forwards, self.backwards, strict=True):
            hidden = self.dropout(hidden)
            onward, _ = forwards(hidden)
            back, _ = backwards(hidden.gather(0, reverse.expand_as(hidden)))
            hidden = torch.cat([onward, back.gather(0, reverse.expand_as(back))], dim=-1)
        return hidden.transpose(0, 1)


def check_recurrent(width: int, depth: int, dropout: Optional[float]) -> None:
    """Refuse settings that are out of range.

    RAISES (ValueError): If the width is not positive and even, or another setting is out of range.
    """
    expected = "a positive even number: half for each direction"
    check_count("width", width, expected, most=MAX_SIZE)
    if width % 2:
        raise ValueError(f"Invalid width: {width}. Expected {expected}.")
    check_count("depth", depth, "at least 1 layer", most=MAX_SIZE)
    check_own_dropout(dropout)


def build_recurrent_layer(
    kind: type[BiRNN],
    name: str,
    tok2vec: Tok2Vec,
    width: int,
    depth: int,
    dropout: Optional[float],
    layer_norm: bool,
) -> Tok2Vec:
    """Put recurrent layers on a `tok2vec`. See `spacy-gpner.BiLSTM.v1`."""
    check_recurrent(width, depth, dropout)
    build = partial(kind, depth=depth, dropout=dropout, layer_norm=layer_norm)
    return build_context_layer(tok2vec, name, width, build)
