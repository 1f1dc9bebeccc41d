"""The most costly errors of an evaluation, with an example of each."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Optional

from markupsafe import Markup

from ..drawing.boxes import draw_text, is_in_word
from ..entities import Entity
from .costs import error_class
from .marks import make_boxes
from .matching import Match
from .predictions import Prediction
from .result import Evaluation

SHOWN = 5
# Characters of the text around an example, and of an example, that are shown
AROUND, LONGEST = 16, 40


class CostlyError(NamedTuple):
    """A class of errors.

    kind (str): The kind of error.
    gold, predicted (Optional[str]): The labels.
    gain (float): The F1 that would be gained if they were right, in [0, 1].
    counts (Sequence[int]): How many there are, of each model.
    example (Markup): One of them.
    document (int): The number of the document that has it.
    """

    kind: str
    gold: Optional[str]
    predicted: Optional[str]
    gain: float
    counts: Sequence[int]
    example: Markup
    document: int


def best_model(evaluation: Evaluation) -> str:
    """RETURNS (str): The name of the model of the highest micro-F1; the first of several."""
    return max(evaluation.metrics, key=lambda name: evaluation.metrics[name]["micro"]["f"])


class Lead(NamedTuple):
    """How far the best model is ahead of another one, in micro-F1.

    other (str): The other model.
    difference, low, high (float): The difference, and the ends of its 95 % interval, in [-1, 1].
    p (float): Its p-value, corrected for the number of pairs.
    """

    other: str
    difference: float
    low: float
    high: float
    p: float


def leads(evaluation: Evaluation) -> list[Lead]:
    """RETURNS (List[Lead]): How far the best model is ahead of each other one."""
    best = best_model(evaluation)
    found = []
    for row in evaluation.comparisons:
        first, second = row["models"]
        own = (row["difference"], row["low"], row["high"], row["p_holm"])
        if second == best:
            found.append(Lead(first, *own))
        elif first == best:
            # No -0.0
            found.append(Lead(second, 0 - own[0], 0 - own[2], 0 - own[1], own[3]))
    return found


def costly_errors(evaluation: Evaluation, labels: Sequence[str], colors: dict[str, str]) -> list[CostlyError]:
    """The classes of errors that cost the best model the most.

    evaluation (Evaluation): The evaluation.
    labels (Sequence[str]): All labels.
    colors (Dict[str, str]): The color of each.
    RETURNS (List[CostlyError]): Five at most, the most costly first.
    """
    best = best_model(evaluation)
    counts = {
        name: {(row["kind"], row["gold"], row["predicted"]): row["n"] for row in own["costs"]}
        for name, own in evaluation.metrics.items()
    }
    errors = []
    for row in evaluation.metrics[best]["costs"][:SHOWN]:
        key = (row["kind"], row["gold"], row["predicted"])
        found = [
            (i, match)
            for i, own in enumerate(evaluation.predictions[best])
            for match in own.matches
            if error_class(match) == key
        ]
        document, match = sorted(found, key=lambda x: _length(x[1]))[len(found) // 2]
        example = _draw(evaluation.predictions[best][document], match, labels, colors)
        own_counts = [own.get(key, 0) for own in counts.values()]
        errors.append(CostlyError(*key, row["f_gain"], own_counts, example, document))
    return errors


def _entities(match: Match) -> list[Entity]:
    return [entity for entity in (match.gold, match.predicted) if entity]


def _length(match: Match) -> int:
    own = _entities(match)
    return max(entity.end for entity in own) - min(entity.start for entity in own)


def _draw(view: Prediction, match: Match, labels: Sequence[str], colors: dict[str, str]) -> Markup:
    """Draw one error with a little of the text around it; of a long one its begin."""
    own = _entities(match)
    start, end = min(entity.start for entity in own), max(entity.end for entity in own)
    left, right = _around(view.text, start, min(end, start + LONGEST))
    gold, predicted = ([x] if x else [] for x in (match.gold, match.predicted))
    alone = Prediction(view.text, frozenset(gold), dict.fromkeys(predicted))
    boxes = [
        replace(
            box, entity=Entity(box.entity.start - left, min(box.entity.end, right) - left, box.entity.label)
        )
        for box in make_boxes([alone], labels)
        if box.entity.start < right
    ]
    text = "…" * (left > 0), view.text[left:right].replace("\n", " "), "…" * (right < len(view.text))
    return Markup("{}{}{}").format(text[0], draw_text(text[1], boxes, colors), text[2])


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """Where an excerpt begins and ends, in the middle of no word."""
    left, right = max(0, start - AROUND), min(len(text), end + AROUND)
    while 0 < left < start and is_in_word(text, left):
        left += 1
    while end < right < len(text) and is_in_word(text, right):
        right -= 1
    return left, right
