"""Strict scores of predictions, counted over the corpus: in all, by label, nesting, length and novelty."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Optional

import numpy

from ..entities import Entity
from ..spans.nesting import nesting
from .costs import error_costs
from .matching import confusion, count_errors
from .predictions import Prediction
from .probabilities import calibration, precision_recall_curve
from .significance import bootstrap_test, f_score, holm, over_documents, resample

# The first lengths, in characters, of the classes
LENGTHS = (1, 3, 5, 9, 17, 33, 65, 129)
Surfaces = dict[str, set[str]]


@dataclass
class Score:
    """Precision and recall of one class of entities. A prediction can be of a class that the gold entity is
    not, and so the right predictions and the gold entities found are counted apart.

    predicted, right (int): The predictions of this class, and those of them that are gold entities.
    gold, found (int): The gold entities of this class, and those of them that are predicted.
    """

    predicted: int = 0
    right: int = 0
    gold: int = 0
    found: int = 0

    @property
    def p(self) -> float:
        """RETURNS (float): The precision; 0 without a prediction."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def r(self) -> float:
        """RETURNS (float): The recall; 0 without gold."""
        return self.found / self.gold if self.gold else 0.0

    @property
    def f(self) -> float:
        """RETURNS (float): F1; 0 where precision and recall are."""
        return 2 * self.p * self.r / (self.p + self.r) if self.p + self.r else 0.0

    def to_dict(self) -> dict[str, float]:
        """RETURNS (Dict[str, float]): Precision, recall, F1 and the counts."""
        return {"p": self.p, "r": self.r, "f": self.f, **vars(self)}


Classify = Callable[[Prediction, Sequence[Entity]], Sequence[Iterable[str]]]


def score_by(predictions: Iterable[Prediction], classify: Classify) -> dict[str, Score]:
    """Score each class of entities by itself.

    predictions (Iterable[Prediction]): The documents.
    classify (Classify): Gives the classes of each of a document's entities; called for gold and predictions.
    RETURNS (Dict[str, Score]): A score for each class that occurs.
    """
    scores: dict[str, Score] = {}
    for own in predictions:
        predicted, gold = list(own.predicted), list(own.gold)
        for entity, classes in zip(predicted, classify(own, predicted), strict=True):
            for name in classes:
                score = scores.setdefault(name, Score())
                score.predicted += 1
                score.right += entity in own.gold
        for entity, classes in zip(gold, classify(own, gold), strict=True):
            for name in classes:
                score = scores.setdefault(name, Score())
                score.gold += 1
                score.found += entity in own.predicted
    return scores


def all_together(own: Prediction, found: Sequence[Entity]) -> list[tuple[str, ...]]:
    """One class for all entities."""
    return [("all",)] * len(found)


def by_label(own: Prediction, found: Sequence[Entity]) -> list[tuple[str, ...]]:
    """A class for each label."""
    return [(entity.label,) for entity in found]


def by_nesting(own: Prediction, found: Sequence[Entity]) -> list[tuple[str, ...]]:
    """Flat entities and nested ones; of these such as contain others (outer) and such as lie in others
    (inner). One that does both is in both classes."""
    names: list[tuple[str, ...]] = []
    for inner, outer in nesting([(entity.start, entity.end) for entity in found]):
        kinds = [name for name, holds in (("outer", outer), ("inner", inner)) if holds]
        names.append(("nested", *kinds) if kinds else ("flat",))
    return names


def by_length(own: Prediction, found: Sequence[Entity]) -> list[tuple[str, ...]]:
    """Classes of lengths in characters."""
    names = [f"{low}" if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(LENGTHS)]
    names.append(f"{LENGTHS[-1]}+")
    lengths = [entity.end - entity.start for entity in found]
    return [(names[i],) for i in numpy.searchsorted(LENGTHS, lengths, side="right") - 1]


def by_novelty(surfaces: Surfaces) -> Classify:
    """Entities whose surface is an entity of the training text: under the same label, or only under others.

    surfaces (Dict[str, Set[str]]): The labels of each surface there.
    RETURNS (Classify): The classification.
    """

    def classify(own: Prediction, found: Sequence[Entity]) -> list[tuple[str, ...]]:
        names: list[tuple[str, ...]] = []
        for entity in found:
            labels = surfaces.get(own.text[entity.start : entity.end], set())
            seen = "seen" if entity.label in labels else "seen under another label" if labels else "unseen"
            names.append((seen,))
        return names

    return classify


