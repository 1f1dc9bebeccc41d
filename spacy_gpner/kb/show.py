"""Answers as people and programs read them."""

import csv
import io
import json
from typing import Any, Literal

from ..tables import lay_out
from .rows import Answer

Form = Literal["table", "json", "csv"]
# Characters of a cell of a table
WIDEST = 60


def show(answer: Answer, form: Form) -> str:
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
    columns = zip(*answer.rows, strict=True)
    aligns = ["r" if all(isinstance(x, (int, float)) for x in column) else "l" for column in columns]
    return lay_out(rows, answer.columns, "".join(aligns) or "l")


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
