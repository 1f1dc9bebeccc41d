"""Telling a corpus's format by what its files hold."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Optional

from ..entities import show_key
from ..errors import CorpusError
from .brat import ANNOTATIONS
from .formats import FORMATS
from .iob import read_iob
from .pubtator import is_pubtator
from .records import Problem
from .text import read_json_values, read_text

# How many records are looked at, and how many keys of the first are named
MAX_RECORDS = 1000
MAX_KEYS = 10


def recognise(paths: Sequence[Path]) -> tuple[str, str]:
    """Tell the format of a corpus's files.

    paths (Sequence[Path]): The files, or brat's directory.
    RETURNS (tuple[str, str]): The format's name, and why it is that one.
    RAISES (CorpusError): If a file can't be read, fits no format or several, or the files fit different ones.
    """
    found = {path: _recognise(path) for path in paths}
    names = {name for name, _ in found.values()}
    if len(names) > 1:
        each = "; ".join(f"{path} is {name}" for path, (name, _) in found.items())
        raise CorpusError(f"The files have different formats: {each}. Convert those of one format at a time.")
    name, reason = found[paths[0]]
    return name, f"{paths[0]} is {name}: {reason}"


def _recognise(path: Path) -> tuple[str, str]:
    if path.is_dir() or (path.suffix.lower() == ".txt" and _has_annotations(path)):
        return "brat", "it is a directory" if path.is_dir() else "annotations of the same name are beside it"
    text = read_text(path)
    if is_pubtator(text):
        return "pubtator", "its first line is a title"
    values, broken = _parse(path)
    if values is None:
        try:
            list(islice(read_iob(path, lambda problem: None), 1))
        except CorpusError as err:
            if text.lstrip().startswith(("{", "[")):
                raise CorpusError(
                    f"{broken} Mend the file there: JSON is one array, or has a whole record a line."
                ) from None
            raise CorpusError(
                f"{path} is no JSON, no directory of brat, and neither pubtator nor iob. {err}"
            ) from None
        return "iob", "its lines end with tags"
    counts = {
        name: sum(map(entry.holds, values)) for name, entry in FORMATS.items() if entry.holds is not None
    }
    fitting = [name for name, count in counts.items() if count]
    shown = ", ".join(f"{counts[name]} of {len(values)} records are {name}" for name in fitting)
    if len(fitting) == 1:
        return fitting[0], shown
    if fitting:
        raise CorpusError(f"{path} fits several formats: {shown}. Name the one that it is.")
    raise CorpusError(
        f"{path} fits no format: {_describe(values)} None of its records is labelled as in "
        f"{', '.join(counts)}. Name the format if you know it: of text without entities, "
        '{"text": …}, it is spans.'
    )


def _has_annotations(path: Path) -> bool:
    return any(path.with_suffix(suffix).exists() for suffix in ANNOTATIONS)


def _parse(path: Path) -> tuple[Optional[list[Any]], str]:
    """The first values of an array or of JSON lines, None if it is no JSON; and where that first breaks."""
    breaks: list[str] = []

    def report(problem: Problem) -> None:
        if not breaks:
            breaks.append(problem.sentence())

    try:
        values = [value for _, value in islice(read_json_values(path, report), MAX_RECORDS)]
    except CorpusError as err:
        return None, str(err)
    is_json = not breaks or any(isinstance(value, dict) for value in values)
    return (values if is_json else None), "".join(breaks)


def _describe(values: list[Any]) -> str:
    """Name the keys of the first record, as far as they may be shown."""
    keys = next((list(value) for value in values if isinstance(value, dict)), [])
    if not keys:
        return "it holds no record."
    return f"its first record has {', '.join(map(show_key, keys[:MAX_KEYS]))}."
