"""Answers as people and programs read them."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Literal, get_args
from unicodedata import combining, east_asian_width

from ..errors import KnowledgeError
from .rows import Answer

Form = Literal["table", "json", "csv"]
# Characters of a cell of a table
WIDEST = 60


def check_form(form: str) -> None:
    """Refuse a form that there is not.

    form (str): What was asked for.
    RAISES (KnowledgeError): If there is no such form.
    """
    if form not in get_args(Form):
        raise KnowledgeError(f"There is no format '{form}'. Give {', '.join(get_args(Form))}.")


def show(answer: Answer, form: str) -> str:
    """Write an answer.

    answer (Answer): The answer.
    form (str): "table", "json" (a list of objects) or "csv".
    RETURNS (str): The text.
    """
    if form == "json":
        objects = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        return json.dumps(objects, ensure_ascii=False, indent=2)
    if form == "csv":
        output = io.StringIO()
        writer = csv.writer(output, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
        return output.getvalue().rstrip("\n")
    rows = [[_cell(value) for value in row] for row in answer.rows]
    numbers = [
        all(isinstance(row[i], (int, float)) for row in answer.rows) for i in range(len(answer.columns))
    ]
    return _lay_out([answer.columns, *rows], [own and bool(answer.rows) for own in numbers])


def _lay_out(rows: Sequence[Sequence[str]], to_the_right: Sequence[bool]) -> str:
    """Columns of equal width on a terminal, where a Chinese character is as wide as two of others."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "   ".join(
            " " * (width - _width(cell)) + cell if right else cell + " " * (width - _width(cell))
            for cell, width, right in zip(row, widths, to_the_right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "   ".join("-" * width for width in widths), *lines[1:]])


def _width(cell: str) -> int:
    return sum(1 + (east_asian_width(x) in "WF") for x in cell if not combining(x))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.3g}"
    line = " ".join(str(value).split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"
