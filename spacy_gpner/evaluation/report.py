"""An evaluation as tables of the terminal."""

from pathlib import Path
from typing import Optional

from wasabi import msg

from ..tables import print_table
from .matching import ERRORS
from .result import Evaluation
from .tables import mended


def print_evaluation(evaluation: Evaluation, output: Path) -> None:
    """Print the most important scores.

    evaluation (Evaluation): The evaluation.
    output (Path): Where the rest was written.
    """
    for note in evaluation.notes:
        msg.warn(note)
    kinds = [kind.capitalize() for kind in ERRORS]
    header = ("", "P", "R", "F1", "95 %", "Macro F1", "Nested F1", "Flat F1", *kinds)
    rows = [
        (
            name,
            *(f"{100 * own['micro'][x]:.2f}" for x in "prf"),
            _show_interval(own["interval"]),
            f"{100 * own['macro']['f']:.2f}",
            *(_percent(own["nesting"][x]) for x in ("nested", "flat")),
            *(own["errors"][kind] for kind in ERRORS),
        )
        for name, own in evaluation.metrics.items()
    ]
    print_table(rows, header)
    if len(evaluation.metrics) == 1:
        (own,) = evaluation.metrics.values()
        labels = [
            (label, *(f"{100 * scores[x]:.2f}" for x in "prf"), scores["gold"])
            for label, scores in own["labels"].items()
        ]
        print_table(labels, ("", "P", "R", "F1", "Gold"))
    pairs = [
        (
            " - ".join(reversed(row["models"])),
            f"{100 * row['difference']:+.2f}",
            f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}",
            f"{row['p_holm']:.4f}",
        )
        for row in evaluation.comparisons
    ]
    if pairs:
        print_table(pairs, ("", "Difference", "95 %", "p (Holm)"))
        both = mended(evaluation.comparisons)
        rows = [(row.name, *(cell.text for cell in row.cells)) for row in both.rows]
        print_table(rows, ("Errors", *(column.name.capitalize() for column in both.columns)))
    msg.good(f"{output / 'metrics.json'} and {output / 'report.html'}")


def _show_interval(interval: Optional[dict[str, float]]) -> str:
    return f"{100 * interval['low']:.2f} to {100 * interval['high']:.2f}" if interval else "-"


def _percent(scores: dict[str, float]) -> str:
    """F1 in percent, or a dash where there is neither gold nor a prediction."""
    return f"{100 * scores['f']:.2f}" if scores["gold"] or scores["predicted"] else "-"
