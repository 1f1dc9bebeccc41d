"""Cleaning texts, with the way back: where each character stood in the original."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from html.entities import html5
from typing import NamedTuple, Optional

import numpy

from ..errors import ArchiveError


class Edit(NamedTuple):
    """A part of a text and what takes its place.

    start, end (int): Its first character, and the one after the last.
    new (str): What takes its place.
    """

    start: int
    end: int
    new: str


# Elements of HTML: what merely looks like a tag, as in "a<b" or "<b 2>", stays. These end a line …
BLOCKS = (
    "address|article|aside|blockquote|body|br|caption|center|dd|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|h[1-6]|head|header|hr|html|li|main|nav|ol|p|pre|section|table|tbody|tfoot|thead|title|tr|ul"
)
# … these begin a cell of a table …
CELLS = "td|th"
# … these are nothing, and Word's own are among them …
INLINE = (
    "a|abbr|acronym|area|b|base|bdi|bdo|big|button|cite|code|col|colgroup|data|del|dfn|em|font|i|iframe|img"
    "|input|ins|kbd|label|legend|link|map|mark|meta|object|option|param|q|rp|rt|ruby|s|samp|select|small"
    "|span|strike|strong|sub|sup|svg|textarea|time|tt|u|var|wbr|(?:o|st1|v|w):[a-z]\\w*"
)
# A tag's attributes: each with a value, or one of those that have none
ATTRIBUTES = (
    r"""(?:\s+(?:[a-z_:@][\w:.-]*+\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'|[^\s"'<>]*+)"""
    r"|(?:checked|compact|disabled|hidden|multiple|noshade|nowrap|open|readonly|required|selected)\b))*+\s*+/?"
)
HTML = re.compile(
    rf"(?P<hidden><!--|<(?P<name>script|style){ATTRIBUTES}>)"
    rf"|(?P<block></?(?:{BLOCKS}){ATTRIBUTES}>)"
    rf"|(?P<cell><(?:{CELLS}){ATTRIBUTES}>)"
    rf"|(?P<inline></?(?:{INLINE}|{CELLS}){ATTRIBUTES}>|<!doctype[^<>]*>|<\?xml[^<>]*>)"
    r"|(?P<entity>&(?:#\d+|#x[\da-f]+|[a-z][a-z\d]*);)",
    re.IGNORECASE | re.ASCII,
)
# … and of these and of comments no content is text. What ends them:
ENDS = {
    name: re.compile(end, re.IGNORECASE | re.ASCII)
    for name, end in {"": "-->", "script": r"</script\s*+>", "style": r"</style\s*+>"}.items()
}
# Without line ends and tabs
CONTROL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+"
)
WIDE = re.compile("[\uff01-\uffef\u3000]")
SPACES = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u3000]{2,}|[\t\u00a0\u2000-\u200a\u202f\u3000]")
LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def _clean_html(text: str) -> Iterator[Edit]:
    place, endless = 0, set[str]()
    while (found := HTML.search(text, place)) is not None:
        start, place = found.span()
        if found["hidden"]:
            # What does not end is text; that is looked up once, as there may be many
            name = (found["name"] or "").lower()
            end = None if name in endless else ENDS[name].search(text, place)
            if end is None:
                endless.add(name)
            else:
                place = end.end()
                yield Edit(start, place, "")
        elif (entity := found["entity"]) is None:
            yield Edit(start, place, "\n" if found["block"] else " " if found["cell"] else "")
        elif entity[1] == "#" or entity[1:] in html5:
            yield Edit(start, place, unescape(entity))


def _clean_width(text: str) -> Iterator[Edit]:
    for found in WIDE.finditer(text):
        yield Edit(*found.span(), unicodedata.normalize("NFKC", found[0]))


def _replace(pattern: re.Pattern[str], new: str) -> Callable[[str], Iterator[Edit]]:
    return lambda text: (Edit(*found.span(), new) for found in pattern.finditer(text))


# By the name that a user gives, in the order in which they are best taken
STEPS: dict[str, Callable[[str], Iterator[Edit]]] = {
    "html": _clean_html,
    "lines": _replace(LINE_ENDS, "\n"),
    "control": _replace(CONTROL, ""),
    "width": _clean_width,
    "spaces": _replace(SPACES, " "),
}


class Cleaned:
    """A text after cleaning, and where its characters stood.

    text (str): The text.
    """

    def __init__(self, original: str, steps: Sequence[str] = ()) -> None:
        """Clean a text.

        original (str): The text.
        steps (Sequence[str]): Names of steps, in their order.
        """
        self.text = original
        self._edges: Optional[numpy.ndarray] = None
        for step in steps:
            edits = [edit for edit in STEPS[step](self.text) if self.text[edit.start : edit.end] != edit.new]
            if edits:
                self._apply(edits)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the text stood in the original.

        start, end (int): Its first character, and the one after its last, which is another one.
        RETURNS (Tuple[int, int]): The same in the original.
        """
        if self._edges is None:
            return start, end
        return int(self._edges[start, 0]), int(self._edges[end - 1, 1])

    def _apply(self, edits: Sequence[Edit]) -> None:
        text, parts, edges, last = self.text, [], [], 0
        places = numpy.arange(len(text))
        every = numpy.stack([places, places + 1], 1)
        for start, end, new in [*edits, Edit(len(text), len(text), "")]:
            parts += [text[last:start], new]
            # Each character of what is new stands for all that it replaced
            edges += [every[last:start], numpy.full((len(new), 2), (start, end))]
            last = end
        own = numpy.concatenate(edges)
        self.text = "".join(parts)
        if self._edges is None:
            self._edges = own
        else:
            before = self._edges
            # What an edit put in place of nothing would have no character to stand for: there is none
            self._edges = numpy.stack([before[own[:, 0], 0], before[own[:, 1] - 1, 1]], 1)


def check_steps(steps: Sequence[str]) -> None:
    """Refuse steps that there are not.

    steps (Sequence[str]): Their names.
    RAISES (ArchiveError): If one is unknown, or given twice.
    """
    if unknown := [step for step in steps if step not in STEPS]:
        raise ArchiveError(f"There is no step '{unknown[0]}' of cleaning. There are {', '.join(STEPS)}.")
    if len(set(steps)) < len(steps):
        raise ArchiveError(f"A step of cleaning is given twice: {', '.join(steps)}.")
