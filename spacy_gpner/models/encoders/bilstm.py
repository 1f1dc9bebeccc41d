"""A bidirectional LSTM over token vectors."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from thinc.api import Model, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ..by_length import similar_lengths
from ..torch_layer import LazyTorchShim, get_shim, run_ragged, unflatten

# The longest document of a padded batch is at most so many times as long as the shortest.
MAX_STRETCH = 1.5


@registry.architectures("spacy-gpner.BiLSTMEncoder.v1")
def BiLSTMEncoder(
    width: int = 128, depth: int = 2, dropout: float = 0.2
) -> Model[list[Floats2d], list[Floats2d]]:
    """Build a bidirectional LSTM encoder for `spacy.Tok2Vec.v2`. Unlike `spacy.TorchBiLSTMEncoder.v1`, what
    it gives for a document does not depend on the lengths of its batch mates.

    width (int): Width of its input and output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (float): Dropout rate before each layer. The rate in `[training]` doesn't reach torch modules.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    RAISES (ValueError): If the width is odd, or either not positive.
    """
    if width < 2 or width % 2:
        raise ValueError(f"Invalid width: {width}. Expected a positive even number: half for each direction.")
    if depth < 1:
        raise ValueError(f"Invalid depth: {depth}. Expected at least 1 layer.")
    return build_encoder("bilstm_encoder", width, partial(BiLSTM, depth=depth, dropout=dropout))


def build_encoder(
    name: str, width: int, build: Callable[..., nn.Module]
) -> Model[list[Floats2d], list[Floats2d]]:
    """An encoder of token vectors that is a torch module.

    name (str): The layer's name.
    width (int): Width of its input and output.
    build (Callable[..., torch.nn.Module]): Makes the module from its `width`. Its `forward` takes vectors,
        shape (N, width), and the documents' lengths, and gives vectors.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    """
    return Model(name, _forward, init=_init, dims={"nI": width, "nO": width}, shims=[LazyTorchShim(build)])


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


def encode_by_length(
    vectors: Tensor, lengths: Sequence[int], encode: Callable[[list[Tensor]], list[Tensor]]
) -> Tensor:
    """Encode documents of similar length together, so that little is padded.

    vectors (Tensor): Vectors of all tokens, shape (N, width).
    lengths (Sequence[int]): Tokens of each document.
    encode (Callable[[List[Tensor]], List[Tensor]]): Encodes a few documents, each with shape (length, width).
    RETURNS (Tensor): What `encode` gave, shape (N, width).
    """
    parts = list(vectors.split(list(lengths)))
    for members in similar_lengths(lengths, MAX_STRETCH):
        encoded = encode([parts[i] for i in members])
        for i, own in zip(members, encoded, strict=True):
            parts[i] = own
    return torch.cat(parts) if parts else vectors


def _init(
    model: Model[list[Floats2d], list[Floats2d]],
    X: Optional[list[Floats2d]] = None,
    Y: Optional[list[Floats2d]] = None,
) -> None:
    get_shim(model).build(width=model.get_dim("nO"))


def _forward(
    model: Model[list[Floats2d], list[Floats2d]], X: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    if not X:
        return [], lambda dY: []
    output, lengths, backprop_torch = run_ragged(model, X, is_train)

    def backprop(dY: list[Floats2d]) -> list[Floats2d]:
        return backprop_torch([output], [xp2torch(model.ops.flatten(dY), device=output.device)])

    return unflatten(model, output, lengths), backprop
