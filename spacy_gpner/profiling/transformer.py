"""The size of a transformer, from its config alone."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PretrainedConfig

from ..errors import PipelineError
from .counts import PER_NORMALIZED, Part, count_module, count_parameters


def read_transformer_config(name: str) -> PretrainedConfig:
    """The sizes of a transformer.

    name (str): Its directory, or the hub name of one that is known here.
    RETURNS (PretrainedConfig): Its config.
    RAISES (PipelineError): If it is neither, or would need code of its own.
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
    try:
        return AutoConfig.from_pretrained(path, trust_remote_code=False)
    # A config that holds something else can raise anything in transformers
    except Exception as err:
        raise PipelineError(
            f"The config of the transformer '{name}' is damaged, of no kind that transformers knows, or "
            f"needs code of its own to be read ({type(err).__name__}). Give one of a known kind."
        ) from None


def count_transformer(settings: PretrainedConfig, tokens: int) -> list[Part]:
    """Count a transformer, made on the meta device, where it has no weights.

    settings (PretrainedConfig): Its config.
    tokens (int): Length of the text.
    RETURNS (List[Part]): Its embeddings and encoder.
    RAISES (PipelineError): If it has no positions for so long a text.
    """
    limit = getattr(settings, "max_position_embeddings", tokens)
    if tokens > limit:
        raise PipelineError(
            f"The transformer has positions for {limit} tokens, not {tokens}. Give --tokens {limit} or less."
        )
    with torch.device("meta"):
        module = AutoModel.from_config(settings, attn_implementation="eager").eval()
        text = torch.zeros(1, tokens, dtype=torch.long)
        whole = count_module("encoder", module, input_ids=text, attention_mask=text)
    norms = [x for x in module.embeddings.modules() if isinstance(x, nn.LayerNorm)]
    n_normalized = tokens * sum(x.weight.numel() for x in norms)
    own = Part("embeddings", count_parameters(module.embeddings), PER_NORMALIZED * n_normalized)
    encoder = replace(whole, parameters=whole.parameters - own.parameters, layers=whole.layers - own.layers)
    return [own, encoder]
