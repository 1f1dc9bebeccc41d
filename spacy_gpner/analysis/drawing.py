"""Nested spans drawn over their text as HTML, for pages that show documents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from html import escape
from typing import Optional

# Light enough for black text, and told apart by colour-blind readers as far as ten colours can be.
PALETTE = (
    "#8dd3c7", "#fdb462", "#bebada", "#fb8072", "#80b1d3",
    "#b3de69", "#fccde5", "#ffed6f", "#ccebc5", "#d9d9d9",
)  # fmt: skip
# Control characters are drawn by their pictures: they have none in HTML, or are not allowed there
CONTROLS = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
FAINTEST = 0.25

STYLE = """
.text { white-space: pre-wrap; unicode-bidi: isolate; overflow-wrap: anywhere; line-height: 2.1; }
mark { color: inherit; padding: .3em .15em; margin: 0 1px; border-radius: .25em; box-decoration-break: clone;
       -webkit-box-decoration-break: clone; background: var(--color);
       border: 1px solid #7778; }
mark mark { padding-block: .1em; }
mark mark mark { padding-block: 0; }
mark.open-left { border-left-style: dotted; margin-left: 0; border-radius: 0 .25em .25em 0; }
mark.open-right { border-right-style: dotted; margin-right: 0; border-radius: .25em 0 0 .25em; }
mark small { font-size: .65em; font-weight: 600; margin-left: .3em; color: #333; user-select: none; }
.legend span { padding: .1em .5em; border-radius: .3em; margin: 0 .4em .3em 0; display: inline-block;
               background: var(--color); }
"""


@dataclass(frozen=True)
class DrawnSpan:
    """A span to draw.

    start, end (int): First character, and the character after the last.
    label (str): The label.
    color (str): The label's color.
    score (Optional[float]): Its score in [0, 1], which makes it fainter or stronger.
    tag (str): Words for the element's `class` and `data-tag` attributes, for styles and filters.
    note (str): What is said of it when the mouse is over it.
    """

    start: int
    end: int
    label: str
    color: str
    score: Optional[float] = None
    tag: str = ""
    note: str = ""


@dataclass(frozen=True, order=True)
class _Piece:
    """A part of a span that lies wholly inside, or wholly outside, every other piece."""

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


def draw_legend(colors: dict[str, str]) -> str:
    """Draw the labels in their colors.

    colors (Dict[str, str]): The color of each label.
    RETURNS (str): The HTML, escaped.
    """
    return "".join(f'<span style="--color: {color}">{show(label)}</span>' for label, color in colors.items())


def draw_text(text: str, spans: Sequence[DrawnSpan]) -> str:
    """Draw a text with its spans, each as a box with the label at its end. A span that crosses the edge of
    another is drawn in two boxes, open towards each other.

    text (str): The text.
    spans (Sequence[DrawnSpan]): The spans, none of them empty.
    RETURNS (str): The HTML. Text, labels and notes are escaped, control characters drawn by their pictures.
    """
    parts: list[str] = []
    open_pieces: list[_Piece] = []
    position = 0

    def advance(to: int) -> None:
        nonlocal position
        while open_pieces and open_pieces[-1].end <= to:
            piece = open_pieces.pop()
            parts.append(show(text[position : piece.end]))
            position = piece.end
            label = f"<small>{show(spans[piece.number].label)}</small>" if piece.is_last else ""
            parts.append(f"{label}</mark>")
        parts.append(show(text[position:to]))
        position = to

    for piece in _nest(spans):
        advance(piece.start)
        parts.append(_open(spans[piece.number], piece))
        open_pieces.append(piece)
    advance(len(text))
    return f'<div class="text">{"".join(parts)}</div>'


def show(text: str) -> str:
    """Escape a text for HTML.

    text (str): The text.
    RETURNS (str): The text, with pictures in place of control characters.
    """
    return escape(text.translate(CONTROLS))


def _nest(spans: Sequence[DrawnSpan]) -> list[_Piece]:
    """Cut spans where they cross the edges of others, so that what is left is nested, outer pieces first."""
    pending = [_Piece(span.start, -span.end, number) for number, span in enumerate(spans)]
    heapify(pending)
    stack: list[_Piece] = []
    pieces = []
    while pending:
        piece = heappop(pending)
        while stack and stack[-1].end <= piece.start:
            stack.pop()
        if stack and stack[-1].end < piece.end:
            cut = stack[-1].end
            heappush(pending, replace(piece, start=cut, is_first=False))
            piece = replace(piece, minus_end=-cut, is_last=False)
        stack.append(piece)
        pieces.append(piece)
    return pieces


def _open(span: DrawnSpan, piece: _Piece) -> str:
    classes = [
        *span.tag.split(),
        *["open-left"] * (not piece.is_first),
        *["open-right"] * (not piece.is_last),
    ]
    opacity = 1.0 if span.score is None else FAINTEST + (1 - FAINTEST) * span.score
    return (
        f'<mark class="{escape(" ".join(classes))}" data-tag="{escape(span.tag)}" title="{show(span.note)}" '
        f'style="--color: {span.color}{round(255 * opacity):02x}">'
    )
