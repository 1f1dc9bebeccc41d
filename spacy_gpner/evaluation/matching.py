"""What kind of error each wrong prediction and each missed entity is."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple, Optional

from ..entities import Entity

Kind = Literal["correct", "label", "boundary", "both", "missed", "spurious"]
# Errors, from what comes nearest to being right
ERRORS: tuple[Kind, ...] = ("label", "boundary", "both", "missed", "spurious")
# Those of gold entities
OF_GOLD: tuple[Kind, ...] = ERRORS[:-1]
# What a reader is told of each kind
WORDS: dict[Kind, str] = {
    "correct": "found",
    "label": "wrong label",
    "boundary": "wrong boundary",
    "both": "wrong label and boundary",
    "missed": "missed",
    "spurious": "spurious",
}
Pair = tuple[Entity, Entity]


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

    gold (Iterable[Entity]): The gold entities, none of them empty.
    predicted (Iterable[Entity]): The predicted ones, likewise.
    RETURNS (List[Match]): Every gold entity and every prediction exactly once, in the order of the text.
    """
    left, right = set(gold), set(predicted)
    matches = [Match("correct", entity, entity) for entity in left & right]
    left, right = left - right, right - left
    for kind, candidates in STAGES:
        for g, p in candidates(left, right):
            if g in left and p in right:
                left.remove(g)
                right.remove(p)
                matches.append(Match(kind, g, p))
    matches += [Match("missed", g, None) for g in left]
    matches += [Match("spurious", None, p) for p in right]
    return sorted(matches, key=lambda m: (m.gold or m.predicted or (), m.predicted or ()))


def _same_place(gold: set[Entity], predicted: set[Entity]) -> list[Pair]:
    """The pairs of equal boundaries."""
    places: dict[tuple[int, int], list[Entity]] = defaultdict(list)
    for p in predicted:
        places[p.start, p.end].append(p)
    return sorted((g, p) for g in gold for p in places.get((g.start, g.end), ()))


def _same_label(gold: set[Entity], predicted: set[Entity]) -> list[Pair]:
    """The pairs of one label that overlap, those first that share the most."""
    labels: dict[str, tuple[list[Entity], list[Entity]]] = defaultdict(lambda: ([], []))
    for side, entities in enumerate((gold, predicted)):
        for entity in entities:
            labels[entity.label][side].append(entity)
    return sorted((pair for own in labels.values() for pair in _pairs(*own)), key=_rank)


def _overlapping(gold: set[Entity], predicted: set[Entity]) -> list[Pair]:
    """The pairs that overlap, those first that share the most."""
    return sorted(_pairs(gold, predicted), key=_rank)


def _pairs(gold: Iterable[Entity], predicted: Iterable[Entity]) -> Iterator[Pair]:
    """All pairs that overlap: the later of the two begins where the other has not ended."""
    begun: tuple[list[Entity], list[Entity]] = ([], [])
    for entity, side in sorted([*((g, 0) for g in gold), *((p, 1) for p in predicted)]):
        others = begun[1 - side]
        others[:] = [other for other in others if other.end > entity.start]
        yield from ((other, entity) if side else (entity, other) for other in others)
        begun[side].append(entity)


def _rank(pair: Pair) -> tuple[float, Pair]:
    """How little two share of the text of both; then the order of the text."""
    gold, predicted = pair
    shared = min(gold.end, predicted.end) - max(gold.start, predicted.start)
    union = max(gold.end, predicted.end) - min(gold.start, predicted.start)
    return 1 - shared / union, pair


# What is no match of a kind can be one of the next
STAGES: tuple[tuple[Kind, Callable[[set[Entity], set[Entity]], list[Pair]]], ...] = (
    ("label", _same_place),
    ("boundary", _same_label),
    ("both", _overlapping),
)


def count_errors(matches: Iterable[Match]) -> dict[str, int]:
    """How often each kind of error occurs.

    matches (Iterable[Match]): What `match` gives for all documents.
    RETURNS (Dict[str, int]): The count of each of `ERRORS`.
    """
    counts = Counter(m.kind for m in matches)
    return {kind: counts[kind] for kind in ERRORS}


def count_boundaries(matches: Iterable[Match]) -> dict[str, int]:
    """How predictions lie that have a wrong boundary, under whatever label, to the gold entities that they
    stand for.

    matches (Iterable[Match]): What `match` gives for all documents.
    RETURNS (Dict[str, int]): The count of each way, the commonest first.
    """
    counts = Counter(_describe_boundaries(m.gold, m.predicted) for m in matches if m.gold and m.predicted)
    del counts[""]
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _describe_boundaries(gold: Entity, predicted: Entity) -> str:
    """Empty where both are right."""
    ends = (("begins", predicted.start, gold.start), ("ends", predicted.end, gold.end))
    wrong = [f"{verb} {'early' if own < right else 'late'}" for verb, own, right in ends if own != right]
    return ", ".join(wrong)


def confusion(matches: Iterable[Match]) -> dict[str, dict[str, int]]:
    """Which label is predicted where gold has which, by gold label: counts of the predicted labels where
    gold and prediction are paired, and of "(boundary)" and "(missed)"; under "(none)" the spurious
    predictions. A row of a label sums up to its gold entities.

    matches (Iterable[Match]): What `match` gives for all documents.
    RETURNS (Dict[str, Dict[str, int]]): The counts, without zeros.
    """
    table: dict[str, Counter[str]] = {}
    for kind, gold, predicted in matches:
        row = table.setdefault(gold.label if gold else "(none)", Counter())
        if kind == "boundary":
            row["(boundary)"] += 1
        else:
            row[predicted.label if predicted else "(missed)"] += 1
    return {label: dict(sorted(row.items())) for label, row in sorted(table.items())}
