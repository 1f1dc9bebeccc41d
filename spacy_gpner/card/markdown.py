"""Text as Markdown that shows it as it is."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Literal

from wasabi import MarkdownRenderer

# What Markdown, as GitHub and Hugging Face read it, may take for more than itself: anywhere, or at the start
SPECIAL = re.compile(r"[\\`*_\[\]|~#$]|^[-+=]|^\d+[.)](?= |$)")


def escape(text: str) -> str:
    """Make a text show as it is, on one line.

    text (str): The text.
    RETURNS (str): The Markdown.
    """
    line = " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())
    return SPECIAL.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", html.escape(line, quote=False))


def table(header: Sequence[str], rows: Iterable[Sequence[str]], n_names: int = 1) -> str:
    """Make a table.

    header (Sequence[str]): The names of the columns.
    rows (Iterable[Sequence[str]]): The cells, escaped.
    n_names (int): How many columns hold words: they stand on the left, numbers on the right.
    RETURNS (str): The Markdown.
    """
    aligns: list[Literal["l", "r"]] = ["l" if n < n_names else "r" for n in range(len(header))]
    return MarkdownRenderer().table(list(rows), header, aligns=aligns)
