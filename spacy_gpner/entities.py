"""An entity as plain data, in characters: what corpora, predictions and evaluations have in common."""

from typing import Any, NamedTuple, Optional

import numpy
from spacy.tokens import Doc

MAX_SHOWN = 20


class Entity(NamedTuple):
    """One entity of a text, in characters.

    start (int): The first character.
    end (int): The character after the last.
    label (str): The type.
    """

    start: int
    end: int
    label: str


def is_unicode(text: str) -> bool:
    """Tell whether a text can be written in UTF-8, which can't hold lone surrogates.

    text (str): The text.
    RETURNS (bool): Whether it can.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def show_label(label: str) -> str:
    """Make a label fit for a terminal. What a damaged corpus has for a label may be anything.

    label (str): The label.
    RETURNS (str): Its first characters, with line breaks and other control characters escaped.
    """
    shown = repr(label[:MAX_SHOWN])[1:-1]
    return f"{shown}…" if len(label) > MAX_SHOWN else shown


def entities(doc: Doc, spans_key: str) -> list[Entity]:
    """The entities of a document.

    doc (Doc): The document.
    spans_key (str): Key of the span group.
    RETURNS (List[Entity]): Its entities in the order of the group, each once; none without the group. Spans
        without text are none.
    """
    return list(scored_entities(doc, spans_key))


def scored_entities(doc: Doc, spans_key: str) -> dict[Entity, Optional[float]]:
    """The entities of a document and their scores, from the group's `attrs["scores"]`.

    doc (Doc): The document.
    spans_key (str): Key of the span group.
    RETURNS (Dict[Entity, Optional[float]]): The score of each entity, None where there is none.
    """
    group = doc.spans.get(spans_key, [])
    scores: Any = getattr(group, "attrs", {}).get("scores")
    if numpy.shape(scores) != (len(group),):
        scores = [None] * len(group)
    return {
        Entity(span.start_char, span.end_char, span.label_): None if score is None else float(score)
        for span, score in zip(group, scores, strict=True)
        if span.start_char < span.end_char
    }
