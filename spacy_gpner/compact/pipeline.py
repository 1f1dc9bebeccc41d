"""A trained pipeline's layers replaced by their compact forms."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy_transformers.data_classes import HFObjects
from spacy_transformers.layers import TransformerModel
from thinc.api import Model
from transformers import PreTrainedModel

from ..errors import PipelineError
from ..files import atomic_directory
from ..models.encoders.bilstm import BiLSTM
from ..models.torch_layer import LazyTorchShim
from ..models.transformers.module import TextEncoder
from ..models.transformers.queries import query_layers
from .bilstm import CompactBiLSTM
from .graphs import bilstm_graph, transformer_graph
from .onnx import COMPACT
from .text_encoder import text_encoder_shim
from .transformer import OnnxTransformer, use_graph

# Architecture, its compact form, and the settings that are left of it
ARCHITECTURES = {
    "spacy-gpner.BiLSTMEncoder.v1": ("spacy-gpner.CompactBiLSTMEncoder.v1", {"width"}),
    "spacy-gpner.BiLSTMEncoder.v2": ("spacy-gpner.CompactBiLSTMEncoder.v1", {"width"}),
    "spacy-gpner.BiLSTM.v1": ("spacy-gpner.CompactBiLSTM.v1", {"tok2vec", "width"}),
    "spacy-transformers.TransformerModel.v1": ("spacy-gpner.CompactTransformerModel.v1", {"get_spans"}),
    "spacy-transformers.TransformerModel.v2": ("spacy-gpner.CompactTransformerModel.v1", {"get_spans"}),
    "spacy-transformers.TransformerModel.v3": ("spacy-gpner.CompactTransformerModel.v1", {"get_spans"}),
    "spacy-transformers.Tok2VecTransformer.v3": (
        "spacy-gpner.CompactTok2VecTransformer.v1",
        {"get_spans", "pooling"},
    ),
    "spacy-gpner.Transformer.v1": ("spacy-gpner.CompactTransformer.v1", {"window", "stride"}),
    "spacy-gpner.FrozenTransformer.v1": (
        "spacy-gpner.CompactFrozenTransformer.v1",
        {"window", "stride", "layers", "join", "width"},
    ),
}

RUNTIME = "onnxruntime>=1.20"
PACKAGES = ("onnx", "onnxscript", "onnxruntime")


def write_compact(nlp: Language, path: Path) -> int:
    """Write the compact form of a trained pipeline: its BiLSTMs and transformers in int8, for a CPU.

    nlp (Language): The pipeline. Its layers are replaced in place.
    path (Path): The directory to write.
    RETURNS (int): How many layers were replaced.
    RAISES (PipelineError): If there is no such layer, or one can't be replaced.
    RAISES (OSError): If the directory can't be written.
    """
    config = nlp.config.copy()
    config["components"] = nlp.config.interpolate()["components"]
    if COMPACT in str(config["components"]):
        raise PipelineError(f"{nlp.path} is compact already.")
    if any(query_layers(model) for model in _models(nlp)):
        raise PipelineError(
            f"{nlp.path} reads texts with queries, which has no compact form. Distil it into a pipeline that "
            "reads them once, and make that compact."
        )
    n_blocks = _replace_blocks(config["components"])
    nodes = [node for model in _models(nlp) for node in model.walk()]
    n_layers = sum(_replace_layer(node) for node in nodes)
    if not n_blocks and not n_layers:
        raise PipelineError(
            f"{nlp.path} has no layer with a compact form: a BiLSTM of spacy-gpner's, or a transformer of "
            "its own or of spacy-transformers'. Give a pipeline with one, or use this one as it is."
        )
    if not n_layers:
        raise PipelineError(f"{nlp.path} has not been trained. Train it first.")
    if n_blocks != n_layers:
        raise PipelineError(
            f"{nlp.path} has {n_layers} layers with a compact form, but its config names {n_blocks} of the "
            f"architectures that make them. Known are {', '.join(ARCHITECTURES)}."
        )
    # What the full pipeline scored.
    nlp.meta["performance"] = {}
    # `spacy package` makes it a dependency.
    nlp.meta["requirements"] = [*nlp.meta.get("requirements", []), RUNTIME]
    with atomic_directory(path) as directory:
        nlp.to_disk(directory)
        config.to_disk(directory / "config.cfg")
    return n_layers


def _models(nlp: Language) -> list[Model]:
    """The models of a pipeline's components."""
    return [model for _, pipe in nlp.components if isinstance(model := getattr(pipe, "model", None), Model)]


def check_packages() -> None:
    """See to it that compact pipelines can be made.

    RAISES (PipelineError): If a package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise PipelineError(
            f"Compact pipelines need {', '.join(missing)}. Install: pip install 'spacy_gpner[compact]'"
        )


def is_compact(path: Path) -> bool:
    """Whether a pipeline is compact.

    path (Path): Its directory.
    RETURNS (bool): Whether its config names a compact form.
    """
    return COMPACT in (path / "config.cfg").read_text(encoding="utf-8")


def _replace_blocks(block: Any) -> int:
    """Replace architectures in a part of a config, in place; how many."""
    if not isinstance(block, dict):
        return 0
    n_inside = sum(_replace_blocks(part) for part in block.values())
    if block.get("@architectures") not in ARCHITECTURES:
        return n_inside
    compact, kept = ARCHITECTURES[block["@architectures"]]
    settings = {name: value for name, value in block.items() if name in kept}
    block.clear()
    block.update({"@architectures": compact, **settings})
    return 1 + n_inside


def _replace_layer(layer: Model) -> bool:
    """Replace a layer's torch module, in place; whether it has a compact form."""
    if isinstance(layer, TransformerModel) and isinstance(layer.transformer, PreTrainedModel):
        names = ["input_ids", "attention_mask", "token_type_ids"]
        known = [name for name in names if name in layer.tokenizer.model_input_names]
        graph = OnnxTransformer(transformer_graph(layer.transformer, known), config=layer.transformer.config)
        own: Any = layer.layers[0].shims[0]
        vocabulary = own._hfmodel.vocab_file_contents
        use_graph(layer, HFObjects(layer.tokenizer, graph, vocabulary, {}, {}))
        return True
    shim = layer.shims[0] if layer.shims else None
    if isinstance(shim, LazyTorchShim) and isinstance(shim.module, TextEncoder):
        layer.shims[0] = _compact_encoder(shim.module, shim.cfg)
        return True
    if isinstance(shim, LazyTorchShim) and isinstance(shim.module, BiLSTM):
        compact = LazyTorchShim(CompactBiLSTM)
        compact.put(bilstm_graph(shim.module), **shim.cfg)
        layer.shims[0] = compact
        return True
    return False


def _compact_encoder(encoder: TextEncoder, cfg: dict[str, Any]) -> LazyTorchShim:
    module: Any = encoder.transformer
    graph = transformer_graph(module, ["input_ids", "attention_mask"], encoder.layers)
    compact = text_encoder_shim(encoder.window, encoder.stride)
    compact.put(compact.make(**cfg, graph=graph), **cfg)
    return compact
