"""From a recipe to the text of a config."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Optional, Union

from jinja2 import Environment, PackageLoader, StrictUndefined
from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.util import load_config_from_str, load_model_from_config, registry
from thinc.api import Config, ConfigValidationError

from ..distillation.config import resolve_distillation
from ..entities import show_label
from ..errors import ConfigError
from ..pipeline.queries import read_queries
from .fit import EPOCHS, MIN_STEPS, Fit, Survey, fit_corpus
from .recipe import Recipe

# Windows without a corpus to take them from
CHARACTERS, WORDS = 32, 16


def make_config(recipe: Recipe, fit: Optional[Fit] = None) -> str:
    """Write a config: complete, and with comments.

    recipe (Recipe): What it is for.
    fit (Optional[Fit]): What depends on the corpus.
    RETURNS (str): The text of the config.
    RAISES (ConfigError): If spaCy can't make a pipeline of it.
    """
    text = _render(recipe, fit or default_fit(recipe))
    _resolve(text)
    return text


def make_fitted_config(
    recipe: Recipe,
    train: Path,
    dev: Optional[Path] = None,
    *,
    epochs: int = EPOCHS,
    min_steps: int = MIN_STEPS,
) -> tuple[str, Fit, Survey]:
    """Write a config that is fitted to a corpus.

    recipe (Recipe): What it is for.
    train (Path): The .spacy file to train on.
    dev (Optional[Path]): The .spacy file to choose the best model on.
    epochs (int): How often to go through the training corpus.
    min_steps (int): Train for so many steps at least.
    RETURNS (Tuple[str, Fit, Survey]): The text of the config, what was fitted, and to what.
    RAISES (CorpusError): If a corpus can't be read, or has no spans under the key.
    RAISES (ConfigError): If there are no entities to learn, a label has no query, or spaCy can't make a
        pipeline of the config.
    """
    fit = default_fit(recipe)
    nlp = _resolve(_render(recipe, fit))
    batcher = nlp.config["training"]["batcher"]
    fitted, survey = fit_corpus(fit, nlp, batcher, train, dev, epochs=epochs, min_steps=min_steps)
    if recipe.queries is not None:
        missing = sorted(set(fitted.labels or ()) - set(read_queries(recipe.queries) or ()))
        if missing:
            shown = ", ".join(map(show_label, missing))
            raise ConfigError(
                f"{recipe.queries} has no query for {shown}. Add one for each label of {train}."
            )
    return make_config(recipe, fitted), fitted, survey


def default_fit(recipe: Recipe) -> Fit:
    """What a config has without a corpus.

    recipe (Recipe): What it is for.
    RETURNS (Fit): The main paper's numbers for a transformer; from scratch what CMeEE is trained with.
    """
    window: Union[int, Literal["auto"], None] = CHARACTERS if recipe.is_characters else WORDS
    if recipe.component != "span_globalpointer":
        window = "auto"
    elif recipe.head == "GlobalPointer":
        window = None
    if recipe.is_fine_tuned and not recipe.gpu:
        # Of a text, span_mrc has as many readings as there are types: fewer texts make a step
        size = 250 if recipe.component == "span_mrc" else 1000
        return Fit(window, batch_size=size, max_steps=5000, warmup_steps=200, eval_frequency=400)
    if recipe.is_fine_tuned:
        return Fit(window, batch_size=16, max_steps=10000, warmup_steps=500, eval_frequency=1000)
    return Fit(window, batch_size=500, max_steps=5000, warmup_steps=200, eval_frequency=400)


def _render(recipe: Recipe, fit: Fit) -> str:
    templates = Environment(
        loader=PackageLoader("spacy_gpner.configs"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["json"] = to_json
    templates.filters["section"] = _to_section
    text = templates.get_template("training.cfg.jinja").render(**recipe.variables, **asdict(fit))
    return text.strip() + "\n"


def _to_section(block: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {to_json(value)}" for key, value in block.items())


def to_json(value: Any) -> str:
    """A value as a config writes it: a dollar sign, which begins a variable, is doubled.

    value (Any): The value.
    RETURNS (str): What stands behind the equals sign.
    """
    text = Config({"section": {"value": value}}).to_str()
    return text.partition("value = ")[2].strip()


def _resolve(text: str) -> Language:
    """Make all that the config describes: what can't be made must not be written."""
    config = load_config_from_str(text, interpolate=False)
    try:
        nlp = load_model_from_config(config)
        interpolated = config.interpolate()
        registry.resolve(interpolated["training"], schema=ConfigSchemaTraining)
        if "distillation" in config:
            resolve_distillation(config)
    except ImportError as err:
        raise ConfigError(
            f"Can't make the tokenizer for '{config['nlp']['lang']}': {err} Or give --tokenizer char."
        ) from None
    except ConfigValidationError as err:
        raise ConfigError(f"spaCy can't make a pipeline of the config: {err}") from err
    return nlp
