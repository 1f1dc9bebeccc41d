"""One vector of the outputs of several layers."""

from collections.abc import Sequence
from functools import partial
from typing import Literal, Optional

import torch
from thinc.api import Model
from thinc.types import Floats2d
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from ..encoders.encoder import Encoder, encode_vectors
from ..torch_layer import LazyTorchShim, get_shim

Join = Literal["concat", "mix"]


def join_layers(n_layers: int, join: Join, width: int) -> Encoder:
    """Build a layer that makes one vector of those of several layers, which lie side by side.

    n_layers (int): How many there are.
    join (str): "concat" leaves them side by side, "mix" takes a learned mean of them.
    width (int): Width of the output.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The layer.
    """
    build = partial(LayerJoin, n_layers=n_layers, join=join)
    return Model(
        "join_layers",
        encode_vectors,
        init=_init,
        dims={"nI": None, "nO": width},
        attrs={"dropout_rate": 0.0},
        shims=[LazyTorchShim(build)],
    )


class LayerJoin(nn.Module):
    """Each layer's vector is normalised: a few of its numbers can be a hundred times as large as the rest."""

    def __init__(self, given: int, width: int, *, n_layers: int, join: Join) -> None:
        super().__init__()
        self.n_layers = n_layers
        self.weights = nn.Parameter(torch.zeros(n_layers)) if join == "mix" else None
        self.projection = nn.Linear(given // n_layers if join == "mix" else given, width)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        layers = vectors.unflatten(1, (self.n_layers, -1))
        layers = layer_norm(layers, layers.shape[2:])
        if self.weights is None:
            return self.projection(layers.flatten(1))
        return self.projection(torch.einsum("l,tlw->tw", self.weights.softmax(0), layers))


def _init(model: Encoder, X: Optional[list[Floats2d]] = None, Y: Optional[list[Floats2d]] = None) -> None:
    get_shim(model).build(given=model.get_dim("nI"), width=model.get_dim("nO"))
