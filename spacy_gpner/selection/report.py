"""A selection as a table of the terminal."""

from pathlib import Path

import numpy
from wasabi import msg

from ..tables import print_table
from .select import Selection

BANDS = 4
HEADER = ("rank", "documents", "characters", "expected errors", "a document", "per 1,000 characters")


def print_selection(selection: Selection, path: Path, output: Path) -> None:
    """Print how expected errors fall with the rank, and which documents were left out.

    selection (Selection): The choice.
    path (Path): Where the documents are from.
    output (Path): Where the chosen ones are now.
    """
    chosen = numpy.array(selection.order)
    rest = numpy.setdiff1d(numpy.arange(len(selection.errors)), chosen)
    bands = [band for band in numpy.array_split(numpy.arange(len(chosen)), BANDS) if len(band)]
    rows = [(f"{band[0] + 1} to {band[-1] + 1}", *_numbers(selection, chosen[band])) for band in bands]
    rows += [("chosen", *_numbers(selection, chosen)), ("not chosen", *_numbers(selection, rest))]
    print_table(rows, HEADER)
    for count, what in (
        (selection.labelled, "are annotated"),
        (selection.recurring, "have the text of another"),
        (selection.empty, "have no text"),
        (selection.changed, "have a text that the pipeline's tokenizer changes"),
    ):
        if count:
            msg.info(f"{path}: {count:,} documents {what}: left out")
    msg.good(
        f"{output}: {len(chosen):,} of {len(selection.errors):,} documents, with "
        f"{_share(selection.characters, chosen)} of the characters and {_share(selection.errors, chosen)} of "
        "the expected errors, the most valuable first, with predicted spans"
    )


def _share(values: numpy.ndarray, chosen: numpy.ndarray) -> str:
    total = values.sum()
    return f"{100 * values[chosen].sum() / total:.0f} %" if total else "none"


def _numbers(selection: Selection, places: numpy.ndarray) -> tuple[str, ...]:
    errors, characters = selection.errors[places].sum(), selection.characters[places].sum()
    ratios = [errors / len(places), 1000 * errors / characters] if len(places) else []
    return (
        f"{len(places):,}",
        f"{characters:,}",
        f"{errors:,.1f}",
        *(f"{ratio:,.2f}" for ratio in ratios),
        *("-" for _ in range(2 - len(ratios))),
    )
