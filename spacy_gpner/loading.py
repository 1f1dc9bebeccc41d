"""Loading trained pipelines."""

from pathlib import Path
from sys import maxsize
from typing import Any, Optional

from spacy.language import Language
from spacy.pipeline.transition_parser import Parser
from spacy.training.loop import DIR_MODEL_BEST
from spacy.util import is_package, load_model

from .errors import GpnerError, PipelineError, explain
from .trust import check_pipeline


def load_pipeline(name: str, config: Optional[dict[str, Any]] = None) -> Language:
    """Load a trained pipeline. A directory is checked before: to load it must not run code that it holds. A
    package is installed code anyway. Texts can be of any length, unless spaCy's parser or NER runs, whose
    memory spaCy limits them for.

    name (str): Its directory or package.
    config (Optional[Dict[str, Any]]): Settings in place of those in its config.
    RETURNS (Language): The pipeline.
    RAISES (PipelineError): If there is none, it is damaged, can't be trusted, or is a training's output and
        not one of the pipelines there.
    RAISES (ConfigError): If its config is none.
    RAISES (PermissionError): If it may not be read.
    """
    best = Path(name) / DIR_MODEL_BEST
    if best.is_dir():
        raise PipelineError(f"{name} is a training's output. Give one of the pipelines there: {best}")
    try:
        if not is_package(name):
            check_pipeline(Path(name))
        nlp = load_model(name, config=config or {})
    except (GpnerError, PermissionError):
        raise
    except OSError as err:
        raise PipelineError(
            f"Can't load the pipeline {name}, which may be incomplete. Copy it again, or give another. "
            f"{explain(err)}"
        ) from err
    except Exception as err:
        raise PipelineError(f"Can't load the pipeline {name} ({type(err).__name__}: {err})") from err
    if not any(isinstance(pipe, Parser) for _, pipe in nlp.pipeline):
        nlp.max_length = maxsize
    return nlp
