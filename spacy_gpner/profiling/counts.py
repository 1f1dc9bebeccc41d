"""Parameters and multiply-accumulates of torch modules and thinc models."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from thinc.api import Model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..models.encoders.attention import SelfAttention
from ..models.encoders.idcnn import DilatedConvolutions

# Multiply-accumulates of a layer norm for each of its elements, as the paper's counter has them.
PER_NORMALIZED = 4


@dataclass(frozen=True)
class Part:
    """A part of a model: what it holds, and what it computes for one text.

    name (str): "embeddings", "encoder" or "head".
    parameters (int): Its parameters.
    layers (int): Multiply-accumulates of its linear layers, convolutions and recurrent layers, and 4 for each
        element of a layer norm.
    products (int): Multiply-accumulates of products between tokens: attention's two, or the head's <q, k> for
        the spans inside the window, or a chain's steps from tag to tag.
    """

    name: str
    parameters: int
    layers: int = 0
    products: int = 0


def add_up(name: str, parts: Iterable[Part]) -> Part:
    """Add up parts.

    name (str): What to call their sum.
    parts (Iterable[Part]): The parts.
    RETURNS (Part): The sum.
    """
    rows = [(x.parameters, x.layers, x.products) for x in parts]
    return Part(name, *(sum(column) for column in zip((0, 0, 0), *rows, strict=True)))


def count_module(name: str, module: nn.Module, *args: Any, **kwargs: Any) -> Part:
    """Count a module on the meta device, where running it computes nothing.

    name (str): What to call it.
    module (torch.nn.Module): The module.
    args, kwargs (Any): Its inputs.
    RETURNS (Part): Its counts.
    """
    normalized = 0

    def add(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        nonlocal normalized
        normalized += output.numel()

    hooks = [x.register_forward_hook(add) for x in module.modules() if isinstance(x, nn.LayerNorm)]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*args, **kwargs)
    for hook in hooks:
        hook.remove()
    counts = {str(op).partition(".")[2]: n // 2 for op, n in counter.get_flop_counts()["Global"].items()}
    own = sum(counts.pop(op, 0) for op in ("addmm", "mm", "convolution"))
    layers = own + PER_NORMALIZED * normalized
    return Part(name, count_parameters(module), layers, sum(counts.values()))


def count_parameters(module: nn.Module) -> int:
    """The number of a module's parameters."""
    return sum(x.numel() for x in module.parameters())


def count_layers(model: Model, tokens: int) -> list[Part]:
    """Count an initialized thinc model by its weights: each weight of a linear or a recurrent layer meets
    each token once, and tables are looked up. Layers that use weights in other ways are run.

    model (Model): The model.
    tokens (int): Length of the text.
    RETURNS (List[Part]): Its embeddings, and the rest as encoder.
    """
    n_embedded = 0
    parts = []
    for node in model.walk():
        sizes = {name: node.get_param(name).size for name in node.param_names}
        n_embedded += sizes.pop("E", 0)
        layers = tokens * (sizes.get("W", 0) + PER_NORMALIZED * sizes.get("G", 0))
        parts.append(Part("encoder", sum(sizes.values()), layers))
        for shim in node.shims:
            module = shim._model
            if isinstance(module, (DilatedConvolutions, SelfAttention)):
                vectors = torch.zeros(tokens, node.get_dim("nI"), device="meta")
                parts.append(count_module("encoder", deepcopy(module).to("meta"), vectors, [tokens]))
                continue
            tables = sum(x.weight.numel() for x in module.modules() if isinstance(x, nn.Embedding))
            n_embedded += tables
            n_weights = sum(x.numel() for x in module.parameters() if x.dim() > 1) - tables
            parts.append(Part("encoder", count_parameters(module) - tables, tokens * n_weights))
    return [Part("embeddings", n_embedded), add_up("encoder", parts)]
