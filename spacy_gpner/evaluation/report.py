"""An evaluation as tables of the terminal."""

from pathlib import Path

from wasabi import msg

from ..entities import show_label
from .matching import ERRORS
from .result import Evaluation


def print_evaluation(evaluation: Evaluation, output: Path) -> None:
    """Print the most important scores.

    evaluation (Evaluation): The evaluation.
    output (Path): Where the rest was written.
    """
    for note in evaluation.notes:
        msg.warn(note)
    header = ("", "P", "R", "F", "Macro F", "Nested F", "Flat F", *(kind.capitalize() for kind in ERRORS))
    rows = [
        (
            name,
            *(f"{100 * own['micro'][x]:.2f}" for x in "prf"),
            f"{100 * own['macro']['f']:.2f}",
            *(_percent(own["nesting"][x]) for x in ("nested", "flat")),
            *(f"{own['errors'][kind]:,}" for kind in ERRORS),
        )
        for name, own in evaluation.metrics.items()
    ]
    msg.table(rows, header=header, divider=True, max_col=200, aligns=("l", *"r" * (len(header) - 1)))
    if len(evaluation.metrics) == 1:
        (own,) = evaluation.metrics.values()
        labels = [
            (show_label(label), *(f"{100 * scores[x]:.2f}" for x in "prf"), f"{scores['gold']:,}")
            for label, scores in own["labels"].items()
        ]
        msg.table(
            labels, header=("", "P", "R", "F", "Gold"), divider=True, max_col=200, aligns=("l", *"rrrr")
        )
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
        msg.table(
            pairs,
            header=("", "Difference", "95 %", "p (Holm)"),
            divider=True,
            max_col=200,
            aligns=("l", *"rrr"),
        )
    msg.good(f"{output / 'metrics.json'} and {output / 'report.html'}")


def _percent(scores: dict[str, float]) -> str:
    """F1 in percent, or a dash where there is neither gold nor a prediction."""
    return f"{100 * scores['f']:.2f}" if scores["gold"] or scores["predicted"] else "-"
