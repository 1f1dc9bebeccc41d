"""What pages show of a knowledge base: concepts, and texts with their entities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from markupsafe import Markup
from sqlalchemy import Connection, and_, false, or_, select

from ...drawing.boxes import Box, draw_text, label_colors, show
from ...entities import Entity
from ..rows import AROUND, Page
from ..schema import concept, document, mention, text
from ..scope import Scope
from ..search import Passage

# Characters of a document that a page shows, and how far a passage grows for what crosses its edges
PART = 4000
FARTHEST = 200
DOCUMENT = (
    *(document.c.id, document.c.name, document.c.collection, document.c.patient, document.c.date),
    text.c.body,
)


@dataclass(frozen=True)
class Told:
    """A passage.

    document (int): The id of its document.
    name, collection (str): The document's name and collection.
    patient, date (Optional[str]): Its patient and date.
    start (int): Where the passage begins in it.
    body (Markup): The passage, with its entities drawn.
    """

    document: int
    name: str
    collection: str
    patient: Optional[str]
    date: Optional[str]
    start: int
    body: Markup


def get_colors(connection: Connection) -> dict[str, str]:
    """The color of each label that there is.

    connection (Connection): The database.
    RETURNS (Dict[str, str]): The colors.
    """
    return label_colors(
        list(connection.execute(select(concept.c.label).distinct().order_by("label")).scalars())
    )


def tell_concepts(
    connection: Connection, scope: Scope, ids: Sequence[int], page: Page, colors: dict[str, str]
) -> list[Told]:
    """The passages where one of some concepts is told.

    connection (Connection): The database.
    scope (Scope): Whose readings, and of which documents.
    ids (Sequence[int]): The concepts.
    page (Page): Which of them.
    colors (Dict[str, str]): The color of each label.
    RETURNS (List[Told]): The passages, by collection, document and place.
    """
    query = page.cut(
        select(*DOCUMENT, mention.c.start, mention.c.end, mention.c.text.label("said"))
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .outerjoin(text, text.c.id == document.c.text)
        .where(scope.documents, *scope.mentions(), mention.c.concept.in_(ids))
        .order_by(document.c.collection, document.c.name, mention.c.start, mention.c.end)
    )
    rows = list(connection.execute(query))
    return _tell(connection, rows, [(row.start - AROUND, row.end + AROUND) for row in rows], colors)


def tell_passages(
    connection: Connection, scope: Scope, found: Sequence[Passage], colors: dict[str, str]
) -> list[Told]:
    """Passages that were found by their characters, with what was read there.

    connection (Connection): The database.
    scope (Scope): Whose readings.
    found (Sequence[Passage]): The passages, of documents that were read.
    colors (Dict[str, str]): The color of each label.
    RETURNS (List[Told]): The same, drawn.
    """
    named = [and_(document.c.collection == own.collection, document.c.name == own.document) for own in found]
    query = select(*DOCUMENT).join(text, text.c.id == document.c.text)
    query = query.where(scope.readings, or_(false(), *named))
    read = {(row.collection, row.name): row for row in connection.execute(query)}
    return _tell(
        connection,
        [read[own.collection, own.document] for own in found],
        [(own.start, own.start + len(own.passage)) for own in found],
        colors,
    )


def tell_document(
    connection: Connection, document_id: int, start: int, colors: dict[str, str]
) -> tuple[Any, Optional[Told]]:
    """A part of a document.

    connection (Connection): The database.
    document_id (int): The document.
    start (int): Where the part begins.
    colors (Dict[str, str]): The color of each label.
    RETURNS (Tuple[Any, Optional[Told]]): The document's row, None if there is none, and the part, None where
        its text was not carried along.
    """
    also = (document.c.columns, document.c.length)
    query = select(*DOCUMENT, *also).outerjoin(text, text.c.id == document.c.text)
    row = connection.execute(query.where(document.c.id == document_id)).one_or_none()
    if row is None or row.body is None:
        return row, None
    return row, _tell(connection, [row], [(start, start + PART)], colors)[0]


def _tell(
    connection: Connection,
    rows: Sequence[Any],
    places: Sequence[tuple[int, int]],
    colors: dict[str, str],
) -> list[Told]:
    return [_draw(connection, row, *place, colors) for row, place in zip(rows, places, strict=True)]


def _draw(connection: Connection, row: Any, start: int, end: int, colors: dict[str, str]) -> Told:
    if row.body is None:
        said = Markup(show(row.said))
        return Told(row.id, row.name, row.collection, row.patient, row.date, row.start, said)
    start, end = max(0, start), min(len(row.body), end)
    reaching = [box.entity for box in _read_boxes(connection, row.id, start, end)]
    start = min([start, *(entity.start for entity in reaching)])
    end = max([end, *(entity.end for entity in reaching)])
    boxes = _read_boxes(connection, row.id, start, end, whole=True)
    shifted = [
        replace(box, entity=Entity(box.entity.start - start, box.entity.end - start, box.entity.label))
        for box in boxes
    ]
    drawn = draw_text(row.body[start:end], shifted, colors)
    return Told(row.id, row.name, row.collection, row.patient, row.date, start, drawn)


def _read_boxes(
    connection: Connection, document_id: int, start: int, end: int, *, whole: bool = False
) -> list[Box]:
    """The entities that reach into a passage, of those that do not reach far out of it; or those that lie
    wholly in it."""
    first, last = (start, end) if whole else (start - FARTHEST, end + FARTHEST)
    wanted = [mention.c.start >= first, mention.c.end <= last, mention.c.start < end, mention.c.end > start]
    query = (
        select(mention.c.start, mention.c.end, concept.c.label, mention.c.probability, mention.c.assertion)
        .join(concept, concept.c.id == mention.c.concept)
        .where(mention.c.document == document_id, *wanted)
        .order_by(mention.c.number)
    )
    return [
        Box(
            Entity(row.start, row.end, row.label),
            () if row.probability is None else (row.probability,),
            [] if row.assertion in (None, "affirmed") else [(word, ()) for word in row.assertion.split(",")],
        )
        for row in connection.execute(query)
    ]
