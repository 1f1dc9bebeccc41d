"""Queries about types, as a user gives them."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import srsly

from ..entities import is_unicode, show_label
from ..errors import PipelineError

# In a config: the queries by label, a file of them, or nothing
Given = Union[dict[str, str], str, None]
REMEDY = "Give a query for each label, as in `dis: …`."


def check_queries(given: Any) -> None:
    """Refuse what can't be queries.

    given (Union[Dict[str, str], str, None]): The queries by label, or the path of a file, or None.
    RAISES (ValueError): If it is something else, or a query is empty.
    """
    if given is None or (isinstance(given, str) and given):
        return
    if given == "":
        raise ValueError(
            "Invalid queries: an empty path. Give that of a file, or null for the labels' names."
        )
    if not isinstance(given, dict):
        raise ValueError(
            f"Invalid queries: {type(given).__name__}. Expected queries by label, or the path of a file."
        )
    _check(given, "Invalid queries")


def read_queries(given: Given) -> Optional[dict[str, str]]:
    """Read queries.

    given (Union[Dict[str, str], str, None]): The queries by label, or the path of a YAML or JSON file.
    RETURNS (Optional[Dict[str, str]]): The queries by label; None if none are given.
    RAISES (PipelineError): If a query of the file is empty or given twice, or it holds something else.
    RAISES (OSError): If it can't be read.
    """
    if given is None or isinstance(given, dict):
        return given
    path = Path(given)
    if not path.is_file():
        raise PipelineError(f"There is no file of queries {path}. {REMEDY}")
    read = _parse(path)
    if not isinstance(read, dict):
        raise PipelineError(f"{path} holds no queries by label. {REMEDY}")
    _check(read, str(path))
    return dict(read)


def _parse(path: Path) -> Any:
    """What a file of queries holds. The parsers' errors quote it, and it may be another one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise PipelineError(f"{path} is not text in UTF-8. Save it in UTF-8.") from None
    try:
        return json.loads(text, object_pairs_hook=_once) if path.suffix == ".json" else srsly.yaml_loads(text)
    except (ValueError, RecursionError) as err:
        lines = re.findall(r"line (\d+)", str(err))
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        if isinstance(err, _TwiceError) or "found duplicate key" in str(err):
            raise PipelineError(f"{where}: a label is given twice. Leave one query for each.") from None
    raise PipelineError(f"{where}: no YAML or JSON of queries. {REMEDY}")


class _TwiceError(ValueError):
    """A key stands in an object twice."""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(own := dict(pairs)) < len(pairs):
        raise _TwiceError
    return own


def _check(queries: Mapping[Any, Any], where: str) -> None:
    for label, query in queries.items():
        if not isinstance(label, str):
            raise PipelineError(f"{where}: a key is of type {type(label).__name__}, and no label. {REMEDY}")
        if not isinstance(query, str) or not query.strip() or not is_unicode(query):
            raise PipelineError(f"{where}: the query of '{show_label(label)}' is empty, or no text. {REMEDY}")
