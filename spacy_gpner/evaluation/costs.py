"""What each class of errors costs in F1."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Optional

from .matching import Kind, Match

# Kind, gold label and predicted label
ErrorClass = tuple[Kind, Optional[str], Optional[str]]


def error_class(found: Match) -> ErrorClass:
    """The class of an error: its kind, and the labels of gold and prediction.

    found (Match): The pair.
    RETURNS (Tuple[Kind, Optional[str], Optional[str]]): The class; None for the label of what there is not.
    """
    return (
        found.kind,
        found.gold.label if found.gold else None,
        found.predicted.label if found.predicted else None,
    )


def error_costs(matches: Iterable[Match]) -> list[dict[str, Any]]:
    """How much micro-F1 would gain if the errors of one class, and no others, were right: a missed entity
    found, a spurious one not predicted, any other prediction as gold has it.

    matches (Iterable[Match]): What `match` gives for all documents.
    RETURNS (List[Dict[str, Any]]): For each class of errors that occurs its kind, the labels of gold and
        prediction, how many there are, and the gain; the most costly first.
    """
    counts = Counter(map(error_class, matches))
    right = sum(n for (kind, _, _), n in counts.items() if kind == "correct")
    gold = sum(n for (_, label, _), n in counts.items() if label is not None)
    predicted = sum(n for (_, _, label), n in counts.items() if label is not None)
    rows = []
    for (kind, gold_label, predicted_label), n in counts.items():
        if kind == "correct":
            continue
        found = 0 if kind == "spurious" else n
        more = {"missed": n, "spurious": -n}.get(kind, 0)
        gain = _f_score(right + found, gold, predicted + more) - _f_score(right, gold, predicted)
        rows.append({"kind": kind, "gold": gold_label, "predicted": predicted_label, "n": n, "f_gain": gain})
    return sorted(
        rows, key=lambda x: (-x["f_gain"], -x["n"], x["kind"], x["gold"] or "", x["predicted"] or "")
    )


def _f_score(right: int, gold: int, predicted: int) -> float:
    return 2 * right / (gold + predicted) if gold + predicted else 0.0
