"""What all score models have in common: a torch module, the head, from token vectors to scores."""

from collections.abc import Callable
from typing import Any, Optional, TypeVar

import torch
from spacy.tokens import Doc
from thinc.api import Model, chain
from thinc.types import Floats2d

from ..checks import MAX_SIZE, check_count
from ..errors import PipelineError
from ..spans import Scores, SpanFactors
from .token_vectors import check_tok2vec
from .torch_layer import LazyTorchShim, get_shim, run_ragged

S = TypeVar("S", bound=Scores)
Tok2Vec = Model[list[Doc], list[Floats2d]]
ScoreModel = Model[list[Doc], S]
SpanModel = ScoreModel[SpanFactors]

# Nearly all spans are negative: the untrained model starts from there, and predicts nothing instead of all.
INITIAL_SCORE = -5.0


def build_score_model(
    tok2vec: Tok2Vec, build_head: Callable[..., torch.nn.Module], *, layout: Any = None
) -> Model[list[Doc], Any]:
    """Put a head on a `tok2vec` layer.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    build_head (Callable[..., torch.nn.Module]): Makes the head from `width`, that of the token vectors, and
        `n_types`. The head's `forward` takes vectors, shape (N, width), and the documents' lengths, and gives
        `Scores`. Every axis of a parameter whose size depends on the number of types must be in the order of
        the types.
    layout (Any): What is to be known of its scores beside the types, such as a `TagSet`; None for nothing.
    RETURNS (Model[List[Doc], Scores]): The model, with the refs `tok2vec` and `output_layer`.
    RAISES (ValueError): If the layer is of another kind, or the widths of its parts don't fit.
    """
    check_tok2vec(tok2vec)
    head: Model[list[Floats2d], Scores] = Model(
        "score_head",
        _forward,
        init=_init,
        dims={"nI": None, "nO": None},
        attrs={"dropout_rate": 0.0, "layout": layout},
        shims=[LazyTorchShim(build_head)],
    )
    if tok2vec.has_dim("nO"):
        head.set_dim("nI", tok2vec.get_dim("nO"))
    model: Model[list[Doc], Any] = chain(tok2vec, head)
    model.set_ref("tok2vec", tok2vec)
    model.set_ref("output_layer", head)
    return model


def is_score_model(model: Any) -> bool:
    """Whether something is a model as `build_score_model` makes it."""
    if not isinstance(model, Model) or not all(model.has_ref(ref) for ref in ("tok2vec", "output_layer")):
        return False
    return any(isinstance(shim, LazyTorchShim) for shim in model.get_ref("output_layer").shims)


def get_layout(model: ScoreModel) -> Any:
    """What is to be known of a model's scores beside the types, or None."""
    return model.get_ref("output_layer").attrs["layout"]


def is_initialized(model: ScoreModel) -> bool:
    """Whether a score model has its weights."""
    return get_shim(model.get_ref("output_layer")).module is not None


def initialize_score_model(model: ScoreModel, n_types: int, sample: list[Doc]) -> None:
    """Give a model its weights.

    model (Model[List[Doc], Scores]): The model.
    n_types (int): The number of types.
    sample (List[Doc]): Some documents with tokens, where there are any.
    RAISES (PipelineError): If there are none, and the width of the token vectors can't be known without.
    """
    tok2vec, head = model.get_ref("tok2vec"), model.get_ref("output_layer")
    head.set_dim("nO", n_types, force=True)
    if sample:
        model.initialize(X=sample)
        return
    if not head.has_dim("nI"):
        tok2vec.initialize()
        if tok2vec.has_dim("nO"):
            head.set_dim("nI", tok2vec.get_dim("nO"))
    model.initialize()


def resize_score_model(model: ScoreModel, n_types: int) -> None:
    """Add outputs for new types to an initialized model; what it has learned stays.

    model (Model[List[Doc], Scores]): The model.
    n_types (int): The new number of types.
    """
    tok2vec, head = model.get_ref("tok2vec"), model.get_ref("output_layer")
    head.set_dim("nO", n_types, force=True)
    sizes: dict[str, Any] = {"n_types": n_types}
    # Where a text is read once for each type, its vectors are wider now.
    if tok2vec.has_dim("nO") and tok2vec.get_dim("nO") != head.get_dim("nI"):
        head.set_dim("nI", tok2vec.get_dim("nO"), force=True)
        if "widths" in get_shim(head).cfg:
            sizes["widths"] = [layer.get_dim("nO") for layer in tok2vec.layers]
        else:
            sizes["width"] = tok2vec.get_dim("nO")
    get_shim(head).resize(**sizes)


def check_head_size(head_size: int, rope: bool) -> None:
    """Refuse a head size that RoPE can't cut in pairs.

    RAISES (ValueError): If the head size is not positive, or odd with RoPE.
    """
    expected = "a positive number, and an even one with rope = true"
    check_count("head_size", head_size, expected, most=MAX_SIZE)
    if rope and head_size % 2:
        raise ValueError(f"Invalid head_size: {head_size}. Expected {expected}.")


def _init(
    model: Model[list[Floats2d], Scores],
    X: Optional[list[Floats2d]] = None,
    Y: Optional[Scores] = None,
) -> None:
    if X:
        model.set_dim("nI", X[0].shape[1])
    if not model.has_dim("nI"):
        raise PipelineError(
            "The width of tok2vec's vectors is not known before it has made some. Initialize the pipeline "
            "with examples that have tokens."
        )
    get_shim(model).build(width=model.get_dim("nI"), n_types=model.get_dim("nO"))


def _forward(
    model: Model[list[Floats2d], Scores], X: list[Floats2d], is_train: bool
) -> tuple[Scores, Callable[[Scores], list[Floats2d]]]:
    scores, _, backprop_torch = run_ragged(model, X, is_train)

    def backprop(d_scores: Scores) -> list[Floats2d]:
        learned = [(x, d) for x, d in zip(scores.tensors, d_scores.tensors, strict=True) if x.requires_grad]
        tensors, grads = zip(*learned, strict=True)
        return backprop_torch(tensors, grads)

    return scores.detach(), backprop
