"""What kind of error each wrong prediction and each missed entity is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, Optional

from ..entities import Entity
from .predictions import Prediction

Kind = Literal["correct", "label", "boundary", "both", "missed", "spurious"]
# Errors, from what comes nearest to being right
ERRORS: tuple[Kind, ...] = ("label", "boundary", "both", "missed", "spurious")


class Match(NamedTuple):
    """A gold entity and the prediction that stands for it.

    kind (Kind): "correct"; "label" for the right boundaries under another label; "boundary" for an overlap
        under the right label; "both" for an overlap under another label; "missed" and "spurious" for a gold
        entity and a prediction that none is left for.
    gold, predicted (Optional[Entity]): The two; None where there is none.
    """

    kind: Kind
    gold: Optional[Entity]
    predicted: Optional[Entity]


def match(gold: Iterable[Entity], predicted: Iterable[Entity]) -> list[Match]:
    """Pair the gold entities of a document with its predictions, one to one, the best pairs first: an entity
    that is found explains no other prediction, as where one is nested in the other.

    gold (Iterable[Entity]): The gold entities.
    predicted (Iterable[Entity]): The predicted ones.
    RETURNS (List[Match]): Every gold entity and every prediction exactly once, in the order of the text.
    """
    left, right = set(gold), set(predicted)
    matches = [Match("correct", entity, entity) for entity in left & right]
    left, right = left - right, right - left
    pairs = ((_rank(g, p), g, p) for g in left for p in right if g.start < p.end and p.start < g.end)
    for (rank, _), g, p in sorted(pairs):
        if g in left and p in right:
            left.remove(g)
            right.remove(p)
            matches.append(Match(ERRORS[rank], g, p))
    matches += [Match("missed", g, None) for g in left]
    matches += [Match("spurious", None, p) for p in right]
    return sorted(matches, key=lambda m: (m.gold or m.predicted or (), m.predicted or ()))


def _rank(gold: Entity, predicted: Entity) -> tuple[int, float]:
    """How near a wrong prediction comes: which of the `ERRORS` it is, then how little it overlaps."""
    shared = min(gold.end, predicted.end) - max(gold.start, predicted.start)
    union = max(gold.end, predicted.end) - min(gold.start, predicted.start)
    if shared == union:
        return ERRORS.index("label"), 0.0
    return ERRORS.index("boundary" if gold.label == predicted.label else "both"), 1 - shared / union


def count_errors(predictions: Iterable[Prediction]) -> dict[str, int]:
    """How often each kind of error occurs.

    predictions (Iterable[Prediction]): The documents.
    RETURNS (Dict[str, int]): The count of each of `ERRORS`.
    """
    counts = Counter(m.kind for m in _matches(predictions))
    return {kind: counts[kind] for kind in ERRORS}


def confusion(predictions: Iterable[Prediction]) -> dict[str, dict[str, int]]:
    """Which label is predicted where gold has which, by gold label: counts of the predicted labels where
    gold and prediction are paired, and of "(boundary)" and "(missed)"; under "(none)" the spurious
    predictions. A row of a label sums up to its gold entities.

    predictions (Iterable[Prediction]): The documents.
    RETURNS (Dict[str, Dict[str, int]]): The counts, without zeros.
    """
    table: dict[str, Counter[str]] = {}
    for kind, gold, predicted in _matches(predictions):
        row = table.setdefault(gold.label if gold else "(none)", Counter())
        if kind == "boundary":
            row["(boundary)"] += 1
        else:
            row[predicted.label if predicted else "(missed)"] += 1
    return {label: dict(sorted(row.items())) for label, row in sorted(table.items())}


def _matches(predictions: Iterable[Prediction]) -> Iterator[Match]:
    for own in predictions:
        yield from match(own.gold, own.predicted)
