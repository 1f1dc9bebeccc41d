"""Whose readings there are, and how they differ."""

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import BigInteger, Connection, and_, cast, exists, func, or_, select

from ..archive.shards import ANNOTATED
from ..errors import KnowledgeError
from .database import Database
from .rows import Answer
from .schema import concept, document, mention, run, shard
from .scope import Annotators, Scope


def find_annotators(
    connection: Connection, wanted: Optional[str], collection: Optional[str] = None
) -> Annotators:
    """Find whose readings are asked about.

    connection (Connection): The database.
    wanted (Optional[str]): A model's name, or the beginning of an annotator's digits; None for that of each
        collection's run that began last, of those that came to their end if one did.
    collection (Optional[str]): Look among its runs alone.
    RETURNS (Annotators): The annotators, by collection where they differ.
    RAISES (KnowledgeError): If there is none, or several are meant.
    """
    query = select(run)
    # Of a run that goes on nothing may have come in yet
    query = query.where(or_(run.c.finished.is_not(None), exists().where(shard.c.run == run.c.id)))
    if collection is not None:
        query = query.where(run.c.collection == collection)
    rows = connection.execute(query).all()
    if not rows and collection is not None:
        raise KnowledgeError("No document is in a collection of this name. `kb status` lists them.")
    if not rows:
        raise KnowledgeError("The knowledge base is empty. Fill it with `spacy gpner kb build OUT`.")
    if wanted is None:
        last = {row.collection: row.annotator for row in sorted(rows, key=_recency)}
        one, *others = set(last.values())
        return tuple(sorted(last.items())) if others else ((None, one),)
    found = {row.annotator for row in rows if row.model == wanted or row.annotator.startswith(wanted)}
    if len(found) != 1:
        known = ", ".join(sorted({f"{row.annotator} ({row.model} {row.version})" for row in rows}))
        what = "is no annotator" if not found else "are several annotators"
        raise KnowledgeError(f"There {what} '{wanted}'. There is {known}. Give one's digits.")
    return ((None, found.pop()),)


def _recency(row: Any) -> tuple[bool, datetime, int]:
    return row.finished is not None, datetime.fromisoformat(row.started), row.number


def differences(database: Database, scope: Scope, other: Scope) -> Answer:
    """What two annotators found in the documents that both have read, by label.

    database (Database): The knowledge base.
    scope, other (Scope): What of the readings of one, and of the other's.
    RETURNS (Answer): How many mentions both have, with the same place and label, and how many one alone.
    """
    ((_, first),), ((_, second),) = scope.annotators, other.annotators
    one, two = mention.alias("one"), mention.alias("two")
    a, b = document, document.alias("b")
    # The same document, and as far as it is known the same text, which may have changed between two runs
    same = and_(
        b.c.collection == a.c.collection,
        b.c.name == a.c.name,
        b.c.length == a.c.length,
        or_(b.c.text == a.c.text, b.c.text.is_(None), a.c.text.is_(None)),
        b.c.annotator == second,
        b.c.state == ANNOTATED,
    )
    common = select(a.c.id.label("a"), b.c.id.label("b")).join(b, same).where(scope.documents).cte("common")
    label_of = concept.alias("label_of")
    counts: dict[str, list[int]] = {}
    with database.reading() as connection:
        for index, (table, column) in enumerate(((one, common.c.a), (two, common.c.b))):
            query = (
                select(label_of.c.label, func.count())
                .select_from(common)
                .join(table, table.c.document == column)
                .join(label_of, label_of.c.id == table.c.concept)
                .where(*scope.mentions(table))
                .group_by(label_of.c.label)
            )
            for label, n in connection.execute(query):
                counts.setdefault(label, [0, 0, 0])[index] = n
        its = concept.alias("its")
        both = (
            select(label_of.c.label, func.count())
            .select_from(common)
            .join(one, one.c.document == common.c.a)
            .join(label_of, label_of.c.id == one.c.concept)
            .join(two, and_(two.c.document == common.c.b, two.c.start == one.c.start, two.c.end == one.c.end))
            .join(its, and_(its.c.id == two.c.concept, its.c.label == label_of.c.label))
            .where(*scope.mentions(one), *scope.mentions(two))
            .group_by(label_of.c.label)
        )
        for label, n in connection.execute(both):
            counts[label][2] = n
    rows = [(label, n, x - n, y - n) for label, (x, y, n) in sorted(counts.items())]
    return Answer(["label", "both", f"only {first}", f"only {second}"], rows)


def status(database: Database) -> Answer:
    """What there is.

    database (Database): The knowledge base.
    RETURNS (Answer): A row for each collection and annotator.
    """
    n_mentions = select(func.count()).where(mention.c.document == document.c.id).scalar_subquery()
    counts = (
        select(
            document.c.collection,
            document.c.annotator,
            func.count().label("documents"),
            # PostgreSQL's sum is a decimal number
            cast(func.sum(n_mentions), BigInteger).label("mentions"),
            func.count(document.c.text).label("with text"),
        )
        .where(document.c.state == ANNOTATED)
        .group_by(document.c.collection, document.c.annotator)
        .subquery()
    )
    last = func.max(run.c.finished)
    query = (
        select(run.c.collection, run.c.annotator, run.c.model, run.c.version, func.count(), last)
        .group_by(run.c.collection, run.c.annotator, run.c.model, run.c.version)
        .order_by(run.c.collection, run.c.annotator)
    )
    with database.reading() as connection:
        found = {
            (row.collection, row.annotator): tuple(row)[2:] for row in connection.execute(select(counts))
        }
        rows = [
            (*own, n, *found.get(tuple(own[:2]), (0, 0, 0)), ended)
            for *own, n, ended in map(tuple, connection.execute(query))
        ]
    columns = [
        "collection",
        "annotator",
        "model",
        "version",
        "runs",
        "documents",
        "mentions",
        "with text",
        "ended",
    ]
    return Answer(columns, rows)
