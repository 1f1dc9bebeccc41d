"""CCKS 2019, task 1 (Yidu-S4K): JSON lines, ends exclusive, no entity text."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .json_records import from_objects, read_records
from .records import Record, Report
from .text import read_json_lines


def read_ccks2019(path: Path, report: Report) -> Iterator[Record]:
    """Read lines of `{"originalText", "entities": [{"label_type", "start_pos", "end_pos"}]}`.
    A record without entities is unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): The records.
    RAISES (CorpusError): If the file can't be read.
    """
    return read_records(
        read_json_lines(path, report),
        report,
        text_key="originalText",
        entities_key="entities",
        container=list,
        ends="exclusive",
        flatten=partial(from_objects, keys=("start_pos", "end_pos", "label_type")),
    )


def is_ccks2019(value: Any) -> bool:
    """Tell whether a JSON value is a record of this format.

    value (Any): The value.
    RETURNS (bool): Whether it is.
    """
    return isinstance(value, dict) and "originalText" in value
