"""Keeping a command's inputs and outputs apart from each other."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import CorpusError
from ..files import resolve


def check_inputs(inputs: Sequence[Path]) -> None:
    """Refuse inputs that are given twice: their documents would count double, and a share of them held out
    would not be new to a model.

    inputs (Sequence[Path]): The files and directories.
    RAISES (CorpusError): If one is another, or lies in it.
    """
    resolved = [resolve(path) for path in inputs]
    counts = Counter(resolved)
    for given, path in zip(inputs, resolved, strict=True):
        if counts[path] > 1 or not counts.keys().isdisjoint(path.parents):
            raise CorpusError(
                f"{given} is given twice, or lies in another input: its documents would be there "
                "twice. Give it once."
            )


def check_output(output: Path, others: Iterable[Path], *suffixes: str) -> None:
    """Refuse an output that would overwrite another file of the same command, or has a wrong suffix.

    output (Path): The file to write.
    others (Iterable[Path]): The command's inputs and other outputs.
    suffixes (str): What the output must end with, one of them. By default anything but .spacy.
    RAISES (CorpusError): If the output is refused.
    """
    if suffixes and output.suffix not in suffixes:
        raise CorpusError(f"The output {output} must end with {' or '.join(suffixes)}.")
    if not suffixes and output.suffix == ".spacy":
        raise CorpusError(f"The output {output} must not end with .spacy: it will hold no documents.")
    if resolve(output) in {resolve(path) for path in others}:
        raise CorpusError(f"The output {output} is also an input or another output. Choose another file.")
