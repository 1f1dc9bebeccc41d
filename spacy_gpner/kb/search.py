"""Finding passages by their characters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from sqlalchemy import Connection, exists, select
from sqlalchemy.sql.elements import ColumnElement

from ..errors import KnowledgeError
from .database import Database
from .grams import needed, normalize
from .rows import AROUND, FIRST, Page
from .schema import document, text

# Texts that are read at once
BATCH = 200
LONGEST_TERM = 1000


@dataclass(frozen=True)
class Passage:
    """A text that has all terms.

    collection, document (str): What it belongs to, and its name.
    offsets (List[Tuple[int, int]]): Where the terms stand in the document, in its characters.
    passage (str): What stands around the first of them.
    start (int): Where the passage begins in the document.
    """

    collection: str
    document: str
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
    collection: Optional[str] = None,
    patient: Optional[str] = None,
    annotator: Optional[str] = None,
    page: Page = FIRST,
) -> list[Passage]:
    """Find the texts that have all terms, each of one character or more, wherever they stand.

    database (Database): The knowledge base.
    terms (Sequence[str]): The terms. Upper and lower case are the same.
    collection, patient (Optional[str]): Search their documents alone.
    annotator (Optional[str]): Search what this one has read, as it has read it; None for all.
    page (Page): Which of them.
    RETURNS (List[Passage]): What was found, in the order in which texts came in.
    RAISES (KnowledgeError): If a term is empty or too long.
    """
    terms, found = check_terms(terms), list[Passage]()
    reader = [document.c.text == text.c.id]
    if patient is not None:
        reader.append(document.c.patient == patient)
    if annotator is not None:
        reader.append(document.c.annotator == annotator)
    read = exists().where(*reader)
    with database.reading() as connection:
        for row in _texts_with(database, connection, terms, collection, read, page.end):
            found.append(_to_passage(row, terms))
            if len(found) == page.end:
                break
    return found[page.offset :]


def _texts_with(
    database: Database,
    connection: Connection,
    terms: Sequence[str],
    collection: Optional[str],
    read: ColumnElement[bool],
    wanted: int,
) -> Iterator[Any]:
    words = sorted({word for term in terms for word in needed(term)})
    normal, last = [normalize(term) for term in terms], 0
    size = min(BATCH, max(wanted, 1))
    while ids := database.grams.find(connection, words, last, size):
        query = select(text).where(text.c.id.in_(ids), read)
        if collection is not None:
            query = query.where(text.c.collection == collection)
        for row in connection.execute(query.order_by(text.c.id)):
            body = normalize(row.body)
            if all(term in body for term in normal):
                yield row
        last = ids[-1]
        size = BATCH


def _to_passage(row: Any, terms: Sequence[str]) -> Passage:
    offsets = sorted({place for term in terms for place in find_places(row.body, term)})
    first, end = offsets[0]
    start = max(0, first - AROUND)
    return Passage(row.collection, row.name, offsets, row.body[start : end + AROUND], start)


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
