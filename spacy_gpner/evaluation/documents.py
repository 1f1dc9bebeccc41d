"""The documents of the page of an evaluation: which are drawn, and how."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, Optional

from markupsafe import Markup

from ..drawing.boxes import draw_text
from .marks import Tag, make_boxes, tags_of
from .predictions import Prediction

# How many documents, and how many characters of them, are seen at once
OPEN, OPEN_CHARS = 10, 3000


class Article(NamedTuple):
    """A document as it is drawn.

    number (int): Its number, from 0.
    origin (str): Where it is from, if that is known.
    tags (Sequence[str]): Number of the label, and kind, of all entities in it.
    drawn (Markup): Its text with its entities.
    """

    number: int
    origin: str
    tags: Sequence[str]
    drawn: Markup


class Documents(NamedTuple):
    """The documents of the page.

    first (Sequence[Article]): Those that differ from gold and are seen at once.
    more (Sequence[Article]): Others that differ.
    same (Sequence[Article]): Such as don't.
    n_different, n_same (int): How many there are of both kinds, drawn or not.
    """

    first: Sequence[Article]
    more: Sequence[Article]
    same: Sequence[Article]
    n_different: int
    n_same: int


def draw_documents(
    views: Sequence[Sequence[Prediction]],
    names: Sequence[str],
    labels: Sequence[str],
    colors: dict[str, str],
    *,
    limit: int,
    wanted: Sequence[int],
) -> Documents:
    """Draw documents that differ from gold for at least one model, and documents that don't.

    views (Sequence[Sequence[Prediction]]): Each document as each model sees it.
    names (Sequence[str]): The names of the models.
    labels (Sequence[str]): All labels.
    colors (Dict[str, str]): The color of each.
    limit (int): How many of both kinds to draw at most; 0 for all.
    wanted (Sequence[int]): The numbers of documents that come first.
    RETURNS (Documents): The documents.
    """
    tags = [tags_of(own) for own in views]
    errors = [{tag for tag in own if tag[1] != "correct"} for own in tags]
    # Documents without any entity are among those that don't differ
    rest: list[set[Tag]] = [
        set() if wrong else own or {("", "correct")} for own, wrong in zip(tags, errors, strict=True)
    ]
    different = choose_documents(errors, limit, wanted)
    same = choose_documents(rest, limit)
    order = sorted(different, key=lambda i: i not in wanted)
    so_far = accumulate(len(views[i][0].text) for i in order)
    first = sorted(i for i, n_chars in zip(order[:OPEN], so_far, strict=False) if n_chars <= OPEN_CHARS)
    numbers = {label: i for i, label in enumerate(labels)}

    def draw(chosen: Sequence[int]) -> list[Article]:
        return [
            Article(
                i,
                views[i][0].origin,
                sorted(f"{numbers[label]}-{kind}" for label, kind in tags[i]),
                draw_text(views[i][0].text, make_boxes(views[i], labels, names), colors),
            )
            for i in chosen
        ]

    more = [i for i in different if i not in first]
    return Documents(draw(first), draw(more), draw(same), sum(map(bool, errors)), sum(map(bool, rest)))


def choose_documents(tags: Sequence[set[Tag]], limit: int, wanted: Sequence[int] = ()) -> list[int]:
    """Choose documents such that every kind of error of every label is shown if there is room: the rarest
    first, and then each in turn.

    tags (Sequence[Set[Tag]]): Label and kind of the entities of each document. Those without are left out.
    limit (int): How many to choose; 0 for all.
    wanted (Sequence[int]): Those to choose before others.
    RETURNS (List[int]): Their numbers, ascending.
    """
    holders: dict[Tag, list[int]] = {}
    for i, own in enumerate(tags):
        for tag in own:
            holders.setdefault(tag, []).append(i)
    if not limit:
        return sorted({i for own in holders.values() for i in own})
    order = sorted(holders, key=lambda tag: (len(holders[tag]), tag))
    chosen = set(wanted[:limit])
    for tag in order:
        if len(chosen) < limit and chosen.isdisjoint(holders[tag]):
            chosen.add(holders[tag][0])
    queues = [iter(holders[tag]) for tag in order]
    while queues and len(chosen) < limit:
        left = []
        for queue in queues:
            fresh: Optional[int] = next((i for i in queue if i not in chosen), None)
            if fresh is not None and len(chosen) < limit:
                chosen.add(fresh)
                left.append(queue)
        queues = left
    return sorted(chosen)
