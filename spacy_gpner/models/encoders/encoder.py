"""What all encoders of token vectors have in common."""

from collections.abc import Callable, Sequence
from typing import Optional

import torch
from thinc.api import Model, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn

from ..by_length import similar_lengths
from ..torch_layer import LazyTorchShim, get_shim, run_ragged, unflatten

Encoder = Model[list[Floats2d], list[Floats2d]]

# The longest document of a padded batch is at most so many times as long as the shortest.
MAX_STRETCH = 1.5


def build_encoder(name: str, width: int, build: Callable[..., nn.Module]) -> Encoder:
    """An encoder of token vectors that is a torch module.

    name (str): The layer's name.
    width (int): Width of its input and output.
    build (Callable[..., torch.nn.Module]): Makes the module from its `width`. Its `forward` takes vectors,
        shape (N, width), and the documents' lengths, and gives vectors.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    """
    return Model(
        name,
        encode_vectors,
        init=_init,
        dims={"nI": width, "nO": width},
        attrs={"dropout_rate": 0.0},
        shims=[LazyTorchShim(build)],
    )


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


def encode_vectors(
    model: Encoder, X: list[Floats2d], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Floats2d]]]:
    """The forward pass of a layer whose torch module takes vectors and lengths, and gives vectors.

    model (Model[List[Floats2d], List[Floats2d]]): The layer.
    X (List[Floats2d]): The vectors of each document.
    is_train (bool): Whether to backpropagate.
    RETURNS (Tuple[List[Floats2d], Callable]): The module's vectors, and the way back.
    """
    if not X:
        return [], lambda dY: []
    output, lengths, backprop_torch = run_ragged(model, X, is_train)

    def backprop(dY: list[Floats2d]) -> list[Floats2d]:
        return backprop_torch([output], [xp2torch(model.ops.flatten(dY), device=output.device)])

    return unflatten(model, output, lengths), backprop


def _init(
    model: Encoder,
    X: Optional[list[Floats2d]] = None,
    Y: Optional[list[Floats2d]] = None,
) -> None:
    get_shim(model).build(width=model.get_dim("nO"))
