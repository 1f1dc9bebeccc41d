"""A bidirectional LSTM over token vectors."""

from collections.abc import Sequence
from functools import partial

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ...checks import MAX_SIZE, check_count, check_dropout
from .encoder import Encoder, build_encoder, encode_by_length


@registry.architectures("spacy-gpner.BiLSTMEncoder.v1")
def BiLSTMEncoder(width: int = 128, depth: int = 2, dropout: float = 0.2) -> Encoder:
    """Build a bidirectional LSTM encoder for `spacy.Tok2Vec.v2`. Unlike `spacy.TorchBiLSTMEncoder.v1`, what
    it gives for a document does not depend on the lengths of its batch mates.

    width (int): Width of its input and output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (float): Dropout rate before each layer. The rate in `[training]` doesn't reach torch modules.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    RAISES (ValueError): If a setting is out of range; the width must be even.
    """
    expected = "a positive even number: half for each direction"
    check_count("width", width, expected, most=MAX_SIZE)
    if width % 2:
        raise ValueError(f"Invalid width: {width}. Expected {expected}.")
    check_count("depth", depth, "at least 1 layer", most=MAX_SIZE)
    check_dropout(dropout)
    return build_encoder("bilstm_encoder", width, partial(BiLSTM, depth=depth, dropout=dropout))


class BiLSTM(nn.Module):
    """The backward direction reads each document reversed within its own length, so that padding
    only ever follows a document and needs no packing: twice as fast as packed sequences on a CPU.
    Documents of similar length go together, so that there is little of it."""

    def __init__(self, width: int, *, depth: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.forwards = nn.ModuleList(nn.LSTM(width, width // 2) for _ in range(depth))
        self.backwards = nn.ModuleList(nn.LSTM(width, width // 2) for _ in range(depth))

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        return encode_by_length(vectors, lengths, self._encode)

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
