"""What a knowledge base is asked."""

from collections.abc import Sequence
from typing import Any, Literal, Optional

import numpy
from scipy.stats import false_discovery_control, hypergeom
from sqlalchemy import (
    CTE,
    Connection,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from ..errors import KnowledgeError
from .database import Database
from .note_nlp import around as passage_around
from .rows import FIRST, Answer, Page, chunks, read_page
from .schema import concept, containment, document, mention, text
from .scope import Scope, check_labels, find_concepts, is_concept, of_type

# What co-occurrence is counted in
Unit = Literal["document", "patient"]


def cooccurring(
    database: Database,
    scope: Scope,
    term: str,
    *,
    labels: Sequence[str] = (),
    of: Sequence[str] = (),
    by: Unit = "document",
    page: Page = FIRST,
) -> Answer:
    """What is told in the same documents as a concept, or of the same patients: how often, how much more
    often than by chance (lift), and whether that can be chance: Fisher's exact test, one-sided, as the false
    discovery rate (Benjamini and Hochberg, 1995) over all concepts that are told at all, for which of them
    are told together with this one is known only afterwards. Mentions in a mention of the concept, or around
    it, count as not there: they always go together. The test takes what is counted as independent: documents
    of one patient are not.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    term (str): The concept.
    labels, of (Sequence[str]): Its types, and those of the others; none for all.
    by (Unit): What is counted.
    page (Page): Which rows.
    RETURNS (Answer): By q, then by lift.
    RAISES (KnowledgeError): If there is no such concept or type, or patients are counted and none is known.
    """
    unit = document.c.id if by == "document" else document.c.patient
    with database.reading() as connection:
        own = find_concepts(connection, term, labels)
        check_labels(connection, of)
        if by == "patient":
            _require_patients(connection, scope)
        n = connection.execute(select(func.count(distinct(unit))).where(scope.documents)).scalar_one()
        holders = (
            _told(scope, unit.label("unit"))
            .where(mention.c.concept.in_(own), unit.is_not(None))
            .distinct()
            .subquery()
        )
        n_own = connection.execute(select(func.count()).select_from(holders)).scalar_one()
        tied = _tied_to(own)
        apart = func.count(distinct(case((tied.c.number.is_(None), unit))))
        both = (
            _told(scope, mention.c.concept, func.count(distinct(unit)).label("any"), apart.label("n"))
            .join(holders, holders.c.unit == unit)
            .outerjoin(tied, and_(tied.c.document == mention.c.document, tied.c.number == mention.c.number))
            .where(~mention.c.concept.in_(own))
            .group_by(mention.c.concept)
        ).subquery()
        query = select(concept.c.id, concept.c.label, concept.c.surface, both.c.n, both.c.any)
        query = query.join(both, both.c.concept == concept.c.id).where(both.c.n > 0, *of_type(concept, of))
        found = connection.execute(query).all()
        totals = _count(connection, scope, unit, [row.id for row in found])
        told = _told(scope, literal(1)).where(mention.c.concept == concept.c.id, unit.is_not(None)).exists()
        others = select(func.count()).where(~concept.c.id.in_(own), told, *of_type(concept, of))
        n_others = connection.execute(others).scalar_one()
    # Where the concept is told only tied to the term, it is not told
    counts = [totals[row.id] - row.any + row.n for row in found]
    # Of thousands of concepts most have the same few counts
    both_and_all = numpy.array([(row.n, count) for row, count in zip(found, counts, strict=True)])
    pairs, places = numpy.unique(both_and_all.reshape(-1, 2), axis=0, return_inverse=True)
    p = hypergeom.sf(pairs[:, 0] - 1, n, n_own, pairs[:, 1])[places.reshape(-1)]
    q = false_discovery_control(numpy.concatenate([p, numpy.ones(n_others - len(found))]))
    rows = [
        (row.surface, row.label, row.n, total, n_own, n, row.n * n / (total * n_own), float(own_q))
        for row, total, own_q in zip(found, counts, q[: len(found)], strict=True)
    ]
    rows.sort(key=lambda row: (row[7], -row[6], -row[2], row[0], row[1]))
    return Answer(COOCCURRENCE, rows[page.offset : page.end], len(rows))


COOCCURRENCE = ["concept", "label", "both", "with concept", "with term", "all", "lift", "q"]


def _told(scope: Scope, *columns: Any) -> Select[Any]:
    """Columns of the mentions that are asked about, and of their documents."""
    query = select(*columns).select_from(mention).join(document, document.c.id == mention.c.document)
    return query.where(scope.documents, *scope.mentions())


def _tied_to(concepts: Sequence[int]) -> CTE:
    """The mentions that lie in one of some concepts', or around it."""
    sides = (containment.c.outer, containment.c.inner)
    return union(
        *(
            select(containment.c.document, other.label("number"))
            .join(mention, _is_mention(mention, own))
            .where(mention.c.concept.in_(concepts))
            for own, other in (sides, sides[::-1])
        )
    ).cte("tied")


def _count(connection: Connection, scope: Scope, unit: Any, ids: Sequence[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for own in chunks(ids):
        query = _told(scope, mention.c.concept, func.count(distinct(unit)))
        query = query.where(mention.c.concept.in_(own)).group_by(mention.c.concept)
        counts.update((id_, n) for id_, n in connection.execute(query))
    return counts


def _require_patients(connection: Connection, scope: Scope) -> None:
    known = select(document.c.id).where(scope.readings, document.c.patient.is_not(None)).limit(1)
    if connection.execute(known).one_or_none() is None:
        raise KnowledgeError(
            "Of no document it is known whose it is. Carry the patient's column along (annotate --carry), "
            "and build with --patient-column if it is called otherwise than `patient`."
        )


def patients_with(
    database: Database, scope: Scope, term: str, *, labels: Sequence[str] = (), page: Page = FIRST
) -> Answer:
    """Of which patients a concept is told.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    term (str): The concept.
    labels (Sequence[str]): Its types; none for all.
    page (Page): Which rows.
    RETURNS (Answer): A row for each patient, by the number of documents, with the first and the last date.
        What is told under two labels is one mention.
    RAISES (KnowledgeError): If there is no such concept or type, or no patient is known.
    """
    own, start, end = (cast(x, String) for x in (document.c.id, mention.c.start, mention.c.end))
    n, n_documents = func.count(distinct(own + " " + start + " " + end)), func.count(distinct(document.c.id))
    dates = func.min(document.c.date), func.max(document.c.date)
    query = (
        _told(scope, document.c.patient, n_documents, n, *dates)
        .where(document.c.patient.is_not(None))
        .group_by(document.c.patient)
        .order_by(n_documents.desc(), document.c.patient)
    )
    with database.reading() as connection:
        _require_patients(connection, scope)
        ids = find_concepts(connection, term, labels)
        columns = ["patient", "documents", "mentions", "first", "last"]
        return read_page(connection, columns, query.where(mention.c.concept.in_(ids)), page)


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
    RAISES (KnowledgeError): If there is no such concept or type.
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
    )
    with database.reading() as connection:
        for table, term, labels in ((small, inner, inner_labels), (large, outer, outer_labels)):
            query = query.where(*is_concept(connection, table, term, labels))
        columns = ["inner", "inner label", "outer", "outer label", "mentions", "documents"]
        return read_page(connection, columns, query, page)


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
    RETURNS (Answer): By date, then by document, a row for each concept of a document, as they stand there.
    RAISES (KnowledgeError): If there is no such concept or type.
    """
    n = func.count()
    shown = (document.c.date, document.c.collection, document.c.name, concept.c.surface, concept.c.label)
    query = (
        _told(scope, *shown, mention.c.assertion, n)
        .join(concept, concept.c.id == mention.c.concept)
        .where(document.c.date.is_not(None))
        .group_by(*shown, mention.c.assertion)
        .order_by(*shown[:3], func.min(mention.c.start), *shown[3:], mention.c.assertion)
    )
    columns = ["date", "collection", "document", "concept", "label", "assertion", "mentions"]
    with database.reading() as connection:
        query = query.where(*is_concept(connection, concept, term, labels))
        return read_page(connection, columns, query, page)


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
    RAISES (KnowledgeError): If there is no such concept or type.
    """
    place = (mention.c.start, mention.c.end)
    shown = (document.c.collection, document.c.name, document.c.patient, document.c.date)
    also = (concept.c.label, mention.c.probability, mention.c.assertion, passage_around(text.c.body))
    query = (
        _told(scope, *shown, *place, *also)
        .join(concept, concept.c.id == mention.c.concept)
        .outerjoin(text, text.c.id == document.c.text)
        .order_by(document.c.collection, document.c.name, *place, concept.c.label)
    )
    columns = [
        *("collection", "document", "patient", "date", "start", "end", "label", "probability", "assertion"),
        "passage",
    ]
    with database.reading() as connection:
        query = query.where(*is_concept(connection, concept, term, labels))
        return read_page(connection, columns, query, page)
