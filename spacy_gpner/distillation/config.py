"""The `[distillation]` block of a config."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Optional

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, StrictStr
from spacy.util import registry
from thinc.api import Config, ConfigValidationError, Model, Optimizer

from ..models.cache import Precision
from ..spans import DistillationLoss

INVALID = "Invalid [distillation] block"


def make_loss(given: Any) -> DistillationLoss:
    """Make what `[distillation.loss]` describes.

    given (Any): The block, or what a function that it names has made of it.
    RETURNS (DistillationLoss): The loss.
    RAISES (ValueError): If it is none, or a setting is unknown or out of range.
    """
    if isinstance(given, dict):
        return DistillationLoss(**given)
    if not isinstance(given, DistillationLoss):
        raise ValueError(
            'Expected a block of settings, or one with @misc = "spacy-gpner.DistillationLoss.v1".'
        )
    return given


class CacheSettings(BaseModel):
    """Where what of the teacher is frozen is kept.

    path (Optional[Path]): A file; None for memory.
    precision (str): "full" is float32, "half" float16: half the size, three digits.
    max_gb (float): The most GiB to keep; 0 for no cache.
    """

    path: Optional[Path] = Field(default=None, title="File of the cache; null for memory")
    precision: Precision = Field(default="full", title="Precision of the cached vectors")
    max_gb: float = Field(
        default=4.0, ge=0, allow_inf_nan=False, title="Most GiB of vectors to cache; 0 for no cache"
    )

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConfigSchemaDistill(BaseModel):
    """The block. Everything else (dev corpus, evaluation frequency, score weights, logger, seed, frozen
    components, callbacks, …) is that of `[training]`; labels come from its training corpus."""

    corpus: Optional[StrictStr] = Field(..., title="Path in the config to the training data")
    unlabelled_corpus: Optional[StrictStr] = Field(default=None, title="Path in the config to further text")
    batcher: Callable = Field(..., title="Batcher for the training data")
    optimizer: Optimizer = Field(..., title="The optimizer to use")
    dropout: float = Field(default=0.1, ge=0, lt=1, title="Dropout rate")
    max_epochs: StrictInt = Field(default=0, ge=-1, title="Maximum number of epochs to train for")
    max_steps: StrictInt = Field(..., ge=0, title="Maximum number of update steps to train for")
    patience: StrictInt = Field(default=0, ge=0, title="Steps to continue without improvement")
    student_to_teacher: dict[StrictStr, StrictStr] = Field(
        default={}, title="Teacher components by student component"
    )
    train_teacher_head: StrictBool = Field(default=False, title="Whether the teacher's head learns on")
    teacher_lr_scale: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        title="Learning rate of the linkage, relative to the student's",
    )
    linkage: Optional[Model] = Field(default=None, title="How the student's features enter the teacher")
    loss: Annotated[DistillationLoss, PlainValidator(make_loss)] = Field(
        default=DistillationLoss(), title="What is added to the student's loss"
    )
    folds: Optional[list[Path]] = Field(
        default=None, title="Of an ensemble: the corpus that each of its members has not learned from"
    )
    cache: CacheSettings = Field(default=CacheSettings(), title="Where the teacher's vectors are kept")

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


def resolve_distillation(config: Config) -> ConfigSchemaDistill:
    """Make what the `[distillation]` block of a config describes.

    config (Config): The config.
    RETURNS (ConfigSchemaDistill): The block, its functions called.
    RAISES (ConfigValidationError): If there is none, or if a key is missing, unknown or out of range.
    """
    config = config.interpolate()
    if "distillation" not in config:
        raise ConfigValidationError(
            config=Config(),
            title="The config has no [distillation] block",
            desc="`spacy gpner distill` needs one beside [training].",
        )
    given = config["distillation"]
    given = {**given, "loss": given.get("loss") or {}, "cache": given.get("cache") or {}}
    unknown = [
        *_unknown(given, ConfigSchemaDistill.model_fields),
        *_unknown(given["loss"], [field.name for field in fields(DistillationLoss)], "loss"),
        *_unknown(given["cache"], CacheSettings.model_fields, "cache"),
    ]
    if unknown:
        errors = [{"loc": loc, "msg": "extra fields not permitted"} for loc in unknown]
        raise ConfigValidationError(errors=errors, title=INVALID)
    try:
        block = registry.resolve(given, schema=ConfigSchemaDistill)
    except ConfigValidationError as err:
        errors = [{**error, "msg": error["msg"].removeprefix("Value error, ")} for error in err.errors or ()]
        raise ConfigValidationError(errors=errors, title=INVALID, desc=err.desc, parent=err.parent) from None
    except ValueError as err:
        raise ConfigValidationError(title=INVALID, desc=str(err)) from None
    # Of nested models, resolving gives back what they were made from.
    return ConfigSchemaDistill(**block)


def _unknown(block: Any, known: Iterable[str], *parents: str) -> list[tuple[str, ...]]:
    # Resolving drops unknown keys of a block that no function is called with, without a word.
    is_plain = isinstance(block, dict) and not any(key.startswith("@") for key in block)
    return [(*parents, key) for key in block if key not in known] if is_plain else []
