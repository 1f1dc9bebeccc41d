"""The compact form of our own layers of a pretrained encoder."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, Optional

from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import chain
from thinc.types import Floats2d
from torch import Tensor

from ..models.torch_layer import LazyTorchShim
from ..models.transformers.frozen import WIDTH, build_frozen, forward_frozen
from ..models.transformers.join import join_layers
from ..models.transformers.module import TextEncoder
from ..models.transformers.transformer import Tok2Vec, build_transformer
from .onnx import NO_GRAPH, NOT_TRAINED, OnnxModule


@registry.architectures("spacy-gpner.CompactTransformer.v1")
def CompactTransformer(window: int, stride: int) -> Tok2Vec:
    """Build the compact form of a `spacy-gpner.Transformer`, as `spacy gpner compact` writes it: int8, for a
    CPU, and not to be trained.

    window, stride (int): As in `spacy-gpner.Transformer.v1`.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    model = build_transformer(text_encoder_shim(window, stride))
    model.init = _refuse_init
    return model


@registry.architectures("spacy-gpner.CompactFrozenTransformer.v1")
def CompactFrozenTransformer(
    window: int,
    stride: int,
    layers: Optional[Sequence[int]] = None,
    join: Literal["concat", "mix"] = "concat",
    width: int = WIDTH,
) -> Tok2Vec:
    """Build the compact form of a `spacy-gpner.FrozenTransformer`. See `CompactTransformer`.

    window, stride, layers, join, width: As in `spacy-gpner.FrozenTransformer.v1`.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    frozen = build_frozen(text_encoder_shim(window, stride), forward=_forward_frozen)
    frozen.init = _refuse_init
    return chain(frozen, join_layers(len(layers or [1]), join, width))


def text_encoder_shim(window: int, stride: int) -> LazyTorchShim:
    """RETURNS (LazyTorchShim): What holds a `CompactTextEncoder`, once it is loaded."""
    return LazyTorchShim(partial(CompactTextEncoder, window=window, stride=stride))


def _refuse_init(model: Tok2Vec, X: Any = None, Y: Any = None) -> None:
    raise ValueError(NO_GRAPH)


def _forward_frozen(
    model: Tok2Vec, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    if is_train:
        raise ValueError(NOT_TRAINED)
    return forward_frozen(model, docs, is_train)


class CompactTextEncoder(TextEncoder):
    """Runs a graph with the inputs `input_ids` and `attention_mask`, shape (B, L), which gives the layers
    side by side.

    graph (bytes): The graph, serialized; empty for one that is yet to be loaded.
    settings: As of `TextEncoder`.
    """

    transformer: OnnxModule

    def __init__(self, config: str, tokenizer: str, *, graph: bytes = b"", **settings: Any) -> None:
        super().__init__(config, tokenizer, **settings, encoder=OnnxModule(graph))

    def encode_layers(self, ids: Tensor, mask: Tensor, segments: Optional[Tensor] = None) -> Tensor:
        """Encode a padded batch. See `TextEncoder`."""
        return self.transformer.run(input_ids=ids, attention_mask=mask)
