"""Finding passages by their characters."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Optional

from sqlalchemy import Connection, exists, select
from sqlalchemy.sql.elements import ColumnElement

from ..errors import KnowledgeError
from .database import Database
from .grams import forms, needed, normalize
from .rows import AROUND, FIRST, Page, chunks
from .schema import document, text

# Texts that are read at once
BATCH = 200
LONGEST_TERM = 1000


@dataclass(frozen=True)
class Passage:
    """A text that has all terms.

    collection, document (str): What it belongs to, and its name.
    patient, date (Optional[str]): Whose it is, and of when.
    offsets (List[Tuple[int, int]]): Where the terms stand in the document, in its characters.
    passage (str): What stands around the first of them.
    start (int): Where the passage begins in the document.
    """

    collection: str
    document: str
    patient: Optional[str]
    date: Optional[str]
    offsets: list[tuple[int, int]]
    passage: str
    start: int


def check_terms(terms: Sequence[str]) -> list[str]:
    """Refuse what can't be searched.

    terms (Sequence[str]): What was asked for.
    RETURNS (List[str]): Each term once.
    RAISES (KnowledgeError): If there is no term, or one is empty or longer than any name.
    """
    if not terms or not all(term.strip() for term in terms):
        raise KnowledgeError("A term is empty. Give what is to be found, of one character or more.")
    if (longest := max(map(len, terms))) > LONGEST_TERM:
        raise KnowledgeError(f"A term has {longest:,} characters, and {LONGEST_TERM:,} are the most.")
    return list(dict.fromkeys(terms))


def search(
    database: Database,
    terms: Sequence[str],
    *,
    of: Sequence[ColumnElement[bool]] = (),
    few: bool = False,
    page: Page = FIRST,
) -> list[Passage]:
    """Find the texts that have all terms, each of one character or more, wherever they stand.

    database (Database): The knowledge base.
    terms (Sequence[str]): The terms. Upper and lower case are the same, and so are Unicode's composed and
        decomposed forms of a term.
    of (Sequence[ColumnElement[bool]]): Conditions of the documents that are searched.
    few (bool): Whether these are so few, a patient's, say, that all of them can be read.
    page (Page): Which of them.
    RETURNS (List[Passage]): What was found, in the order in which texts came in.
    RAISES (KnowledgeError): If a term is empty or too long.
    """
    wanted = [forms(term) for term in check_terms(terms)]
    with database.reading() as connection:
        texts = _read_all(connection, of) if few else _look_up(database, connection, wanted, of, page.end)
        having = (row for row in texts if _has(row.body, wanted))
        found = list(islice(having, page.offset, page.end))
        known = _whose(connection, [row.id for row in found])
    return [_to_passage(row, known.get(row.id, (None, None)), wanted) for row in found]


def _has(body: str, wanted: Sequence[Sequence[str]]) -> bool:
    body = normalize(body)
    return all(any(form in body for form in term) for term in wanted)


def _read_all(connection: Connection, of: Sequence[ColumnElement[bool]]) -> Iterable[Any]:
    """The texts of some documents."""
    own = select(document.c.text).where(*of)
    return connection.execute(select(text).where(text.c.id.in_(own)).order_by(text.c.id))


def _look_up(
    database: Database,
    connection: Connection,
    wanted: Sequence[Sequence[str]],
    of: Sequence[ColumnElement[bool]],
    most: int,
) -> Iterator[Any]:
    """The texts of some documents that may have all terms."""
    words = [[needed(form) for form in term] for term in wanted]
    own, last, size = exists().where(document.c.text == text.c.id, *of), 0, min(BATCH, max(most, 1))
    while ids := database.grams.find(connection, words, last, size):
        yield from connection.execute(select(text).where(text.c.id.in_(ids), own).order_by(text.c.id))
        last, size = ids[-1], BATCH


def _whose(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[Optional[str], Optional[str]]]:
    """The patients and dates of texts, as they were read last."""
    known = {}
    for own in chunks(ids):
        query = select(document.c.text, document.c.patient, document.c.date)
        for id_, *row in connection.execute(query.where(document.c.text.in_(own)).order_by(document.c.id)):
            known[id_] = tuple(row)
    return known


def _to_passage(
    row: Any, whose: tuple[Optional[str], Optional[str]], wanted: Sequence[Sequence[str]]
) -> Passage:
    offsets = sorted({place for term in wanted for form in term for place in find_places(row.body, form)})
    first, end = offsets[0]
    start = max(0, first - AROUND)
    return Passage(row.collection, row.name, *whose, offsets, row.body[start : end + AROUND], start)


def find_places(body: str, term: str) -> Iterator[tuple[int, int]]:
    """Where a term stands in a text, also where it overlaps itself.

    body (str): The text.
    term (str): The term.
    YIELDS (Tuple[int, int]): Its first character, and the one after its last.
    """
    normal, term = normalize(body), normalize(term)
    start = normal.find(term)
    while start >= 0:
        yield start, start + len(term)
        start = normal.find(term, start + 1)
