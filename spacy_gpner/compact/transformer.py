"""The compact form of a transformer, in the place of the torch one in spacy-transformers' own layers."""

from collections.abc import Callable
from typing import Any, Optional, cast

import torch
from spacy.tokens import Doc
from spacy.util import registry
from spacy_transformers.architectures import transformer_tok2vec_v3
from spacy_transformers.data_classes import FullTransformerBatch, HFObjects
from spacy_transformers.layers import TransformerModel
from spacy_transformers.layers.hf_wrapper import HFWrapper
from thinc.api import Model
from thinc.types import Floats2d, Ragged
from torch import FloatTensor, Tensor
from transformers import PretrainedConfig
from transformers.modeling_outputs import BaseModelOutput

from .onnx import NO_GRAPH, OnnxModule


@registry.architectures("spacy-gpner.CompactTransformerModel.v1")
def CompactTransformerModel(get_spans: Callable) -> Model[list[Doc], FullTransformerBatch]:
    """Build the compact form of a `spacy-transformers.TransformerModel`, as `spacy gpner compact` writes it:
    int8, for a CPU, and not to be trained. Its tokenizer and settings come from the saved pipeline.

    get_spans (Callable[[List[Doc]], List[List[Span]]]): Cuts long documents.
    RETURNS (Model[List[Doc], FullTransformerBatch]): The model.
    """
    model = TransformerModel("", get_spans)
    use_graph(model)
    return model


@registry.architectures("spacy-gpner.CompactTok2VecTransformer.v1")
def CompactTok2VecTransformer(
    get_spans: Callable, pooling: Model[Ragged, Floats2d]
) -> Model[list[Doc], list[Floats2d]]:
    """Build the compact form of a `spacy-transformers.Tok2VecTransformer.v3`. See `CompactTransformerModel`.

    get_spans (Callable[[List[Doc]], List[List[Span]]]): Cuts long documents.
    pooling (Model[Ragged, Floats2d]): Makes a token's vector from those of its word pieces.
    RETURNS (Model[List[Doc], List[Floats2d]]): The model.
    """
    model: Model[list[Doc], list[Floats2d]] = transformer_tok2vec_v3("", get_spans, {}, pooling)
    for node in model.walk():
        if isinstance(node, TransformerModel):
            use_graph(node)
    return model


def use_graph(model: TransformerModel, objects: Optional[HFObjects] = None) -> None:
    """Put a graph in the place of a torch transformer.

    model (TransformerModel): The model, modified in place.
    objects (Optional[HFObjects]): The graph with its tokenizer; None where they are yet to be loaded.
    """
    model.init = _refuse_init
    torch_layer = model.layers[0]
    model.layers[0] = HFWrapper(
        objects or HFObjects(None, None, None, {}, {}),
        convert_inputs=torch_layer.attrs["convert_inputs"],
        convert_outputs=torch_layer.attrs["convert_outputs"],
        model_cls=OnnxTransformer,
    )


def _refuse_init(model: Model, X: Any = None, Y: Any = None) -> None:
    """Say that there is nothing to initialize.

    RAISES (ValueError): Unless the graph is there.
    """
    if not model.attrs["has_transformer"]:
        raise ValueError(NO_GRAPH)


class OnnxTransformer(OnnxModule):
    """Runs a graph with a transformer's inputs, shape (B, L) each, that gives its last hidden state."""

    device = torch.device("cpu")

    def __init__(self, graph: bytes = b"", *, config: PretrainedConfig) -> None:
        super().__init__(graph)
        self.config = config

    @classmethod
    def from_config(cls, config: PretrainedConfig) -> "OnnxTransformer":
        """As transformers' own classes are made."""
        return cls(config=config)

    def forward(self, **inputs: Tensor) -> BaseModelOutput:
        # spacy-transformers makes masks of floats.
        hidden = self.run(**{name: x.long() for name, x in inputs.items()})
        return BaseModelOutput(last_hidden_state=cast(FloatTensor, hidden))
