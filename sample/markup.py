"""Inline markup of entities, ``{sym:{bod:右上腹}疼痛}``, and the sentences that it stands for."""

import re
from typing import Any, NamedTuple

TYPES = ("dis", "sym", "pro", "equ", "dru", "ite", "bod", "dep", "mic")


class Span(NamedTuple):
    """An entity of a text; ``end`` is exclusive."""

    start: int
    end: int
    type: str


class Sentence(NamedTuple):
    """A text with its entities, sorted by start, end and type."""

    text: str
    spans: tuple[Span, ...]

    def to_json(self) -> dict[str, Any]:
        """The sentence as an element of a CMeEE file."""
        entities = [
            {"start_idx": start, "end_idx": end - 1, "type": type_, "entity": self.text[start:end]}
            for start, end, type_ in self.spans
        ]
        return {"text": self.text, "entities": entities}


def parse(markup: str) -> Sentence:
    """Read markup into a text with its entities.

    markup (str): The markup.
    RETURNS (Sentence): Text and entities.
    RAISES (ValueError): If braces don't pair, or hold no type or no text.
    """
    text: list[str] = []
    opened: list[tuple[int, str]] = []
    spans: set[Span] = set()
    position = 0
    while position < len(markup):
        char = markup[position]
        if char == "{":
            type_, colon, _ = markup[position + 1 :].partition(":")
            if not colon or type_ not in TYPES:
                raise ValueError(f"no entity type after '{{' at {position} in {markup!r}")
            opened.append((len(text), type_))
            position += len(type_) + 2
            continue
        if char == "}":
            if not opened or opened[-1][0] == len(text):
                raise ValueError(f"stray or empty '}}' at {position} in {markup!r}")
            start, type_ = opened.pop()
            spans.add(Span(start, len(text), type_))
        else:
            text.append(char)
        position += 1
    if opened:
        raise ValueError(f"unclosed '{{' in {markup!r}")
    return Sentence("".join(text), tuple(sorted(spans)))


def plain(markup: str) -> str:
    """The markup's text alone."""
    return parse(markup).text


def has_nesting(sentence: Sentence) -> bool:
    """Whether an entity lies inside another one that has other boundaries."""
    return any(
        outer.start <= inner.start and inner.end <= outer.end and outer[:2] != inner[:2]
        for outer in sentence.spans
        for inner in sentence.spans
    )


def tidy(markup: str) -> str:
    """Put the punctuation right where an optional part was left out."""
    markup = re.sub(r"[，；]+([。；])", r"\1", markup)
    markup = re.sub(r"，{2,}", "，", markup)
    return re.sub(r"[，；]+$", "。", markup)
