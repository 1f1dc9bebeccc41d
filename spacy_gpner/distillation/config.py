"""The `[distillation]` block of a config."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from spacy.util import registry
from thinc.api import Config, ConfigValidationError, Model, Optimizer

from ..spans import DistillationLoss
from ..spans.divergence import Divergence, DivergenceName
from ..spans.pairs import Reduction
from .cache import Precision

INVALID = "Invalid [distillation] block"


class LossSettings(BaseModel):
    """The fields of `DistillationLoss`."""

    divergence: DivergenceName | Divergence = Field(
        default="bernoulli", title="The divergence between student and teacher"
    )
    temperature: float = Field(
        default=1.0, gt=0, allow_inf_nan=False, title="What the scores of both are divided by"
    )
    alpha: float = Field(default=1.0, ge=0, allow_inf_nan=False, title="The weight of the divergence")
    reduction: Reduction = Field(default="sum", title="Whether the divergence is summed or averaged")

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def make(self) -> DistillationLoss:
        """RETURNS (DistillationLoss): What they describe."""
        return DistillationLoss(**dict(self))


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
    loss: LossSettings = Field(default=LossSettings(), title="What is added to the student's loss")
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
    loss, cache = given.get("loss") or {}, given.get("cache") or {}
    unknown = _unknown(given, ConfigSchemaDistill)
    unknown += _unknown(loss, LossSettings, "loss") + _unknown(cache, CacheSettings, "cache")
    if unknown:
        errors = [{"loc": loc, "msg": "extra fields not permitted"} for loc in unknown]
        raise ConfigValidationError(errors=errors, title=INVALID)
    try:
        block = registry.resolve({**given, "loss": loss, "cache": cache}, schema=ConfigSchemaDistill)
    except ConfigValidationError as err:
        raise ConfigValidationError.from_error(err, title=INVALID, show_config=False) from None
    except ValueError as err:
        raise ConfigValidationError(title=INVALID, desc=str(err)) from None
    # Of nested models, resolving gives back what they were made from.
    block |= {"loss": LossSettings(**block["loss"]), "cache": CacheSettings(**cache)}
    return ConfigSchemaDistill.model_construct(**block)


def _unknown(block: dict[str, Any], schema: type[BaseModel], *parents: str) -> list[tuple[str, ...]]:
    # Resolving drops unknown keys without a word.
    return [(*parents, key) for key in block if key not in schema.model_fields]
