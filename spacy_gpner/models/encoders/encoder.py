"""What all encoders of token vectors have in common: those that are a part of a `tok2vec`, and those that
stand on one."""

from collections.abc import Callable, Sequence
from typing import Any, Optional

import torch
from thinc.api import Model, chain, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn

from ...errors import PipelineError
from ..by_length import similar_lengths
from ..score_model import Tok2Vec
from ..token_vectors import check_tok2vec
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


def build_context_layer(
    tok2vec: Tok2Vec, name: str, width: Optional[int], build: Callable[..., nn.Module], **attrs: Any
) -> Tok2Vec:
    """Put an encoder on a `tok2vec` layer of any width.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    name (str): The encoder's name.
    width (Optional[int]): Width of its output; None for that of its input.
    build (Callable[..., torch.nn.Module]): Makes the module from `n_in`, the width of its input, and `width`.
        Its `forward` takes vectors, shape (N, n_in), and the documents' lengths, and gives vectors.
    attrs (Any): What is to be known of the layer.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    RAISES (ValueError): If the layer is of another kind, or the widths of its parts don't fit.
    """
    check_tok2vec(tok2vec)
    layer: Encoder = Model(
        name,
        encode_vectors,
        init=_init_context_layer,
        dims={"nI": None, "nO": width},
        attrs={"dropout_rate": 0.0, **attrs},
        shims=[LazyTorchShim(build)],
    )
    if tok2vec.has_dim("nO"):
        layer.set_dim("nI", tok2vec.get_dim("nO"))
    return chain(tok2vec, layer)


def encode_by_length(
    vectors: Tensor, lengths: Sequence[int], encode: Callable[[Tensor, list[int]], Tensor]
) -> Tensor:
    """Encode documents of similar length together, so that little is padded. Tokens are taken and put back
    by one index: the way back through a slice for each document would fill the whole batch for each.

    vectors (Tensor): Vectors of all tokens, shape (N, width).
    lengths (Sequence[int]): Tokens of each document.
    encode (Callable[[Tensor, List[int]], Tensor]): Encodes B documents of at most L tokens: from vectors,
        shape (B, L, width), 0 after a document's end, and their lengths it makes vectors, shape (B, L, its
        own width). What these are after a document's end is of no matter.
    RETURNS (Tensor): What `encode` gave, shape (N, its width); `vectors` if there are no tokens.
    """
    # Where things are is settled on the processor, whatever device a default would put them on
    sizes = torch.tensor(lengths, dtype=torch.long, device="cpu")
    starts = sizes.cumsum(0) - sizes
    device = vectors.device
    encoded, order = [], []
    for members in similar_lengths(lengths, MAX_STRETCH):
        own = sizes[members]
        steps = torch.arange(int(own.max()), device="cpu")
        inside = steps < own[:, None]
        tokens = torch.where(inside, starts[members][:, None] + steps, 0)
        padded = vectors.index_select(0, tokens.flatten().to(device)).unflatten(0, tokens.shape)
        output = encode(padded.masked_fill(~inside.to(device)[:, :, None], 0.0), own.tolist())
        filled = inside.flatten().nonzero().flatten()
        encoded.append(output.flatten(0, 1).index_select(0, filled.to(device)))
        order.append(tokens.flatten()[filled])
    if not encoded:
        return vectors
    return torch.cat(encoded).index_select(0, torch.cat(order).argsort().to(device))


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


def _init_context_layer(
    model: Encoder,
    X: Optional[list[Floats2d]] = None,
    Y: Optional[list[Floats2d]] = None,
) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    if not model.has_dim("nI"):
        raise PipelineError(
            f"The width of the vectors under {model.name} is not known before there are some. Initialize the "
            "pipeline with examples that have tokens."
        )
    if not model.has_dim("nO"):
        model.set_dim("nO", model.get_dim("nI"))
    get_shim(model).build(n_in=model.get_dim("nI"), width=model.get_dim("nO"))


def _init(
    model: Encoder,
    X: Optional[list[Floats2d]] = None,
    Y: Optional[list[Floats2d]] = None,
) -> None:
    get_shim(model).build(width=model.get_dim("nO"))
