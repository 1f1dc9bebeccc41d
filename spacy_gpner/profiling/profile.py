"""How large the model of a `span_globalpointer` is and what it computes, from its config alone: without
weights, memory for them, or the network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import srsly
import torch
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Config, Model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModel, PretrainedConfig
from wasabi import msg

from ..compact.onnx import COMPACT
from ..errors import PipelineError
from ..models.torch_layer import get_shim
from ..spans import Window

FACTORY = "span_globalpointer"
# Multiply-accumulates of a layer norm for each of its elements, as the paper's counter has them.
PER_NORMALIZED = 4
DEFAULT_TYPES = 9


@dataclass(frozen=True)
class Part:
    """A part of a model: what it holds, and what it computes for one text.

    name (str): "embeddings", "encoder" or "head".
    parameters (int): Its parameters.
    layers (int): Multiply-accumulates of its linear layers and LSTMs, and 4 for each element of a layer norm.
    products (int): Multiply-accumulates of products between tokens: attention's two, or the head's <q, k> for
        the spans inside the window.
    """

    name: str
    parameters: int
    layers: int = 0
    products: int = 0


def profile(config: Config, *, tokens: int, types: int) -> list[Part]:
    """Count the parts of a pipeline's first `span_globalpointer`, with the encoder that it shares, if so.

    config (Config): The pipeline's config, interpolated.
    tokens (int): Length of the text.
    types (int): Number of labels.
    RETURNS (List[Part]): Its embeddings, encoder and head.
    RAISES (PipelineError): If there is no such component, or the size of its encoder can't be found.
    """
    _, component = _find_component(config, FACTORY)
    encoder = component["model"]["tok2vec"]
    architecture = encoder["@architectures"]
    if "Listener" in architecture:
        factory = "transformer" if "Transformer" in architecture else "tok2vec"
        encoder = _find_component(config, factory)[1]["model"]
    if "name" in encoder:
        settings = read_transformer_config(encoder["name"])
        width = settings.hidden_size
        parts = _transformer_parts(settings, tokens)
    else:
        width, parts = _tok2vec_parts(encoder, tokens)
    window = Window(component.get("window", 64), component.get("window_mode", "band"))
    return [*parts, _head_part(component["model"], width, types, tokens, window)]


def count_labels(source: Path, config: Config) -> int:
    """The number of labels of a trained pipeline's first `span_globalpointer`.

    source (Path): The pipeline's directory; a config file knows no labels.
    config (Config): The pipeline's config.
    RETURNS (int): The number, or 9, as CMeEE has, where there are none.
    """
    name, _ = _find_component(config, FACTORY)
    settings = source / name / "cfg"
    labels = srsly.read_json(settings)["labels"] if settings.is_file() else []
    return len(labels) or DEFAULT_TYPES


def print_profile(parts: Sequence[Part], *, tokens: int, types: int) -> None:
    """Print a profile, and its sum as the main paper's Table 6 has it beside the full one.

    parts (Sequence[Part]): The parts.
    tokens, types (int): What they were counted for.
    """
    counted = [part for part in parts if part.name != "embeddings"]
    paper = Part("paper", sum(x.parameters for x in counted), sum(x.layers for x in counted))
    full = Part(
        "all", *(sum(getattr(x, name) for x in parts) for name in ("parameters", "layers", "products"))
    )
    rows = [(x.name, *_cells(x)) for x in (*parts, full)]
    header = ("", "parameters", "layers", "between tokens", "together")
    msg.divider(f"One text of {tokens} tokens, {types} labels")
    msg.table(rows, header=header, divider=True, aligns=("l", "r", "r", "r", "r"))
    msg.text(
        f"As the main paper counts (no embeddings, layers alone): {paper.parameters / 1e6:.2f} M parameters, "
        f"{paper.layers / 1e9:.2f} G multiply-accumulates"
    )


def _cells(part: Part) -> tuple[str, ...]:
    counts = (part.layers, part.products, part.layers + part.products)
    return (f"{part.parameters / 1e6:,.2f} M", *(f"{n / 1e9:,.2f} G" for n in counts))


def _find_component(config: Config, factory: str) -> tuple[str, dict[str, Any]]:
    for name in config["nlp"]["pipeline"]:
        component: dict[str, Any] = config["components"].get(name, {})
        if component.get("factory") == factory:
            return name, component
    raise PipelineError(f"The config has no component of the factory '{factory}' in its pipeline.")


def read_transformer_config(name: str) -> PretrainedConfig:
    """The sizes of a transformer.

    name (str): Its directory, or the hub name of one that is known here.
    RETURNS (PretrainedConfig): Its config.
    RAISES (PipelineError): If it is neither.
    """
    path = Path(name)
    if not (path / "config.json").is_file():
        known = files(__package__) / "encoders"
        path = Path(str(known / f"{name.replace('/', '--')}.json"))
        if not path.is_file():
            names = sorted(x.name.removesuffix(".json").replace("--", "/") for x in known.iterdir())
            raise PipelineError(
                f"The size of the transformer '{name}' is not known. Give a directory with its config.json "
                f"(--paths.transformer DIR), or one of {', '.join(names)}."
            )
    return AutoConfig.from_pretrained(path)


def _transformer_parts(settings: PretrainedConfig, tokens: int) -> list[Part]:
    with torch.device("meta"):
        module = AutoModel.from_config(settings, attn_implementation="eager").eval()
        text = torch.zeros(1, tokens, dtype=torch.long)
        whole = _count("encoder", module, input_ids=text, attention_mask=text)
    embeddings = Part("embeddings", *_own(module.embeddings, tokens))
    encoder = replace(
        whole, parameters=whole.parameters - embeddings.parameters, layers=whole.layers - embeddings.layers
    )
    return [embeddings, encoder]


def _own(embeddings: nn.Module, tokens: int) -> tuple[int, int]:
    """Parameters of embeddings, and the cost of their layer norms."""
    norms = [x for x in embeddings.modules() if isinstance(x, nn.LayerNorm)]
    n_parameters = sum(x.numel() for x in embeddings.parameters())
    return n_parameters, PER_NORMALIZED * tokens * sum(x.weight.numel() for x in norms)


def _count(name: str, module: nn.Module, *args: Any, **kwargs: Any) -> Part:
    """Run a module on the meta device, where nothing is computed."""
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
    layers = counts.pop("addmm", 0) + counts.pop("mm", 0) + PER_NORMALIZED * normalized
    return Part(name, sum(x.numel() for x in module.parameters()), layers, sum(counts.values()))


def _tok2vec_parts(block: dict[str, Any], tokens: int) -> tuple[int, list[Part]]:
    """Width and parts of an encoder without a transformer, which is small enough to be made."""
    if COMPACT in str(block):
        raise PipelineError("The pipeline is compact. Give the one that it was made from.")
    tok2vec: Model = registry.resolve({"tok2vec": block})["tok2vec"]
    tok2vec.initialize(X=[Doc(Vocab(), words=["?"] * tokens)])
    embeddings = encoder = layers = 0
    for node in tok2vec.walk():
        arrays = {name: node.get_param(name) for name in node.param_names}
        tables = arrays.pop("E").size if "E" in arrays else 0
        embeddings += tables
        encoder += sum(x.size for x in arrays.values())
        layers += tokens * sum(x.size for name, x in arrays.items() if name == "W")
        layers += PER_NORMALIZED * tokens * (arrays["G"].size if "G" in arrays else 0)
        for shim in node.shims:
            weights = list(shim._model.parameters())
            encoder += sum(x.numel() for x in weights)
            # Linear layers and LSTMs: each weight meets each token once.
            layers += tokens * sum(x.numel() for x in weights if x.dim() > 1)
    return tok2vec.get_dim("nO"), [Part("embeddings", embeddings), Part("encoder", encoder, layers)]


def _head_part(block: dict[str, Any], width: int, types: int, tokens: int, window: Window) -> Part:
    stub: Model = Model("tok2vec", lambda model, X, is_train: (X, None), dims={"nO": width})
    model: Model = registry.resolve({"model": {**block, "tok2vec": stub}})["model"]
    shim = get_shim(model.get_ref("output_layer"))
    with torch.device("meta"):
        module = shim.make(width=width, n_types=types).eval()
        part = _count("head", module, torch.zeros(tokens, width), [tokens])
        q, *_ = module(torch.zeros(1, width), [1])
    n_products = q.shape[1] * q.shape[2] * window.count(tokens)
    return replace(part, products=part.products + n_products)
