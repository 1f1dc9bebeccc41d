"""Rows of answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional, TypeVar

from sqlalchemy import Connection, Select, func, select

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
    total (Optional[int]): How many there are on all pages; None where they are not counted.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]
    total: Optional[int] = None


def read_page(connection: Connection, columns: list[str], query: Select[Any], page: Page) -> Answer:
    """Read a page of what a query finds, and count the rest.

    connection (Connection): The database.
    columns (List[str]): What the query's columns are called.
    query (Select[Any]): The query for all rows.
    page (Page): Which of them.
    RETURNS (Answer): The rows.
    """
    rows = [tuple(row) for row in connection.execute(page.cut(query))]
    if 0 < len(rows) < page.limit:
        return Answer(columns, rows, page.offset + len(rows))
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    return Answer(columns, rows, connection.execute(counted).scalar_one())
