"""Loading encoders of Hugging Face's kind, by hub name or directory. Their own code is never run."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Optional

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertTokenizerFast,
    PretrainedConfig,
    PreTrainedModel,
)
from transformers.modeling_utils import no_init_weights
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
)
from transformers.models.auto.tokenization_auto import get_tokenizer_config
from transformers.utils import logging

from ...errors import GpnerWarning, PipelineError
from ...files import safetensors_errors

# Parts that score whole texts
POOLERS = ("pooler", "sequence_summary")
CONFIG = "config.json"
HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
TOKENIZER = "tokenizer.json or vocab.txt"
# Characters that are shown of an error of transformers'
LONGEST = 200
# Of the pieces with letters of either case: fewer with capitals are strays in an uncased vocabulary
MIN_CAPITALS = 0.01


class Pretrained(NamedTuple):
    """An encoder.

    config (str): Its settings, as JSON.
    tokenizer (str): Its tokenizer, as JSON.
    module (nn.Module): The encoder with its weights.
    roles (Dict[str, Any]): What the tokenizer's JSON does not say: its special tokens by name, how long a
        text may be, the inputs of the encoder.
    """

    config: str
    tokenizer: str
    module: nn.Module
    roles: dict[str, Any]


class PretrainedMasked(NamedTuple):
    """An encoder with a head that tells what was masked.

    tokenizer (PreTrainedTokenizerFast): Its tokenizer.
    module (PreTrainedModel): Both, with their weights in float32.
    has_head (bool): Whether the head has been trained.
    """

    tokenizer: Any
    module: PreTrainedModel
    has_head: bool


def load_pretrained(name: str, depth: Optional[int] = None, dropout: Optional[float] = None) -> Pretrained:
    """Load an encoder.

    name (str): Its name on the Hugging Face hub, or its directory.
    depth (Optional[int]): Keep its first layers alone, so many; None for all.
    dropout (Optional[float]): Its dropout rates; None for those that it was saved with.
    RETURNS (Pretrained): The encoder.
    RAISES (PipelineError): If there is none, its tokenizer or weights are missing or don't fit, or it needs
        code of its own.
    """
    with _errors_alone():
        config, tokenizer = _load_settings(name, depth)
        if depth is not None:
            config.num_hidden_layers = depth
        if dropout is not None:
            _set_dropout(config, dropout)
        module, found = _load(
            AutoModel,
            name,
            "model.safetensors",
            config=config,
            torch_dtype=torch.float32,
            output_loading_info=True,
        )
    _require_whole(name, found["missing_keys"])
    _require_finite(name, module)
    config.architectures = [type(module).__name__]
    roles = {
        **tokenizer.special_tokens_map,
        "model_max_length": tokenizer.model_max_length,
        "model_input_names": tokenizer.model_input_names,
    }
    json = tokenizer.backend_tokenizer.to_str()
    return Pretrained(config.to_json_string(), json, without_poolers(module), roles)


def _set_dropout(config: PretrainedConfig, rate: float) -> None:
    """Set all rates of an encoder's settings, whatever they are called there."""
    for key, value in config.to_dict().items():
        if "drop" in key and isinstance(value, (int, float)) and not isinstance(value, bool):
            setattr(config, key, rate)


def load_masked(name: str) -> PretrainedMasked:
    """Load an encoder with its head for masked pieces. A head that it lacks is made, with random weights.

    name (str): Its name on the Hugging Face hub, or its directory.
    RETURNS (PretrainedMasked): Both.
    RAISES (PipelineError): As `load_pretrained`; or if its tokenizer has no mask.
    """
    with _errors_alone():
        config, tokenizer = _load_settings(name, None)
        if tokenizer.mask_token_id is None:
            raise PipelineError(
                f"The tokenizer of {name} has no mask, so that the encoder can't learn by masking. Give an "
                "encoder that was trained so, or set mask_token in its tokenizer_config.json."
            )
        module, found = _load(
            AutoModelForMaskedLM,
            name,
            "model.safetensors",
            config=config,
            torch_dtype=torch.float32,
            output_loading_info=True,
        )
    prefix = f"{module.base_model_prefix}."
    own = {key.removeprefix(prefix) for key in found["missing_keys"] if key.startswith(prefix)}
    _require_whole(name, sorted(own))
    _require_finite(name, module)
    return PretrainedMasked(tokenizer, module, has_head=not found["missing_keys"])


def _load_settings(name: str, depth: Optional[int]) -> tuple[PretrainedConfig, Any]:
    _check_name(name)
    config = _load(AutoConfig, name, CONFIG)
    _check_kind(name, config, depth)
    tokenizer = _load_tokenizer(name, config)
    if not tokenizer.is_fast:
        raise PipelineError(
            f"The encoder {name} has no fast tokenizer, which knows the characters of a piece. Convert it to "
            "a tokenizer.json, or give another encoder."
        )
    tokenizer = _keep_capitals(name, tokenizer)
    n_pieces = max(tokenizer.get_vocab().values()) + 1
    if n_pieces > config.vocab_size:
        raise PipelineError(
            f"The encoder {name} has vectors for {config.vocab_size} pieces, and its tokenizer numbers "
            f"{n_pieces}: they are not of one encoder. Give a directory that was saved whole."
        )
    return config, tokenizer


def _load_tokenizer(name: str, config: PretrainedConfig) -> Any:
    try:
        return _load(AutoTokenizer, name, TOKENIZER, use_fast=True)
    except PipelineError:
        # The Chinese ALBERTs have a BERT's, and don't say so
        if config.model_type == "albert":
            with suppress(Exception):
                return BertTokenizerFast.from_pretrained(name)
        raise


