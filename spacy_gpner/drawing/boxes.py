"""Nested entities in boxes around their text, as HTML, for pages that show documents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from html import escape
from unicodedata import category

from markupsafe import Markup

from ..entities import Entity
from ..words import parts_word

# Light enough for black text, and told apart by colour-blind readers as far as ten colours can be.
PALETTE = (
    "#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3",
    "#b3de69", "#fccde5", "#ffed6f", "#ccebc5", "#d9d9d9",
)  # fmt: skip
# Control characters are drawn by their pictures: they have none in HTML, or are not allowed there
CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
FAINTEST = 0.25

# Characters of a label that a tag shows: half of them of its begin, half of its end
LONGEST = 16
# What is said of an entity beside its label, with the scores that go with it
Word = tuple[str, Sequence[float]]


@dataclass(frozen=True)
class Box:
    """How an entity is drawn.

    entity (Entity): The entity, not empty.
    scores (Sequence[float]): Its scores, which follow the label; their mean makes the box fainter or stronger
        if it is in [0, 1].
    words (Sequence[Word]): What else is said at its end.
    tag (str): Words for the element's `class` and `data-tag` attributes, for styles and filters.
    note (str): What is said of it when the mouse is over it; the whole label by default.
    """

    entity: Entity
    scores: Sequence[float] = ()
    words: Sequence[Word] = ()
    tag: str = ""
    note: str = ""


@dataclass(frozen=True, order=True)
class _Piece:
    """A part of a box that lies wholly inside, or wholly outside, every other piece."""

    start: int
    minus_end: int
    number: int
    is_first: bool = True
    is_last: bool = True

    @property
    def end(self) -> int:
        return -self.minus_end


def label_colors(labels: Sequence[str]) -> dict[str, str]:
    """Give each label a color.

    labels (Sequence[str]): The labels.
    RETURNS (Dict[str, str]): Their colors; beyond ten labels, colors repeat.
    """
    return {label: PALETTE[i % len(PALETTE)] for i, label in enumerate(labels)}


def draw_text(text: str, boxes: Sequence[Box], colors: dict[str, str]) -> Markup:
    """Draw a text with its entities, each in a box with a tag at its end. A box that crosses the edge of
    another is drawn in two pieces, open towards each other, with what space is between them in neither.

    text (str): The text.
    boxes (Sequence[Box]): The entities.
    colors (Dict[str, str]): The color of each label.
    RETURNS (Markup): The HTML. All that is given is escaped, control characters drawn by their pictures.
    """
    parts: list[str] = []
    open_pieces: list[_Piece] = []
    position, last_start, last_tag = 0, 0, 0

    def write(to: int) -> None:
        nonlocal position
        # A tag parts a word anyway
        if last_start != last_tag == position < to and is_in_word(text, position):
            parts.append("<wbr>")
        parts.append(show(text[position:to]))
        position = to

    def advance(to: int) -> None:
        nonlocal last_tag
        while open_pieces and open_pieces[-1].end <= to:
            piece = open_pieces.pop()
            write(piece.end)
            if piece.is_last:
                parts.append(_tag(boxes[piece.number]))
                last_tag = position
            parts.append("</mark>")
        write(to)

    pieces = _nest([box.entity for box in boxes], text)
    heights = _heights(pieces)
    for piece, height in zip(pieces, heights, strict=True):
        advance(piece.start)
        box = boxes[piece.number]
        # The style lets no line break at a box's edge but here
        if last_start != position and (last_tag == position or not is_in_word(text, position)):
            parts.append("<wbr>")
        last_start = position
        parts.append(_open(box, colors[box.entity.label], piece, height))
        open_pieces.append(piece)
    advance(len(text))
    return Markup(f'<div class="text" style="--height: {max(heights, default=0)}">{"".join(parts)}</div>')


def is_in_word(text: str, place: int) -> bool:
    """Tell whether a break would part a word, or a bracket from what it opens.

    text (str): The text.
    place (int): The break: before this character.
    RETURNS (bool): Whether it would. Chinese can be broken between any two characters.
    """
    if not 0 < place < len(text):
        return False
    return parts_word(text, place) or category(text[place - 1]) in ("Ps", "Pi")


def show(text: str) -> str:
    """Escape a text for HTML.

    text (str): The text.
    RETURNS (str): The text, with pictures in place of control characters.
    """
    return escape(text.translate(CONTROLS))


def _nest(entities: Sequence[Entity], text: str) -> list[_Piece]:
    """Cut entities where they cross the edges of others: what is left is nested, outer pieces first."""
    pending = [_Piece(entity.start, -entity.end, number) for number, entity in enumerate(entities)]
    heapify(pending)
    stack: list[_Piece] = []
    pieces = []
    while pending:
        piece = heappop(pending)
        while stack and stack[-1].end <= piece.start:
            stack.pop()
        if stack and stack[-1].end < piece.end:
            cut = stack[-1].end
            start = _after_space(text, cut, piece.end)
            heappush(pending, replace(piece, start=start, is_first=False))
            piece = replace(piece, minus_end=-cut, is_last=False)
        stack.append(piece)
        pieces.append(piece)
    return pieces


def _after_space(text: str, start: int, end: int) -> int:
    """Where a piece goes on. At a line's end its first space would be left there, in a box without text."""
    return end - len(text[start:end].lstrip()) if text[start:end].strip() else start


def _heights(pieces: Sequence[_Piece]) -> list[int]:
    """How many pieces lie in each, one in another."""
    heights = [0] * len(pieces)
    around: list[int] = []
    for i, piece in enumerate(pieces):
        while around and pieces[around[-1]].end <= piece.start:
            around.pop()
        for height, outer in enumerate(reversed(around), 1):
            heights[outer] = max(heights[outer], height)
        around.append(i)
    return heights


def _tag(box: Box) -> str:
    label = f"<span>{show(shorten(box.entity.label))}{_scores(box.scores)}</span>"
    words = "<wbr>".join(f"<b>{show(word)}{_scores(scores)}</b>" for word, scores in box.words)
    return f"<small>{label}{words}</small>"


def shorten(label: str) -> str:
    """Make a label fit for a tag.

    label (str): The label.
    RETURNS (str): Begin and end of a long one.
    """
    return label if len(label) <= LONGEST else f"{label[: LONGEST // 2]}…{label[-LONGEST // 2 :]}"


def _scores(scores: Sequence[float]) -> str:
    return f"<i> {' · '.join(f'{score:.2f}' for score in scores)}</i>" if scores else ""


def _open(box: Box, color: str, piece: _Piece, height: int) -> str:
    classes = [
        *box.tag.split(),
        *["open-left"] * (not piece.is_first),
        *["open-right"] * (not piece.is_last),
    ]
    note = show(box.note or box.entity.label)
    return (
        f'<mark class="{escape(" ".join(classes))}" data-tag="{escape(box.tag)}" title="{note}" '
        f'style="--color: {_shade(color, box.scores)}; --height: {height}">'
    )


def _shade(color: str, scores: Sequence[float]) -> str:
    """Mix a color with white: opaque, so that what is nested keeps its own color."""
    mean = sum(scores) / len(scores) if scores else 1.0
    if not 0 <= mean <= 1:
        return color
    strength = FAINTEST + (1 - FAINTEST) * mean
    return "#" + "".join(f"{round(255 - strength * (255 - c)):02x}" for c in bytes.fromhex(color[1:]))
