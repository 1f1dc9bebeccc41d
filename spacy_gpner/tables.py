"""Tables of a terminal, where a Chinese character is as wide as two Latin ones."""

from collections.abc import Iterable, Sequence
from typing import Any
from unicodedata import combining, east_asian_width

GAP = "   "


def print_table(rows: Iterable[Sequence[Any]], header: Sequence[str] = (), aligns: str = "lr") -> None:
    """Print a table between empty lines.

    rows (Iterable[Sequence[Any]]): The cells. Integers are grouped by thousands.
    header (Sequence[str]): Names of the columns; none for a table without.
    aligns (str): "l" or "r" for each column; the last letter is that of all columns that follow.
    """
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    print(f"\n{lay_out(cells, header, aligns)}\n")


def lay_out(rows: Sequence[Sequence[str]], header: Sequence[str] = (), aligns: str = "l") -> str:
    """Set cells in columns, each as wide as its widest cell. See `print_table`."""
    if not (lines := [header, *rows] if header else list(rows)):
        return ""
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    aligns = aligns.ljust(len(widths), aligns[-1])

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, align in zip(cells, widths, aligns, strict=False):
            blank = " " * (width - _width(cell))
            padded.append(blank + cell if align == "r" else cell + blank)
        return GAP.join(padded).rstrip()

    shown = [line(cells) for cells in lines]
    if header:
        shown.insert(1, GAP.join("-" * width for width in widths))
    return "\n".join(shown)


def _width(cell: str) -> int:
    return sum(1 + (east_asian_width(x) in "WF") for x in cell if not combining(x))
