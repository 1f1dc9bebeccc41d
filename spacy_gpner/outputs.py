"""What a pipeline that is written may replace, and what lies where."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import srsly

from .errors import GpnerWarning, PipelineError
from .files import lies_in, resolve

# What spaCy writes of any pipeline, beside a directory for each component
PARTS = {"config.cfg", "meta.json", "tokenizer", "vocab"}
CARD = "README.md"
# How a card begins that `spacy gpner card` wrote
CARD_MARK = "<!-- spacy gpner card -->"


def check_output(path: Path, model: str, kind: str, is_kind: Callable[[Path], bool]) -> None:
    """See to it that nothing but an earlier pipeline of the same kind is replaced.

    path (Path): The directory to write.
    model (str): The pipeline to read, a directory or a package.
    kind (str): What to call the kind.
    is_kind (Callable[[Path], bool]): Whether a directory with a config.cfg is a pipeline of the kind.
    RAISES (PipelineError): If it is something else or holds something else, or one lies in the other.
    """
    output, source = resolve(path), resolve(Path(model))
    if source.exists() and (lies_in(output, source) or lies_in(source, output)):
        raise PipelineError(
            f"{path} is the pipeline to read, or one lies in the other. Give another directory."
        )
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if not (output / "config.cfg").is_file() or not is_kind(output):
        raise PipelineError(f"{path} is there and is no {kind} pipeline. Give another directory.")
    check_replaceable(path)


def check_replaceable(path: Path) -> None:
    """See to it that nothing is lost but the pipeline where one is written anew: a directory is replaced as a
    whole. A model card of ours goes with the pipeline that it describes, and a warning.

    path (Path): The pipeline's directory, which need not exist.
    RAISES (PipelineError): If something else lies there.
    """
    if not path.is_dir():
        return
    card = {CARD} if is_card(path / CARD) else set()
    own = PARTS | _components(path) | card
    others = sorted(entry.name for entry in path.iterdir() if entry.name not in own)
    if others:
        raise PipelineError(
            f"{path} would be replaced, and holds what is no part of a pipeline: {', '.join(others)}. Move "
            "that away, or give another directory."
        )
    if card:
        warnings.warn(
            f"{path / CARD} describes the pipeline that is replaced, and goes with it. Write a new one with "
            "`spacy gpner card`.",
            GpnerWarning,
            stacklevel=2,
        )


def _components(path: Path) -> set[str]:
    try:
        return set(srsly.read_json(path / "meta.json")["components"])
    except (OSError, ValueError, LookupError, TypeError):
        return set()


def is_card(path: Path) -> bool:
    """Whether a file is a model card that `spacy gpner card` wrote.

    path (Path): The file, which need not exist.
    RETURNS (bool): Whether it is.
    """
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(CARD_MARK)


def check_distinct(models: Sequence[str]) -> None:
    """Refuse a pipeline that is named twice.

    models (Sequence[str]): The pipelines: directories or packages.
    RAISES (PipelineError): If two are the same.
    """
    if len({resolve(Path(model)) for model in models}) < len(models):
        raise PipelineError(f"A pipeline is named twice: {', '.join(models)}. Give each once.")


def check_kept(path: Path, model: str) -> None:
    """See to it that a pipeline that is read is not replaced by the one that is written.

    path (Path): The directory to write.
    model (str): The pipeline to read, a directory or a package.
    RAISES (PipelineError): If it is the directory, or lies in it.
    """
    if lies_in(resolve(Path(model)), resolve(path)):
        raise PipelineError(
            f"The pipeline {model} is {path}, or lies in it, and would be replaced. Give another output."
        )


def check_outside(path: Path, model: str) -> None:
    """See to it that nothing is written into a pipeline that is read.

    path (Path): The file or directory to write.
    model (str): The pipeline to read, a directory or a package.
    RAISES (PipelineError): If it is the pipeline, or lies in it.
    """
    source = resolve(Path(model))
    if (source / "config.cfg").is_file() and lies_in(resolve(path), source):
        raise PipelineError(f"{path} is the pipeline {model}, or lies in it. Give another directory.")
