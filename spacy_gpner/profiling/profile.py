"""How large a component's model is and what it computes, from its config alone: without weights, memory for
them, or the network."""

from pathlib import Path

import srsly
from thinc.api import Config

from ..errors import PipelineError
from ..spans.fitting import make_window
from .counts import Part, add_up
from .parts import Encoders, count_encoder, count_head, find_component, find_models

FACTORIES = ("span_globalpointer", "span_crf", "span_mrc")
DEFAULT_TYPES = 9


def profile(config: Config, *, tokens: int, types: int) -> list[Part]:
    """Count the parts of a pipeline's first component that finds spans, with the encoder that it shares, if
    so.

    config (Config): The pipeline's config, interpolated.
    tokens (int): Length of the text.
    types (int): Number of labels.
    RETURNS (List[Part]): Its embeddings, encoder and head.
    RAISES (PipelineError): If there is no such component, or the size of an encoder can't be found.
    """
    name, component = find_component(config, *FACTORIES)
    models = find_models(component.get("model", {}))
    if not models:
        raise PipelineError(
            f"[components.{name}.model] has no tok2vec to count. If the config leaves defaults out, fill it "
            "with `spacy init fill-config`."
        )
    window = make_window(component.get("window", "auto"), component.get("window_mode", "band"))
    encoders: Encoders = {}
    heads = []
    for model in models:
        width = count_encoder(model["tok2vec"], config, tokens, types, encoders)
        heads.append(count_head(model, width, types, tokens, window, component.get("decoding")))
    found = [*heads, *(part for _, parts in encoders.values() for part in parts)]
    return [add_up(name, (x for x in found if x.name == name)) for name in ("embeddings", "encoder", "head")]


def count_labels(source: Path, config: Config) -> int:
    """The number of labels of a trained pipeline's first component that finds spans.

    source (Path): The pipeline's directory; a config file knows no labels.
    config (Config): The pipeline's config.
    RETURNS (int): The number, or 9, as CMeEE has, where there are none.
    """
    name, _ = find_component(config, *FACTORIES)
    settings = source / name / "cfg"
    labels = srsly.read_json(settings)["labels"] if settings.is_file() else []
    return len(labels) or DEFAULT_TYPES
