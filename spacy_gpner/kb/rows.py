"""Rows of answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select

T = TypeVar("T")

# Values that a query names at once
MOST = 500
# Characters of a passage before and after what was found
AROUND = 30


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut values into parts that a query can name.

    values (Sequence[T]): The values.
    YIELDS (Sequence[T]): A part.
    """
    for start in range(0, len(values), MOST):
        yield values[start : start + MOST]


@dataclass(frozen=True)
class Page:
    """A part of an answer.

    limit (int): How many rows it has at most.
    offset (int): How many come before.
    """

    limit: int = 20
    offset: int = 0

    @property
    def end(self) -> int:
        """How many rows there are to its end."""
        return self.offset + self.limit

    def cut(self, query: Select[Any]) -> Select[Any]:
        """The query for its rows alone."""
        return query.limit(self.limit).offset(self.offset)

    @property
    def and_next(self) -> "Page":
        """The same with one row more, which tells whether there are others."""
        return Page(self.limit + 1, self.offset)


FIRST = Page()


@dataclass(frozen=True)
class Answer:
    """A table.

    columns (List[str]): What its columns are called.
    rows (List[Tuple[Any, ...]]): Its rows.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]
