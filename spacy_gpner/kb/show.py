"""Answers as people and programs read them."""

import csv
import io
import json
from typing import Any, Literal, get_args

from wasabi import table

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
    aligns: list[Literal["r", "c", "l"]] = ["r" if own and answer.rows else "l" for own in numbers]
    return str(table(rows, header=answer.columns, divider=True, aligns=aligns)).strip("\n")


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
