"""An entity as plain data, in characters: what corpora, predictions and evaluations have in common."""

import hashlib
import re
from typing import Any, NamedTuple, Optional

import numpy
from spacy.tokens import Doc

MAX_SHOWN = 40
# What stands in sentences, and hardly in a label
SENTENCE = re.compile(r"[。！？；，、：…!?;,]|\.(\s|$)")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


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


def writable(text: str) -> str:
    """Make a text fit for UTF-8, which can't hold the lone surrogates of a file's name or a JSON string.

    text (str): The text.
    RETURNS (str): The text, with such as escapes.
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def show_label(label: str) -> str:
    """Make a label fit for a terminal. What a damaged corpus has for a label may be anything, its text too.

    label (str): The label.
    RETURNS (str): The label, with control characters escaped. In place of one that looks like text, as it is
        longer than 40 letters (13 Chinese ones) or has a sentence's punctuation, its length and a hash.
    """
    if _is_longer(label, MAX_SHOWN) or SENTENCE.search(label):
        return f"label of {_size(label)}"
    return repr(label)[1:-1]


def show_key(key: str) -> str:
    """Make a JSON object's key fit for a terminal. In a file of another format it may be text.

    key (str): The key.
    RETURNS (str): The key, if it is a short identifier of Latin letters; else its length and a hash.
    """
    return f"key {show_name(key)}"


def show_name(name: str) -> str:
    """Make the name of a key or a column fit for a terminal. It may be text.

    name (str): The name.
    RETURNS (str): It in quotes, if it is a short identifier of Latin letters; else "of", its length and a
        hash.
    """
    return f"'{name}'" if KEY.fullmatch(name) and not _is_longer(name, MAX_SHOWN) else f"of {_size(name)}"


def _is_longer(text: str, limit: int) -> bool:
    """Whether a text has more than so many bytes: a Chinese character says as much as three letters."""
    return len(text.encode("utf-8", "surrogatepass")) > limit


def _size(text: str) -> str:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{len(text)} characters (#{digest})"


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


def token_edges(doc: Doc) -> numpy.ndarray:
    """First character of each token and the one after its last, shape (tokens, 2)."""
    start, length = doc.to_array(["IDX", "LENGTH"]).astype("int64").reshape(-1, 2).T
    return numpy.stack([start, start + length], axis=1)
