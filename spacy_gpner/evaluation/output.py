"""Where an evaluation is written."""

import json
from pathlib import Path

from ..files import atomic_write, check_writable
from .page import render_evaluation
from .result import Evaluation

FILES = ("metrics.json", "report.html")


def check_directory(output: Path) -> None:
    """See to it, before there is anything to write, that an evaluation can be written to a directory.

    output (Path): The directory, which need not exist.
    RAISES (OSError): If it is something else, a pipeline, or can't be written to.
    """
    check_writable(output)
    if (output / "config.cfg").exists():
        raise FileExistsError(f"Can't write to {output}: it is a pipeline. Give another directory.")
    for name in FILES:
        if (output / name).is_dir():
            raise IsADirectoryError(f"Can't write {output / name}: it is a directory. Give another output.")


def write_evaluation(evaluation: Evaluation, output: Path, *, limit: int) -> None:
    """Write `metrics.json` and `report.html`.

    evaluation (Evaluation): The evaluation.
    output (Path): The directory.
    limit (int): How many documents the page shows at most; 0 for all.
    RAISES (OSError): If they can't be written.
    """
    numbers = json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2) + "\n"
    for name, content in zip(FILES, (numbers, render_evaluation(evaluation, limit)), strict=True):
        with atomic_write(output / name) as temporary:
            # Names of models and corpora may hold bytes that are no UTF-8
            temporary.write_text(content, encoding="utf-8", errors="backslashreplace")
