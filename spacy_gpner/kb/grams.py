"""Finding every text that has some characters, of one character or more.

Full-text indexes cut texts in words, which Chinese does not show; those of three characters find none of
two. So the words here are all characters of a text and all pairs of neighbours: a term's are all in each text
that has it, and whether a text that has them has the term is seen by reading it.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import Text


def normalize(body: str) -> str:
    """A text as it is searched: upper and lower case are the same. No character becomes several.

    body (str): The text.
    RETURNS (str): The text, of the same length.
    """
    lower = body.lower()
    # The small form of a capital sigma depends on what stands around it
    if len(lower) == len(body) and "\u03a3" not in body:
        return lower
    return "".join(x.lower() if len(x.lower()) == 1 else x for x in body)


def forms(term: str) -> list[str]:
    """How a term may stand in a text as it is searched: as it is written, and in Unicode's composed and
    decomposed forms, where an accented letter is one character or two.

    term (str): The term.
    RETURNS (List[str]): Each form once.
    """
    written = [term, *(unicodedata.normalize(form, term) for form in ("NFC", "NFD"))]
    return list(dict.fromkeys(map(normalize, written)))


def tokens(body: str) -> set[str]:
    """The characters of a text, and its pairs of neighbours, as words of ASCII.

    body (str): The text.
    RETURNS (Set[str]): The words.
    """
    codes = [f"{ord(x):x}" for x in normalize(body)]
    return {*codes, *(f"{a}z{b}" for a, b in pairwise(codes))}


def needed(term: str) -> list[str]:
    """The words that a text with a term has: its pairs, or the one character that it is.

    term (str): The term, of one character or more.
    RETURNS (List[str]): The words.
    """
    codes = [f"{ord(x):x}" for x in normalize(term)]
    pairs = {f"{a}z{b}" for a, b in pairwise(codes)}
    return sorted(pairs) or codes


# For each term the words of each of its forms, of which a text has to have all of one
Wanted = Sequence[Sequence[Sequence[str]]]


class Grams(Protocol):
    """An index of texts by their characters."""

    def make(self, connection: Connection) -> None:
        """Make the index."""

    def add(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        """Add texts by their ids."""

    def remove(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        """Remove texts, which are told as they were added."""

    def tidy(self, connection: Connection) -> None:
        """Leave nothing of what was removed."""

    def find(self, connection: Connection, wanted: Wanted, after: int, limit: int) -> list[int]:
        """The ids of texts that have all that is wanted: the first ones after an id, in their order."""


class SqliteGrams:
    """SQLite's FTS5, which keeps no text and no places of words."""

    def make(self, connection: Connection) -> None:
        connection.execute(
            text(
                "CREATE VIRTUAL TABLE gram "
                "USING fts5 (words, content = '', detail = none, tokenize = 'ascii')"
            )
        )

    def add(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        rows = [{"id": id_, "words": " ".join(sorted(tokens(body)))} for id_, body in bodies.items()]
        if rows:
            connection.execute(text("INSERT INTO gram (rowid, words) VALUES (:id, :words)"), rows)

    def remove(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        rows = [{"id": id_, "words": " ".join(sorted(tokens(body)))} for id_, body in bodies.items()]
        if rows:
            connection.execute(
                text("INSERT INTO gram (gram, rowid, words) VALUES ('delete', :id, :words)"), rows
            )

    def tidy(self, connection: Connection) -> None:
        connection.execute(text("INSERT INTO gram (gram) VALUES ('optimize')"))

    def find(self, connection: Connection, wanted: Wanted, after: int, limit: int) -> list[int]:
        any_form = (" OR ".join(f"({' AND '.join(words)})" for words in term) for term in wanted)
        query = text(
            "SELECT rowid FROM gram WHERE gram MATCH :query AND rowid > :after ORDER BY rowid LIMIT :limit"
        )
        given = {"query": " AND ".join(f"({term})" for term in any_form), "after": after, "limit": limit}
        return list(connection.execute(query, given).scalars())


class PostgresGrams:
    """An inverted index of arrays of words."""

    table = Table(
        "gram",
        MetaData(),
        Column("text", Integer, primary_key=True, autoincrement=False),
        Column("words", ARRAY(Text), nullable=False),
    )

    def make(self, connection: Connection) -> None:
        self.table.create(connection)
        connection.execute(text("CREATE INDEX gram_words ON gram USING gin (words)"))

    def add(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        rows = [{"text": id_, "words": sorted(tokens(body))} for id_, body in bodies.items()]
        if rows:
            connection.execute(insert(self.table), rows)

    def remove(self, connection: Connection, bodies: Mapping[int, str]) -> None:
        if bodies:
            connection.execute(delete(self.table).where(self.table.c.text.in_(list(bodies))))

    def tidy(self, connection: Connection) -> None:
        """Its rows are gone when the server's vacuum comes by."""

    def find(self, connection: Connection, wanted: Wanted, after: int, limit: int) -> list[int]:
        has = and_(*(or_(*map(self._has, term)) for term in wanted))
        query = select(self.table.c.text).where(has, self.table.c.text > after)
        return list(connection.execute(query.order_by(self.table.c.text).limit(limit)).scalars())

    def _has(self, words: Sequence[str]) -> ColumnElement[bool]:
        return self.table.c.words.contains(bindparam(None, list(words), type_=ARRAY(Text)))


def grams_of(dialect: str) -> Grams:
    """The index of a kind of database.

    dialect (str): "sqlite" or "postgresql".
    RETURNS (Grams): The index.
    """
    return SqliteGrams() if dialect == "sqlite" else PostgresGrams()
