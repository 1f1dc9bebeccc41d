"""A calibration as a table of the terminal."""

from scipy.special import expit
from wasabi import msg

from ..entities import show_label
from ..evaluation.candidates import FLOOR
from ..evaluation.probabilities import calibration_error
from ..tables import print_table
from .candidates import Candidates
from .setting import Setting, f_score


def print_calibration(candidates: Candidates, before: Setting, after: Setting) -> None:
    """Print what changes for each label and for all.

    candidates (Candidates): The candidates.
    before, after (Setting): How their scores were read, and are now.
    """
    rows = []
    for t, label in sorted(enumerate(candidates.labels), key=lambda pair: pair[1]):
        slope, offset = after.calibration[t]
        cuts = (f"{setting.uncalibrated[t]:.2f}" for setting in (before, after))
        own = candidates.of_label(t)
        rows.append(
            (
                show_label(label),
                *_counts(own),
                f"{slope:.2f}",
                f"{offset:.2f}",
                *cuts,
                *_quality(own, before, after),
            )
        )
    rows.append(("all", *_counts(candidates), "", "", "", "", *_quality(candidates, before, after)))
    header = (
        "", "candidates", "right", "gold", "slope", "offset", "threshold", "now", "ECE", "now", "F1", "now",
    )  # fmt: skip
    print_table(rows, header)
    msg.text(
        f"Candidates: spans with an uncalibrated score above {FLOOR}. Thresholds: in terms of uncalibrated "
        "scores, too. ECE, the expected calibration error of the candidates, and F1 in percent."
    )


def _counts(candidates: Candidates) -> tuple[int, ...]:
    return tuple(int(n) for n in (len(candidates.score), candidates.right.sum(), candidates.gold.sum()))


def _quality(candidates: Candidates, before: Setting, after: Setting) -> tuple[str, ...]:
    settings = (before, after)
    errors = [
        calibration_error(expit(candidates.calibrated(setting.calibration)), candidates.right)
        for setting in settings
    ]
    values = [*errors, *(f_score(candidates, setting) for setting in settings)]
    return tuple("-" if value is None else f"{100 * value:.2f}" for value in values)
