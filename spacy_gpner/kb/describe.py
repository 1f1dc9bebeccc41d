"""What a row of `annotate` says, as a knowledge base keeps it."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Optional

from .surface import to_surface

AFFIRMED = (None, "affirmed")


def identify_annotator(record: dict[str, Any]) -> str:
    """What tells a model, with what changes its readings, from others.

    record (Dict[str, Any]): A run's record.
    RETURNS (str): Twelve hexadecimal digits.
    """
    content = json.dumps([record["model"]["digest"], record["settings"]["clean"]])
    return hashlib.blake2b(content.encode(), digest_size=6).hexdigest()


def describe_mention(id_: int, row: dict[str, Any], concepts: dict[tuple[str, str], int]) -> dict[str, Any]:
    """A mention as it is kept.

    id_ (int): Its document.
    row (Dict[str, Any]): What `annotate` wrote.
    concepts (Dict[Tuple[str, str], int]): Concepts by label and usual form.
    RETURNS (Dict[str, Any]): The row.
    """
    same = ("start", "end", "text", "probability", "depth", "parent", "assertion")
    return {
        **{"document": id_, "number": row["mention"]},
        **{name: row[name] for name in same},
        "affirmed": row["assertion"] in AFFIRMED,
        "concept": concepts[row["label"], to_surface(row["text"])],
    }


def find_containment(rows: Iterable[dict[str, Any]]) -> list[tuple[int, int]]:
    """Which of a document's mentions lie in which others, of other boundaries.

    rows (Iterable[Dict[str, Any]]): The mentions, by start, longer ones first.
    RETURNS (List[Tuple[int, int]]): The numbers of the outer and the inner one.
    """
    found, open_ = [], list[dict[str, Any]]()
    for row in rows:
        open_ = [other for other in open_ if other["end"] > row["start"]]
        found += [
            (other["mention"], row["mention"])
            for other in open_
            if other["end"] >= row["end"] and (other["start"], other["end"]) != (row["start"], row["end"])
        ]
        open_.append(row)
    return found


def to_date(value: str) -> Optional[str]:
    """A date, or a time, as it is sorted.

    value (str): What is written, as ISO 8601 does.
    RETURNS (Optional[str]): Year, month and day with hyphens, and the time if there is one; None if it is
        neither.
    """
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(value).isoformat()
        except ValueError:
            pass
    return None


def digest_text(body: str) -> str:
    """What tells a text from others.

    body (str): The text.
    RETURNS (str): 32 hexadecimal digits.
    """
    return hashlib.blake2b(body.encode(), digest_size=16).hexdigest()