def _keep_capitals(name: str, tokenizer: Any) -> Any:
    """Where an encoder does not say that its text is in lower case, transformers takes a BERT's for such, and
    a cased one would never see its pieces with capitals."""
    if not _loses_capitals(tokenizer) or "do_lower_case" in get_tokenizer_config(name):
        return tokenizer
    warnings.warn(
        f"The encoder {name} has pieces with capitals, and does not say whether its text is in lower case: "
        "capitals and accents are kept. Put a tokenizer_config.json with do_lower_case beside its vocab.txt.",
        GpnerWarning,
        stacklevel=2,
    )
    return _load(type(tokenizer), name, TOKENIZER, do_lower_case=False)


def _loses_capitals(tokenizer: Any) -> bool:
    if not getattr(tokenizer.backend_tokenizer.normalizer, "lowercase", False):
        return False
    ordinary = tokenizer.get_vocab().keys() - set(tokenizer.all_special_tokens)
    letters = [piece for piece in (x.removeprefix("##") for x in ordinary) if piece.isalpha()]
    n_cased = sum(piece.lower() != piece.upper() for piece in letters)
    return sum(piece != piece.lower() for piece in letters) > MIN_CAPITALS * n_cased


def _check_name(name: str) -> None:
    """Refuse what is no encoder's name or directory, before the hub is asked for it."""
    path = Path(name)
    if name and path.is_dir():
        if not (path / CONFIG).is_file():
            raise PipelineError(
                f"{name} has no {CONFIG}. Give a directory that transformers' save_pretrained has written."
            )
    elif not HUB_NAME.fullmatch(name):
        what = "is a file" if path.is_file() else "is not there"
        raise PipelineError(f"{name or 'The encoder'} {what}. Give a directory, or a name on the hub.")


def _require_finite(name: str, module: nn.Module) -> None:
    for key, parameter in module.named_parameters():
        if not parameter.isfinite().all():
            raise PipelineError(
                f"The encoder {name} is damaged: '{key}' has numbers that are not finite. Copy it again."
            )


def _require_whole(name: str, missing_keys: Sequence[str]) -> None:
    missing = [key for key in missing_keys if not key.startswith(POOLERS)]
    if missing:
        raise PipelineError(
            f"The encoder {name} has weights of another architecture than its config.json says: "
            f"'{missing[0]}' is missing. Give a directory that was saved whole."
        )


def save_encoder(module: Any, tokenizer: Any, directory: Path, output: Path) -> None:
    """Write an encoder for `from_pretrained`.

    module (PreTrainedModel): The encoder, with a head or without.
    tokenizer (PreTrainedTokenizerFast): Its tokenizer.
    directory (Path): Where to write it.
    output (Path): What to call that in an error.
    RAISES (OSError): If it can't be written.
    """
    with safetensors_errors(output):
        module.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    # safetensors writes for one's own eyes alone
    readable = (directory / CONFIG).stat().st_mode
    for path in directory.glob("*.safetensors"):
        # A shared file system may not know of that
        with suppress(OSError):
            path.chmod(readable)


def make_module(settings: PretrainedConfig) -> nn.Module:
    """Make an encoder whose weights are yet to be loaded: random ones would take longer than loading.

    settings (PretrainedConfig): Its settings.
    RETURNS (nn.Module): The encoder.
    """
    with no_init_weights():
        return without_poolers(AutoModel.from_config(settings, trust_remote_code=False))


def without_poolers(module: nn.Module) -> nn.Module:
    """Take away what scores whole texts.

    module (nn.Module): An encoder, changed in place.
    RETURNS (nn.Module): The encoder.
    """
    for name in POOLERS:
        if getattr(module, name, None) is not None:
            setattr(module, name, None)
    return module


def _load(kind: Any, name: str, file: str, **settings: Any) -> Any:
    try:
        return kind.from_pretrained(name, trust_remote_code=False, **settings)
    except Exception as err:
        # Damaged files can raise anything in transformers' parsers.
        if Path(name).is_dir():
            about = "" if file == CONFIG else f", does not fit its {CONFIG},"
            raise PipelineError(
                f"Can't load the encoder in {name}: its {file} is missing, damaged{about} or needs code of "
                f"its own ({_first_line(err)}). Give a directory that transformers' save_pretrained has "
                "written, of a model and its tokenizer."
            ) from err
        raise PipelineError(
            f"Can't load the encoder {name}: it is no directory here, and the Hugging Face hub gave no "
            f"{file} by that name ({_first_line(err)}). Check the name, or download it where there is a "
            "network and give its directory."
        ) from err


def _check_kind(name: str, config: PretrainedConfig, depth: Optional[int]) -> None:
    reads_forward = (
        config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        and config.model_type not in MODEL_FOR_MASKED_LM_MAPPING_NAMES
    )
    if (
        config.is_encoder_decoder
        or config.is_decoder
        or reads_forward
        or not hasattr(config, "vocab_size")
        or not _is_positive(getattr(config, "num_hidden_layers", None))
    ):
        raise PipelineError(
            f"{name} is no encoder (model_type {config.model_type!r}). Give one that reads a text in both "
            "directions, such as a BERT."
        )
    if depth is not None and depth > config.num_hidden_layers:
        raise PipelineError(
            f"The encoder {name} has {config.num_hidden_layers} layers, and {depth} were asked for. Ask for "
            "fewer."
        )


def _is_positive(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _first_line(err: Exception) -> str:
    line = str(err).split("\n")[0].strip()
    return f"{type(err).__name__}: {line[:LONGEST]}" if line else type(err).__name__


@contextmanager
def _errors_alone() -> Iterator[None]:
    """Keep transformers from telling what it left out, which is meant."""
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