def measure(predictions: Sequence[Prediction], surfaces: Optional[Surfaces] = None) -> dict[str, Any]:
    """Find all scores of one model.

    predictions (Sequence[Prediction]): The documents.
    surfaces (Optional[Dict[str, Set[str]]]): The labels of each surface of the training text, if it is known.
    RETURNS (Dict[str, Any]): Plain data without any text, and without NaN: what does not exist is None.
    """
    labels = score_by(predictions, by_label)
    gold_labels = [score for score in labels.values() if score.gold]
    matches = [found for own in predictions for found in own.matches]
    return {
        "interval": interval(predictions),
        "micro": score_by(predictions, all_together).get("all", Score()).to_dict(),
        "macro": {
            name: float(numpy.mean([getattr(score, name) for score in gold_labels])) if gold_labels else 0.0
            for name in ("p", "r", "f")
        },
        "labels": _plain(labels, sorted(labels)),
        "nesting": _plain(score_by(predictions, by_nesting), ("flat", "nested", "outer", "inner")),
        "length": _by_length(predictions),
        "novelty": None if surfaces is None else _plain(score_by(predictions, by_novelty(surfaces))),
        "errors": count_errors(matches),
        "confusion": confusion(matches),
        "costs": error_costs(matches),
        "curve": precision_recall_curve(predictions),
        "calibration": calibration(predictions),
    }


def _by_length(predictions: Sequence[Prediction]) -> dict[str, dict[str, float]]:
    scores = score_by(predictions, by_length)
    return _plain(scores, sorted(scores, key=lambda name: int(name.rstrip("+").partition("-")[0])))


def _plain(scores: dict[str, Score], names: Optional[Iterable[str]] = None) -> dict[str, dict[str, float]]:
    order = sorted(scores) if names is None else names
    return {name: scores.get(name, Score()).to_dict() for name in order}


def interval(predictions: Sequence[Prediction]) -> Optional[dict[str, float]]:
    """How far the micro-F1 of one model depends on the documents: a bootstrap.

    predictions (Sequence[Prediction]): The documents.
    RETURNS (Optional[Dict[str, float]]): The ends of its 95 % interval; None with fewer than two documents,
        or without any entity.
    """
    counts = counts_by_document(predictions)
    if len(counts) < 2 or not counts.any():
        return None
    (drawn,) = resample([counts[None]])
    return dict(zip(("low", "high"), over_documents(drawn), strict=True))


def compare(models: Mapping[str, Sequence[Prediction]]) -> list[dict[str, Any]]:
    """Compare the micro-F1 of models on the same documents, each pair by a paired bootstrap.

    models (Dict[str, Sequence[Prediction]]): The documents as each model sees them.
    RETURNS (List[Dict[str, Any]]): For each pair the difference in F1, its 95 % interval, its p-value, and
        that corrected for the number of pairs; and what `cross` gives.
    """
    counts = {name: counts_by_document(predictions)[None] for name, predictions in models.items()}
    resampled = dict(zip(counts, resample(list(counts.values())), strict=True))
    names = list(counts)
    rows: list[dict[str, Any]] = []
    for i, first in enumerate(names):
        for second in names[i + 1 :]:
            differences = resampled[second] - resampled[first]
            low, high = over_documents(differences)
            difference = f_score(counts[second].sum(1)) - f_score(counts[first].sum(1))
            rows.append(
                {
                    "models": [first, second],
                    "difference": float(difference[0]),
                    "low": low,
                    "high": high,
                    "p_value": bootstrap_test(differences),
                    "kinds": cross(models[first], models[second]),
                }
            )
    for row, p_value in zip(rows, holm([row["p_value"] for row in rows]), strict=True):
        row["p_holm"] = p_value
    return rows


def cross(first: Sequence[Prediction], second: Sequence[Prediction]) -> dict[str, dict[str, int]]:
    """What two models make of the same gold entities.

    first, second (Sequence[Prediction]): The documents as each model sees them.
    RETURNS (Dict[str, Dict[str, int]]): How many gold entities are of a kind by the first model and of a kind
        by the second, without zeros.
    """
    counts: dict[str, Counter[str]] = {}
    for pair in zip(first, second, strict=True):
        kinds = [{match.gold: match.kind for match in own.matches if match.gold} for own in pair]
        for gold, kind in kinds[0].items():
            counts.setdefault(kind, Counter())[kinds[1][gold]] += 1
    return {kind: dict(sorted(own.items())) for kind, own in sorted(counts.items())}


def counts_by_document(predictions: Sequence[Prediction]) -> numpy.ndarray:
    """Count, for each document, the predicted entities, those of them that are right, and the gold ones.

    predictions (Sequence[Prediction]): The documents.
    RETURNS (numpy.ndarray): The counts, shape (documents, 3).
    """
    counts = [
        (len(own.predicted), len(own.gold & own.predicted.keys()), len(own.gold)) for own in predictions
    ]
    return numpy.array(counts, dtype=int).reshape(-1, 3)
