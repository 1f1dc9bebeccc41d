"""Where a corpus lies and what it is: a name in configs/corpora.yml, or a folder of one's own."""

import os
import re
from pathlib import Path
from typing import Annotated

import srsly
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError
from wasabi import msg

CORPORA = Path("configs") / "corpora.yml"
# What stands beside a corpus's files and is none
OTHER_SUFFIXES = {".ann", ".spacy"}


class Source(BaseModel):
    """A corpus.

    format (str): Its format, as `spacy gpner convert` names it; "auto" looks into the files.
    folder (str): Where its files are. A $NAME in it is an environment variable.
    train, dev (List[str]): The files, or folders. Without a dev part, every fifth training document is one.
    lang (str): The language's code.
    neighbours (int): How many neighbouring documents are held out together.
    group (bool): Whether documents of one group, such as a patient, are held out together.
    fit (bool): Whether configs are fitted to it whole, or in paths and steps alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: StrictStr = "auto"
    folder: StrictStr = "."
    train: Annotated[list[StrictStr], Field(min_length=1)]
    dev: list[StrictStr] = []
    lang: StrictStr = "zh"
    neighbours: Annotated[StrictInt, Field(ge=1)] = 1
    group: StrictBool = False
    fit: StrictBool = True


def find_source(corpus: str, corpora: Path, corpus_format: str, lang: str) -> Source:
    """Find a corpus, and stop where there is none.

    corpus (str): A name in the file, or a folder with train.* and, if there is one, dev.*.
    corpora (Path): The file of corpora.
    corpus_format (str): The format; empty for what the file says, or for one that is recognised.
    lang (str): The language's code; empty for what the file says.
    RETURNS (Source): The corpus.
    """
    known = read_corpora(corpora)
    if corpus in known:
        source = known[corpus]
    elif Path(corpus).is_dir():
        source = _look_into(corpus, corpus_format)
    else:
        msg.fail(
            f"There is no corpus '{corpus}': neither a name in {corpora} nor a folder",
            f"Names: {', '.join(known)}. Give one, or the path of a folder with train.* and dev.*.",
            exits=1,
        )
    given = {"format": corpus_format, "lang": lang}
    return source.model_copy(update={name: value for name, value in given.items() if value})


def read_corpora(path: Path) -> dict[str, Source]:
    """Read a file of corpora, and stop where it is not right."""
    try:
        return {name: Source(**entry) for name, entry in srsly.read_yaml(path).items()}
    except (OSError, TypeError, AttributeError, ValueError, ValidationError) as err:
        msg.fail(f"{path} is no file of corpora", f"configs/corpora.yml shows what it needs: {err}", exits=1)


def _look_into(folder: str, corpus_format: str) -> Source:
    if ".." in Path(folder).parts:
        msg.fail(
            f"The results of '{folder}' would lie outside of the project's folders",
            f"Give the whole path: --vars.corpus '{Path(folder).resolve()}'",
            exits=1,
        )
    train, dev = (_find_part(Path(folder), part) for part in ("train", "dev"))
    if not train:
        msg.fail(
            f"{folder} has no training part",
            "Call it train.* (train.json, or a folder train), or name the files in configs/corpora.yml.",
            exits=1,
        )
    return Source(format=corpus_format or "auto", folder=str(Path(folder).resolve()), train=train, dev=dev)


def _find_part(folder: Path, part: str) -> list[str]:
    return sorted(
        path.name
        for path in folder.iterdir()
        if (path.name == part or path.stem == part) and path.suffix not in OTHER_SUFFIXES
    )


def find_files(source: Source, names: list[str]) -> list[Path]:
    """The files of a corpus's part, and stop where one is missing.

    source (Source): The corpus.
    names (List[str]): Names of its files.
    RETURNS (List[Path]): Their paths.
    """
    folder = os.path.expandvars(source.folder)
    variable = re.search(r"\$\{?(\w+)", source.folder)
    if variable is not None and not os.environ.get(variable[1]):
        msg.fail(
            f"This corpus needs the environment variable {variable[1]}, which is not set",
            f"Its files are {', '.join(names)} in {source.folder}.",
            exits=1,
        )
    paths = [Path(folder) / name for name in names]
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        msg.fail("Nothing to convert", f"Not there: {', '.join(missing)}", exits=1)
    return paths
