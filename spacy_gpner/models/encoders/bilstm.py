"""A bidirectional LSTM over token vectors."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.functional import layer_norm
from torch.nn.utils.rnn import pad_sequence

from ...checks import MAX_SIZE, check_count
from ..dropout import Dropout, check_own_dropout
from .encoder import Encoder, build_encoder, encode_by_length


@registry.architectures("spacy-gpner.BiLSTMEncoder.v1")
def BiLSTMEncoder_v1(width: int = 128, depth: int = 2, dropout: Optional[float] = 0.2) -> Encoder:
    """Build a `BiLSTMEncoder` that does not normalise its output."""
    return BiLSTMEncoder(width, depth, dropout, layer_norm=False)


@registry.architectures("spacy-gpner.BiLSTMEncoder.v2")
def BiLSTMEncoder(
    width: int = 128, depth: int = 2, dropout: Optional[float] = None, layer_norm: bool = True
) -> Encoder:
    """Build a bidirectional LSTM encoder for `spacy.Tok2Vec.v2`. Unlike `spacy.TorchBiLSTMEncoder.v1`, what
    it gives for a document does not depend on the lengths of its batch mates.

    width (int): Width of its input and output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (Optional[float]): Dropout rate before each layer; None for that of the training.
    layer_norm (bool): Whether to normalise each vector of the output. What follows learns sooner from it: the
        output of a fresh LSTM is small.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    RAISES (ValueError): If a setting is out of range; the width must be even.
    """
    expected = "a positive even number: half for each direction"
    check_count("width", width, expected, most=MAX_SIZE)
    if width % 2:
        raise ValueError(f"Invalid width: {width}. Expected {expected}.")
    check_count("depth", depth, "at least 1 layer", most=MAX_SIZE)
    check_own_dropout(dropout)
    build = partial(BiLSTM, depth=depth, dropout=dropout, layer_norm=layer_norm)
    return build_encoder("bilstm_encoder", width, build)


class BiLSTM(nn.Module):
    """The backward direction reads each document reversed within its own length, so that padding
    only ever follows a document and needs no packing: twice as fast as packed sequences on a CPU.
    Documents of similar length go together, so that there is little of it."""

    def __init__(self, width: int, *, depth: int, dropout: Optional[float], layer_norm: bool = False) -> None:
        super().__init__()
        self.width = width
        self.layer_norm = layer_norm
        self.dropout = Dropout(dropout)
        self.forwards = nn.ModuleList(nn.LSTM(width, width // 2) for _ in range(depth))
        self.backwards = nn.ModuleList(nn.LSTM(width, width // 2) for _ in range(depth))

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        encoded = encode_by_length(vectors, lengths, self._encode)
        return layer_norm(encoded, [self.width]) if self.layer_norm else encoded

    def _encode(self, parts: list[Tensor]) -> list[Tensor]:
        lengths = [len(part) for part in parts]
        sizes = torch.tensor(lengths, device=parts[0].device)
        hidden = pad_sequence(parts)
        steps = torch.arange(len(hidden), device=hidden.device)[:, None]
        reverse = torch.where(steps < sizes, sizes - 1 - steps, steps)[:, :, None]
        for forward_lstm, backward_lstm in zip(self.forwards, self.backwards, strict=True):
            hidden = self.dropout(hidden)
            onward, _ = forward_lstm(hidden)
            back, _ = backward_lstm(hidden.gather(0, reverse.expand_as(hidden)))
            hidden = torch.cat([onward, back.gather(0, reverse.expand_as(back))], dim=-1)
        return [hidden[:length, i] for i, length in enumerate(lengths)]
