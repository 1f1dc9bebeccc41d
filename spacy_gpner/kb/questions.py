"""What a knowledge base is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from scipy.stats import false_discovery_control, hypergeom
from sqlalchemy import Connection, Select, and_, distinct, func, select
from sqlalchemy.sql.elements import ColumnElement

from ..entities import show_label
from ..errors import KnowledgeError
from .build import to_surface
from .database import Database
from .rows import AROUND, FIRST, Answer, Page, chunks
from .schema import concept, containment, document, mention, text


@dataclass(frozen=True)
class Scope:
    """What is asked about.

    annotator (str): Whose readings.
    collection, patient (Optional[str]): The documents; None for all.
    where (Tuple[Tuple[str, str], ...]): Columns that were carried along, and what they have to say.
    affirmed (bool): Whether only of mentions that are there, now, and the patient's.
    """

    annotator: str
    collection: Optional[str] = None
    patient: Optional[str] = None
    where: tuple[tuple[str, str], ...] = ()
    affirmed: bool = True

    @property
    def documents(self) -> ColumnElement[bool]:
        """Which documents."""
        wanted = [document.c.annotator == self.annotator]
        if self.collection is not None:
            wanted.append(document.c.collection == self.collection)
        if self.patient is not None:
            wanted.append(document.c.patient == self.patient)
        wanted += [document.c.columns[name].as_string() == value for name, value in self.where]
        return and_(*wanted)

    def mentions(self, table: Any = mention) -> list[ColumnElement[bool]]:
        """Which mentions of them."""
        return [table.c.affirmed] if self.affirmed else []


def find_concepts(connection: Connection, term: str, labels: Sequence[str]) -> list[int]:
    """The concepts that a term names, of one type or of all.

    connection (Connection): The database.
    term (str): The term, in any of its forms.
    labels (Sequence[str]): Their types; none for all.
    RETURNS (List[int]): Their ids.
    RAISES (KnowledgeError): If there is none.
    """
    query = select(concept.c.id).where(concept.c.surface == to_surface(term), *_of_type(concept, labels))
    ids = list(connection.execute(query).scalars())
    if not ids:
        raise KnowledgeError(
            "Nothing is called so in the knowledge base"
            + (f" under {' or '.join(map(show_label, labels))}" if labels else "")
            + ". `spacy gpner kb search` finds passages by any characters."
        )
    return ids


def _of_type(table: Any, labels: Sequence[str]) -> list[ColumnElement[bool]]:
    return [table.c.label.in_(labels)] if labels else []


def _is_concept(
    connection: Connection, table: Any, term: Optional[str], labels: Sequence[str]
) -> list[ColumnElement[bool]]:
    if term is None:
        return _of_type(table, labels)
    return [table.c.id.in_(find_concepts(connection, term, labels))]


def cooccurring(
    database: Database,
    scope: Scope,
    term: str,
    *,
    labels: Sequence[str] = (),
    of: Sequence[str] = (),
    page: Page = FIRST,
) -> Answer:
    """What is told in the same documents as a concept: how often, how much more often than by chance
    (lift), and whether that can be chance: Fisher's exact test, one-sided, over all that co-occurs at least
    once, as the false discovery rate (Benjamini and Hochberg, 1995).

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    term (str): The concept.
    labels, of (Sequence[str]): Its types, and those of the others; none for all.
    page (Page): Which rows.
    RETURNS (Answer): By q, then by lift.
    """
    with database.reading() as connection:
        own = find_concepts(connection, term, labels)
        n = connection.execute(select(func.count()).select_from(document).where(scope.documents)).scalar_one()
        holders = _documents_of(scope, mention.c.concept.in_(own)).subquery()
        n_own = connection.execute(select(func.count()).select_from(holders)).scalar_one()
        both = (
            select(mention.c.concept, func.count(distinct(mention.c.document)).label("n"))
            .join(holders, holders.c.document == mention.c.document)
            .where(~mention.c.concept.in_(own), *scope.mentions())
            .group_by(mention.c.concept)
        ).subquery()
        query = select(concept.c.id, concept.c.label, concept.c.surface, both.c.n)
        query = query.join(both, both.c.concept == concept.c.id).where(*_of_type(concept, of))
        found = connection.execute(query).all()
        totals = _count_documents(connection, scope, [row.id for row in found])
    if not found:
        return Answer(COOCCURRENCE, [])
    counts = [totals[row.id] for row in found]
    p = hypergeom.sf([row.n - 1 for row in found], n, n_own, counts)
    q = false_discovery_control(p)
    rows = [
        (row.surface, row.label, row.n, total, n_own, n, row.n * n / (total * n_own), float(own_q))
        for row, total, own_q in zip(found, counts, q, strict=True)
    ]
    rows.sort(key=lambda row: (row[7], -row[6], -row[2], row[0], row[1]))
    return Answer(COOCCURRENCE, rows[page.offset : page.end])


COOCCURRENCE = ["concept", "label", "both", "its documents", "the term's", "all", "lift", "q"]


def _documents_of(scope: Scope, *wanted: ColumnElement[bool]) -> Select[Any]:
    return (
        select(mention.c.document)
        .join(document, document.c.id == mention.c.document)
        .where(scope.documents, *wanted, *scope.mentions())
        .distinct()
    )


def _count_documents(connection: Connection, scope: Scope, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for own in chunks(ids):
        query = (
            select(mention.c.concept, func.count(distinct(mention.c.document)))
            .join(document, document.c.id == mention.c.document)
            .where(scope.documents, mention.c.concept.in_(own), *scope.mentions())
            .group_by(mention.c.concept)
        )
        counts.update((id_, n) for id_, n in connection.execute(query))
    return counts


def inside(
    database: Database,
    scope: Scope,
    *,
    inner: Optional[str] = None,
    inner_labels: Sequence[str] = (),
    outer: Optional[str] = None,
    outer_labels: Sequence[str] = (),
    page: Page = FIRST,
) -> Answer:
    """What lies in what: body parts in symptoms, or symptoms over a body part.

    database (Database): The knowledge base.
    scope (Scope): What is asked about. Of negated symptoms the body parts are negated too.
    inner, outer (Optional[str]): A concept; None for all.
    inner_labels, outer_labels (Sequence[str]): Their types; none for all.
    page (Page): Which rows.
    RETURNS (Answer): By the number of mentions.
    """
    within, around = mention.alias("within"), mention.alias("around")
    small, large = concept.alias("small"), concept.alias("large")
    n = func.count()
    query = (
        select(
            small.c.surface,
            small.c.label,
            large.c.surface,
            large.c.label,
            n,
            func.count(distinct(document.c.id)),
        )
        .select_from(containment)
        .join(document, document.c.id == containment.c.document)
        .join(within, _is_mention(within, containment.c.inner))
        .join(around, _is_mention(around, containment.c.outer))
        .join(small, small.c.id == within.c.concept)
        .join(large, large.c.id == around.c.concept)
        .where(scope.documents, *scope.mentions(within), *scope.mentions(around))
        .group_by(small.c.id, large.c.id, small.c.surface, small.c.label, large.c.surface, large.c.label)
        .order_by(n.desc(), small.c.surface, small.c.label, large.c.surface, large.c.label)
        .limit(page.limit)
        .offset(page.offset)
    )
    with database.reading() as connection:
        for table, term, labels in ((small, inner, inner_labels), (large, outer, outer_labels)):
            query = query.where(*_is_concept(connection, table, term, labels))
        rows = connection.execute(query).all()
    return Answer(["inner", "label", "outer", "its label", "mentions", "documents"], [tuple(x) for x in rows])


def _is_mention(table: Any, number: Any) -> ColumnElement[bool]:
    return and_(table.c.document == containment.c.document, table.c.number == number)


def timeline(
    database: Database, scope: Scope, term: Optional[str], *, labels: Sequence[str] = (), page: Page = FIRST
) -> Answer:
    """What was found when, in documents with a date.

    database (Database): The knowledge base.
    scope (Scope): A patient, or what carried columns have to say.
    term (Optional[str]): A concept; None for all.
    labels (Sequence[str]): Types; none for all.
    page (Page): Which rows.
    RETURNS (Answer): By date, then by document, a row for each concept of a document.
    """
    n = func.count()
    shown = (document.c.date, document.c.collection, document.c.name, concept.c.surface, concept.c.label)
    query = (
        select(*shown, mention.c.assertion, n)
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .join(concept, concept.c.id == mention.c.concept)
        .where(scope.documents, document.c.date.is_not(None), *scope.mentions())
        .group_by(*shown, mention.c.assertion)
        .order_by(*shown, mention.c.assertion)
        .limit(page.limit)
        .offset(page.offset)
    )
    with database.reading() as connection:
        rows = connection.execute(query.where(*_is_concept(connection, concept, term, labels))).all()
    columns = ["date", "collection", "document", "concept", "label", "assertion", "mentions"]
    return Answer(columns, [tuple(x) for x in rows])


def mentioned(
    database: Database, scope: Scope, term: str, *, labels: Sequence[str] = (), page: Page = FIRST
) -> Answer:
    """Where a concept is told, and what stands around it where the text is kept.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    term (str): The concept.
    labels (Sequence[str]): Its types; none for all.
    page (Page): Which rows.
    RETURNS (Answer): By collection, document and place.
    """
    shown = (document.c.collection, document.c.name, document.c.date, mention.c.start, mention.c.end)
    also = (concept.c.label, mention.c.probability, mention.c.assertion, text.c.body)
    query = (
        select(*shown, *also)
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .join(concept, concept.c.id == mention.c.concept)
        .outerjoin(text, text.c.id == document.c.text)
        .where(scope.documents, *scope.mentions())
        .order_by(document.c.collection, document.c.name, mention.c.start, mention.c.end, concept.c.label)
        .limit(page.limit)
        .offset(page.offset)
    )
    with database.reading() as connection:
        found = connection.execute(query.where(*_is_concept(connection, concept, term, labels))).all()
    rows = [
        (*own, None if body is None else body[max(0, own[3] - AROUND) : own[4] + AROUND])
        for *own, body in found
    ]
    columns = [
        "collection",
        "document",
        "date",
        "start",
        "end",
        "label",
        "probability",
        "assertion",
        "passage",
    ]
    return Answer(columns, rows)
