"""Queries about types, as a user gives them."""

from collections.abc import Mapping
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
    RAISES (PipelineError): If a query of the file is empty, or it holds something else.
    RAISES (OSError): If it can't be read.
    """
    if given is None or isinstance(given, dict):
        return given
    path = Path(given)
    if not path.is_file():
        raise PipelineError(f"There is no file of queries {path}. {REMEDY}")
    try:
        read = srsly.read_json(path) if path.suffix == ".json" else srsly.read_yaml(path)
    except OSError:
        raise
    except Exception as err:
        raise PipelineError(
            f"{path} is no YAML or JSON of queries ({type(err).__name__}). {REMEDY}"
        ) from None
    if not isinstance(read, dict):
        raise PipelineError(f"{path} holds no queries by label. {REMEDY}")
    _check(read, str(path))
    return dict(read)


def _check(queries: Mapping[Any, Any], where: str) -> None:
    for label, query in queries.items():
        if not isinstance(label, str):
            raise PipelineError(f"{where}: a key is of type {type(label).__name__}, and no label. {REMEDY}")
        if not isinstance(query, str) or not query.strip() or not is_unicode(query):
            raise PipelineError(f"{where}: the query of '{show_label(label)}' is empty, or no text. {REMEDY}")
