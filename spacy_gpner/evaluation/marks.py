"""Gold and predictions as marks on one text, each entity once, with what went wrong in words."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from ..drawing.boxes import Box, Word, shorten
from ..entities import Entity
from .matching import WORDS, Kind
from .predictions import Prediction

Tag = tuple[str, Kind]


class Fact(NamedTuple):
    """What one model makes of an entity.

    model (int): The number of the model.
    kind (Kind): "correct", or the kind of error.
    score (Optional[float]): The score that the model gives, if it gives any.
    instead (Optional[str]): The label that it predicts in place of gold's, at the same place.
    """

    model: int
    kind: Kind
    score: Optional[float] = None
    instead: Optional[str] = None

    def say(self) -> str:
        """RETURNS (str): What became of the entity."""
        return WORDS[self.kind] if self.instead is None else f"predicted as {shorten(self.instead)}"


def model_mark(number: int) -> str:
    """A short sign for a model.

    number (int): Its number, from 0.
    RETURNS (str): The sign.
    """
    return chr(ord("①") + number) if number < 20 else f"({number + 1})"


def collect_facts(views: Sequence[Prediction]) -> dict[Entity, list[Fact]]:
    """What each model makes of the entities of a document. A prediction of another label at the place of a
    gold entity is said there, and is no entity of its own.

    views (Sequence[Prediction]): The document as each model sees it.
    RETURNS (Dict[Entity, List[Fact]]): For each gold entity a fact of each model; for each other prediction
        those of the models that make it.
    """
    facts: dict[Entity, list[Fact]] = {}
    for number, view in enumerate(views):
        for kind, gold, predicted in view.matches:
            score = view.predicted[predicted] if predicted else None
            if gold is not None:
                instead = predicted.label if predicted and kind == "label" else None
                own = score if predicted and kind in ("correct", "label") else view.score(gold)
                facts.setdefault(gold, []).append(Fact(number, kind, own, instead))
            if predicted is not None and kind not in ("correct", "label"):
                facts.setdefault(predicted, []).append(Fact(number, kind, score))
    return facts


def make_boxes(views: Sequence[Prediction], labels: Sequence[str], names: Sequence[str] = ()) -> list[Box]:
    """Mark the entities of gold and of all models in a text.

    views (Sequence[Prediction]): The document as each model sees it.
    labels (Sequence[str]): All labels; the numbers of the labels in the boxes' tags are places in it.
    names (Sequence[str]): The names of the models, where the boxes shall say which.
    RETURNS (List[Box]): The boxes. Their classes are "found", "some" (by some models), "lost" and "extra".
    """
    numbers = {label: i for i, label in enumerate(labels)}
    boxes = []
    for entity, own in collect_facts(views).items():
        right = sum(fact.kind == "correct" for fact in own)
        style = "extra" if entity not in views[0].gold else ("lost", "some")[right > 0]
        if right == len(views):
            style = "found"
        tags = [
            f"{numbers[label]}-{fact.kind}"
            for fact in own
            for label in (entity.label, fact.instead)
            if label is not None
        ]
        boxes.append(
            Box(
                entity,
                scores=_scores(fact for fact in own if fact.kind == "correct"),
                words=_words(own, len(views)),
                tag=" ".join([style, *dict.fromkeys(tags)]),
                note=f"{entity.label}: {'; '.join(_note(fact, names) for fact in own)}",
            )
        )
    return boxes


def tags_of(views: Iterable[Prediction]) -> set[Tag]:
    """Label and kind of every gold entity and every prediction of a document.

    views (Iterable[Prediction]): The document as each model sees it.
    RETURNS (Set[Tuple[str, Kind]]): The tags.
    """
    return {
        (entity.label, kind)
        for view in views
        for kind, gold, predicted in view.matches
        for entity in (gold, predicted)
        if entity
    }


def _words(facts: Iterable[Fact], n_models: int) -> list[Word]:
    """What went wrong, and with which models unless it did with all."""
    told: dict[str, list[Fact]] = {}
    for fact in facts:
        if fact.kind != "correct":
            told.setdefault(fact.say(), []).append(fact)
    words: list[Word] = []
    for word, own in told.items():
        marks = "" if len(own) == n_models else " " + "".join(model_mark(fact.model) for fact in own)
        words.append((word + marks, _scores(own)))
    return words


def _scores(facts: Iterable[Fact]) -> list[float]:
    return [fact.score for fact in facts if fact.score is not None]


def _note(fact: Fact, names: Sequence[str]) -> str:
    score = "" if fact.score is None else f", {fact.score:.2f}"
    by = f" by {names[fact.model]}" if names else ""
    said = WORDS[fact.kind] if fact.instead is None else f"predicted as {fact.instead}"
    return f"{said}{by}{score}"
