"""What all span heads have in common: a torch module from token vectors to span factors."""

from collections.abc import Callable
from typing import Optional

import torch
from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..spans import SpanFactors
from .torch_layer import LazyTorchShim, get_shim, run_ragged

SpanModel = Model[list[Doc], SpanFactors]

# Nearly all spans are negative: the untrained model starts from there, and predicts nothing instead of all.
INITIAL_SCORE = -5.0


def build_span_model(
    tok2vec: Model[list[Doc], list[Floats2d]], build_head: Callable[..., torch.nn.Module]
) -> SpanModel:
    """Put a span head on a `tok2vec` layer.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    build_head (Callable[..., torch.nn.Module]): Makes the head from `width`, that of the token vectors, and
        `n_types`. The head's `forward` takes vectors, shape (N, width), and the documents' lengths, and gives
        q, k, a and b as in `SpanFactors`. The leading axis of every parameter whose size depends on
        the number of types must be in the order of the types.
    RETURNS (Model[List[Doc], SpanFactors]): The model, with the refs `tok2vec` and `output_layer`.
    """
    head = _span_head(build_head)
    if tok2vec.has_dim("nO"):
        head.set_dim("nI", tok2vec.get_dim("nO"))
    model: SpanModel = chain(tok2vec, head)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", head)
    return model


def check_head_size(head_size: int, rope: bool) -> None:
    """Refuse a head size that RoPE can't cut in pairs.

    RAISES (ValueError): If the head size is not positive, or odd with RoPE.
    """
    if head_size < 1 or (rope and head_size % 2):
        raise ValueError(
            f"Invalid head_size: {head_size}. Expected a positive number, and an even one with rope = true."
        )


def resize_span_model(model: SpanModel, n_types: int) -> None:
    """Add outputs for new types to an initialized model; what it has learned stays.

    model (Model[List[Doc], SpanFactors]): The model.
    n_types (int): The new number of types.
    """
    head = model.get_ref("output_layer")
    head.set_dim("nO", n_types, force=True)
    get_shim(head).resize(width=head.get_dim("nI"), n_types=n_types)


def _span_head(build_head: Callable[..., torch.nn.Module]) -> Model[list[Floats2d], SpanFactors]:
    return Model(
        "span_head",
        _forward,
        init=_init,
        dims={"nI": None, "nO": None},
        shims=[LazyTorchShim(build_head)],
    )


def _init(
    model: Model[list[Floats2d], SpanFactors],
    X: Optional[list[Floats2d]] = None,
    Y: Optional[SpanFactors] = None,
) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    get_shim(model).build(width=model.get_dim("nI"), n_types=model.get_dim("nO"))


def _forward(
    model: Model[list[Floats2d], SpanFactors], X: list[Floats2d], is_train: bool
) -> tuple[SpanFactors, Callable[[SpanFactors], list[Floats2d]]]:
    outputs, lengths, backprop_torch = run_ragged(model, X, is_train)
    q, k, a, b = (x.detach() for x in outputs)

    def backprop(d_factors: SpanFactors) -> list[Floats2d]:
        learned = [(x, d) for x, d in zip(outputs, d_factors.tensors, strict=True) if x.requires_grad]
        tensors, grads = zip(*learned, strict=True)
        return backprop_torch(tensors, grads)

    return SpanFactors(q, k, a, b, lengths), backprop
