"""A pretrained encoder that is fine-tuned."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Optional, cast

from spacy.tokens import Doc
from spacy.util import logger, registry
from thinc.api import ArgsKwargs, Model, xp2torch
from thinc.types import Floats2d

from ...checks import check_count
from ...entities import token_edges
from ..dropout import check_own_dropout
from ..memory import release_memory
from ..torch_layer import LazyTorchShim, get_shim, unflatten
from .module import TextEncoder, has_bfloat16, require_readable
from .pieces import Frame, PieceTokenizer

Tok2Vec = Model[list[Doc], list[Floats2d]]


@registry.architectures("spacy-gpner.Transformer.v1")
def Transformer(
    name: str,
    depth: Optional[int] = None,
    frozen_layers: int = 0,
    dropout: Optional[float] = None,
    window: int = 384,
    stride: int = 256,
    mixed_precision: bool = True,
) -> Tok2Vec:
    """Build a `tok2vec` layer of a pretrained encoder, to be fine-tuned: the vector of a token is the mean of
    its pieces'. The encoder is loaded by `nlp.initialize`, and saved with the pipeline.

    name (str): The encoder's name on the Hugging Face hub, or its directory.
    depth (Optional[int]): Keep its first layers alone, so many; None for all.
    frozen_layers (int): How many of its first layers don't learn, nor what lies outside of the layers, such
        as embeddings; 0 for none.
    dropout (Optional[float]): Its dropout rates; None for those that it was saved with. On a CPU 0 saves a
        third of the time.
    window (int): Pieces that it reads at once, at most as many as it has positions for.
    stride (int): Pieces from the beginning of a window to that of the next. In between, what both have in
        common is divided between them.
    mixed_precision (bool): Whether to compute in bfloat16 where the processor has it; elsewhere in float32.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If a setting is out of range.
    """
    shim = fine_tuned(depth, frozen_layers, dropout, window, stride, mixed_precision)
    return build_transformer(shim, name=name, depth=depth, dropout=dropout)


def fine_tuned(
    depth: Optional[int],
    frozen_layers: int,
    dropout: Optional[float],
    window: int,
    stride: int,
    mixed_precision: bool,
) -> LazyTorchShim:
    """What holds an encoder that learns. See `spacy-gpner.Transformer.v1` for the settings.

    RETURNS (LazyTorchShim): What holds its `TextEncoder`.
    RAISES (ValueError): If a setting is out of range.
    """
    check_windows(window, stride)
    if depth is not None:
        check_count("depth", depth, "at least 1 layer")
    check_count("frozen_layers", frozen_layers, "at least 0 layers", least=0)
    check_own_dropout(dropout)
    build = partial(
        TextEncoder,
        window=window,
        stride=stride,
        frozen_layers=frozen_layers,
        mixed_precision=mixed_precision,
    )
    return LazyTorchShim(build)


def build_transformer(shim: LazyTorchShim, **attrs: Any) -> Tok2Vec:
    """Build the layer of an encoder.

    shim (LazyTorchShim): What holds its `TextEncoder`.
    attrs (Any): What it is loaded by.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    return Model("transformer", _forward, init=_init, dims={"nO": None}, attrs=attrs, shims=[shim])


def check_windows(window: Any, stride: Any) -> None:
    """Refuse windows that don't cover a text.

    RAISES (ValueError): If one is no positive number, or the stride is larger.
    """
    check_count("window", window, "a positive number of pieces")
    check_count("stride", stride, "a positive number of pieces")
    if stride > window:
        raise ValueError(f"Invalid stride: {stride}. Expected at most the window's pieces ({window}).")


def load_into(model: Model, layers: Optional[list[int]]) -> None:
    """Load the encoder of a layer by its name, and settle the layer's width.

    model (Model): The layer.
    layers (Optional[List[int]]): The encoder's layers that make up a vector; None for the last.
    """
    from .pretrained import load_pretrained

    loaded = load_pretrained(model.attrs["name"], model.attrs["depth"], model.attrs.get("dropout"))
    sizes = {"config": loaded.config, "tokenizer": loaded.tokenizer, "layers": layers}
    shim = get_shim(model)
    module = cast(TextEncoder, shim.make(**sizes, encoder=loaded.module))
    require_readable(module.transformer, module.window, model.attrs["name"])
    shim.put(module, **sizes)
    model.attrs["width"] = module.width
    model.set_dim("nO", module.width * len(model.attrs.get("queries", [""])), force=True)
    if module.mixed_precision and not has_bfloat16(shim.device):
        logger.info(
            "The encoder %s computes in float32: this processor has no bfloat16, which would be faster.",
            model.attrs["name"],
        )


def encode(model: Model, docs: Sequence[Doc], is_train: bool) -> tuple[Any, Callable[[Any], None]]:
    """Run a layer's encoder.

    model (Model): The layer.
    docs (Sequence[Doc]): The documents.
    is_train (bool): Whether to backpropagate.
    RETURNS (Tuple[Tensor, Callable]): The vectors of all tokens, and a function that takes their gradient.
    """
    shim = get_shim(model)
    texts, tokens = [doc.text for doc in docs], [token_edges(doc) for doc in docs]
    frames = find_frames(model, cast(TextEncoder, shim.module).pieces)
    output, backprop_torch = shim(ArgsKwargs(args=(texts, tokens, frames), kwargs={}), is_train)

    def backprop(d_output: Any) -> None:
        # Nothing learns of texts without a piece, or with every layer frozen.
        if output.requires_grad:
            backprop_torch(ArgsKwargs(args=([output],), kwargs={"grad_tensors": [d_output]}))
            release_memory()

    return output, backprop


def find_frames(model: Model, pieces: PieceTokenizer) -> list[Frame]:
    """What a layer reads each text with: its queries, if it has any.

    model (Model): The layer.
    pieces (PieceTokenizer): The tokenizer of its encoder.
    RETURNS (List[Frame]): What `TextEncoder` takes.
    """
    first = model.attrs.get("query_position") == "before"
    return [pieces.with_query(query, first=first) for query in model.attrs.get("queries", [])]


def _init(model: Tok2Vec, X: Optional[list[Doc]] = None, Y: Optional[list[Floats2d]] = None) -> None:
    load_into(model, None)


def _forward(
    model: Tok2Vec, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    if not docs:
        return [], lambda dY: []
    lengths = [len(doc) for doc in docs]
    output, backprop_encoder = encode(model, docs, is_train)

    def backprop(dY: list[Floats2d]) -> list[Doc]:
        backprop_encoder(xp2torch(model.ops.flatten(dY), device=output.device))
        return []

    return unflatten(model, output, lengths), backprop
