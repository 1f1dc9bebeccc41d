"""The encoders and heads of a config: each is counted by itself, and a stand-in has its place in the rest."""

from dataclasses import replace
from typing import Any, Optional

import torch
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Config, Model
from thinc.types import Floats2d

from ..errors import PipelineError
from ..models.heads.mrc import scoring_alone
from ..models.torch_layer import get_shim
from ..models.transformers.frozen import WIDTH
from ..models.transformers.join import join_layers
from ..spans import JointScores, Scores, SpanFactors, TagScores, Window
from .counts import Part, count_layers, count_module
from .transformer import count_transformer, read_transformer_config

Block = dict[str, Any]
FROZEN = "spacy-gpner.FrozenTransformer.v1"
# Read a text once for each type
QUERIES = ("spacy-gpner.QueryTransformer.v1", "spacy-gpner.FrozenQueryTransformer.v1")
# Width and parts of encoders by the identity of their block in the config, so that a shared one counts once.
Encoders = dict[int, tuple[int, list[Part]]]


def find_component(config: Config, *factories: str) -> tuple[str, Block]:
    """Find the first component that one of some factories makes.

    config (Config): The pipeline's config.
    factories (str): Names of the factories.
    RETURNS (Tuple[str, Dict[str, Any]]): The component's name and block.
    RAISES (PipelineError): If there is none.
    """
    for name in config.get("nlp", {}).get("pipeline", []):
        component: Block = config.get("components", {}).get(name, {})
        if component.get("factory") in factories:
            return name, component
    named = " or ".join(f"'{factory}'" for factory in factories)
    raise PipelineError(
        f"The config has no component of the factory {named} in its pipeline. Give one that names it "
        "in [nlp] pipeline."
    )


def find_models(block: Block) -> list[Block]:
    """Find the models that are a head on an encoder: a component's own, or those that it is made of.

    block (Dict[str, Any]): The block of the component's model.
    RETURNS (List[Dict[str, Any]]): Their blocks.
    """
    if "tok2vec" in block:
        return [block]
    return [model for inner in block.values() if isinstance(inner, dict) for model in find_models(inner)]


def count_encoder(block: Block, config: Config, tokens: int, types: int, encoders: Encoders) -> int:
    """Count an encoder, and apart from it the transformers that it holds and the encoders that it shares with
    other components.

    block (Dict[str, Any]): The encoder's block.
    config (Config): The pipeline's config.
    tokens, types (int): Length of the text, and number of labels.
    encoders (Dict[int, Tuple[int, List[Part]]]): What was counted, modified in place.
    RETURNS (int): The width of its vectors.
    RAISES (PipelineError): If the size can't be found.
    """
    architecture = block.get("@architectures", "")
    if "Listener" in architecture:
        factory = "transformer" if "Transformer" in architecture else "tok2vec"
        block = find_component(config, factory)[1]["model"]
    if id(block) not in encoders:
        if "name" in block:
            encoders[id(block)] = _count_pretrained(block, tokens, types)
        else:
            model = _make(
                {key: _replace(value, config, tokens, types, encoders) for key, value in block.items()}
            )
            model.initialize(X=[Doc(Vocab(), words=["?"] * tokens)])
            encoders[id(block)] = (model.get_dim("nO"), count_layers(model, tokens))
    return encoders[id(block)][0]


def _count_pretrained(block: Block, tokens: int, types: int) -> tuple[int, list[Part]]:
    """Width and parts of a pretrained encoder, of which its block may use some layers alone and project
    them. Where it reads a text once for each type, the queries' own tokens are not counted."""
    settings = read_transformer_config(block["name"])
    layers = block.get("layers")
    settings.num_hidden_layers = block.get("depth") or max(layers or [settings.num_hidden_layers])
    parts = count_transformer(settings, tokens)
    width: int = settings.hidden_size
    if block["@architectures"] in QUERIES:
        readings = [replace(x, layers=types * x.layers, products=types * x.products) for x in parts]
        return types * width, readings
    if block["@architectures"] != FROZEN:
        return width, parts
    n_layers = len(layers or [1])
    join = join_layers(n_layers, block.get("join", "concat"), block.get("width", WIDTH))
    join.set_dim("nI", n_layers * width)
    join.initialize()
    return join.get_dim("nO"), [*parts, *count_layers(join, tokens)]


def _replace(value: Any, config: Config, tokens: int, types: int, encoders: Encoders) -> Any:
    """Put stand-ins for the transformers and listeners inside a block."""
    if not isinstance(value, dict):
        return value
    if "Listener" in value.get("@architectures", "") or {"@architectures", "name"} <= value.keys():
        return _stand_in(count_encoder(value, config, tokens, types, encoders))
    return {key: _replace(inner, config, tokens, types, encoders) for key, inner in value.items()}


def _stand_in(width: int) -> Model[list[Doc], list[Floats2d]]:
    def forward(model: Model, docs: list[Doc], is_train: bool) -> Any:
        return [model.ops.alloc2f(len(doc), width) for doc in docs], lambda d_vectors: []

    return Model("stand_in", forward, dims={"nO": width})


def _make(block: Block) -> Model:
    if "spacy-gpner.Compact" in str(block):
        raise PipelineError("The pipeline is compact. Give the one that it was made from.")
    model: Model = registry.resolve({"model": block})["model"]
    for node in model.walk():
        if not node.attrs.get("has_transformer", True):
            raise PipelineError(
                f"{block.get('@architectures')} makes a transformer by itself, so that its size is not in "
                "the config. Let it take one, as spacy.Tok2Vec.v2 takes spacy-gpner.Transformer.v1."
            )
    return model


def count_head(
    block: Block, width: int, types: int, tokens: int, window: Window, decoding: Optional[str]
) -> Part:
    """Count a head, as it predicts: of several on one encoder, those that find spans compute.

    block (Dict[str, Any]): The block of the model that it is the head of.
    width (int): Width of the token vectors.
    types (int): Number of labels.
    tokens (int): Length of the text.
    window (Window): The context shield window.
    decoding (Optional[str]): How spans are found.
    RETURNS (Part): The head.
    """
    model: Model = registry.resolve({"model": {**block, "tok2vec": _stand_in(width)}})["model"]
    shim = get_shim(model.get_ref("output_layer"))
    several: list[str] = block.get("heads", [])
    deciding = several if decoding else several[:1]
    if decoding in several:
        deciding = [decoding]
    with torch.device("meta"), scoring_alone(deciding):
        module = shim.make(width=width, n_types=types).eval()
        part = count_module("head", module, torch.zeros(tokens, width), [tokens])
        scores = module(torch.zeros(1, width), [1])
    return replace(part, products=part.products + _count_products(scores, tokens, window))


def _count_products(scores: Scores, tokens: int, window: Window) -> int:
    """Multiply-accumulates of what is made of a head's scores."""
    if isinstance(scores, TagScores):
        return 0 if scores.independent else tokens * scores.transitions.numel()
    if isinstance(scores, JointScores):
        return sum(_count_products(part, tokens, window) for part in scores.parts.values())
    if isinstance(scores, SpanFactors):
        return scores.q.shape[1] * scores.q.shape[2] * window.count(tokens)
    return 0
