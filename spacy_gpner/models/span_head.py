"""What all span heads have in common: a torch module from token vectors to span factors, under a `tok2vec`."""

from collections.abc import Callable
from typing import Optional, cast

import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Model, chain, torch2xp, xp2torch
from thinc.types import Floats2d

from ..spans import SpanFactors
from .torch_layer import LazyTorchShim

SpanModel = Model[list[Doc], SpanFactors]


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
    model = chain(tok2vec, head)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", head)
    return cast(SpanModel, model)


def resize_span_model(model: SpanModel, n_types: int) -> None:
    """Add outputs for new types to an initialized model; what it has learned stays.

    model (Model[List[Doc], SpanFactors]): The model.
    n_types (int): The new number of types.
    """
    head = model.get_ref("output_layer")
    head.set_dim("nO", n_types, force=True)
    cast(LazyTorchShim, head.shims[0]).resize(width=head.get_dim("nI"), n_types=n_types)


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
    shim = cast(LazyTorchShim, model.shims[0])
    shim.build(width=model.get_dim("nI"), n_types=model.get_dim("nO"))


def _forward(
    model: Model[list[Floats2d], SpanFactors], X: list[Floats2d], is_train: bool
) -> tuple[SpanFactors, Callable[[SpanFactors], list[Floats2d]]]:
    shim = cast(LazyTorchShim, model.shims[0])
    lengths = [len(x) for x in X]
    flat = model.ops.flatten(X) if X else model.ops.alloc2f(0, model.get_dim("nI"))
    vectors = xp2torch(flat, requires_grad=is_train, device=shim.device)
    outputs, backprop_torch = shim(ArgsKwargs(args=(vectors, lengths), kwargs={}), is_train)

    def backprop(d_factors: SpanFactors) -> list[Floats2d]:
        learned = [(x, d) for x, d in zip(outputs, d_factors.tensors, strict=True) if x.requires_grad]
        tensors, grads = zip(*learned, strict=True)
        d_inputs = backprop_torch(ArgsKwargs(args=(tensors,), kwargs={"grad_tensors": grads}))
        return cast(list[Floats2d], model.ops.unflatten(torch2xp(d_inputs.args[0]), lengths))

    return SpanFactors(*(x.detach() for x in outputs), lengths=lengths), backprop
