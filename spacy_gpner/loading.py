"""Loading trained pipelines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import maxsize
from typing import Any, Optional

from spacy.language import Language
from spacy.pipeline.transition_parser import Parser
from spacy.training.loop import DIR_MODEL_BEST
from spacy.util import get_model_meta, get_package_path, is_package, load_model

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
    with _naming(name):
        _check(name)
        nlp = load_model(name, config=config or {})
    if not any(isinstance(pipe, Parser) for _, pipe in nlp.pipeline):
        nlp.max_length = maxsize
    return nlp


def describe_pipeline(name: str) -> dict[str, Any]:
    """Look at a trained pipeline without its weights, in a fraction of the time that it takes to load it. A
    directory is checked as `load_pipeline` does.

    name (str): Its directory or package.
    RETURNS (Dict[str, Any]): What its meta.json says.
    RAISES (PipelineError): See `load_pipeline`; damaged weights are not noticed.
    RAISES (ConfigError): If its config is none.
    RAISES (PermissionError): If it may not be read.
    """
    with _naming(name):
        _check(name)
        return get_model_meta(get_package_path(name) if is_package(name) else name)


def _check(name: str) -> None:
    best = Path(name) / DIR_MODEL_BEST
    if best.is_dir():
        raise PipelineError(f"{name} is a training's output. Give one of the pipelines there: {best}")
    if not is_package(name):
        check_pipeline(Path(name))


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Say of what goes wrong in the block which pipeline it is."""
    try:
        yield
    except GpnerError as err:
        if name in str(err):
            raise
        raise PipelineError(f"{name}: {err}") from err
    except PermissionError:
        raise
    except OSError as err:
        raise PipelineError(
            f"Can't load the pipeline {name}, which may be incomplete. Copy it again, or give another. "
            f"{explain(err)}"
        ) from err
    except Exception as err:
        raise PipelineError(f"Can't load the pipeline {name} ({type(err).__name__}: {err})") from err
