"""Loading trained pipelines."""

from pathlib import Path

from spacy.language import Language
from spacy.training.loop import DIR_MODEL_BEST
from spacy.util import load_model


class PipelineError(ValueError):
    """A pipeline can't be loaded, or is not of the kind that is needed. The message names it, what is wrong
    and the way out."""


def load_pipeline(name: str) -> Language:
    """Load a trained pipeline.

    name (str): Its directory or package.
    RETURNS (Language): The pipeline.
    RAISES (PipelineError): If it is damaged, or a training's output and not one of the pipelines there.
    RAISES (OSError): If there is none.
    """
    best = Path(name) / DIR_MODEL_BEST
    if best.is_dir():
        raise PipelineError(f"{name} is a training's output. Give one of the pipelines there: {best}")
    try:
        return load_model(name)
    except OSError:
        raise
    except Exception as err:
        raise PipelineError(f"Can't load the pipeline {name} ({type(err).__name__}: {err})") from err
