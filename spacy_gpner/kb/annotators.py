"""Whose readings there are, and how they differ."""

from datetime import datetime
from typing import Optional

from sqlalchemy import BigInteger, Connection, and_, cast, exists, func, or_, select

from ..archive.shards import ANNOTATED
from ..errors import KnowledgeError
from .database import Database
from .rows import Answer
from .schema import concept, document, mention, run, shard
from .scope import Scope


def find_annotator(connection: Connection, wanted: Optional[str], collection: Optional[str] = None) -> str:
    """Find whose readings are asked about.

    connection (Connection): The database.
    wanted (Optional[str]): A model's name, or the beginning of an annotator's digits; None for that of the
        run that began last.
    collection (Optional[str]): Look among its runs alone.
    RETURNS (str): The annotator.
    RAISES (KnowledgeError): If there is none, or several are meant.
    """
    query = select(run.c.annotator, run.c.model, run.c.version, run.c.started, run.c.number)
    # Of a run that goes on nothing may have come in yet
    query = query.where(or_(run.c.finished.is_not(None), exists().where(shard.c.run == run.c.id)))
    if collection is not None:
        query = query.where(run.c.collection == collection)
    rows = connection.execute(query).all()
    if not rows:
        where = "knowledge base" if collection is None else "collection"
        raise KnowledgeError(f"The {where} is empty. Fill it with `spacy gpner kb build OUT`.")
    if wanted is None:
        last = max(rows, key=lambda row: (datetime.fromisoformat(row.started), row.number))
        return str(last.annotator)
    found = {row.annotator for row in rows if row.model == wanted or row.annotator.startswith(wanted)}
    if len(found) != 1:
        known = ", ".join(sorted({f"{row.annotator} ({row.model} {row.version})" for row in rows}))
        what = "is no annotator" if not found else "are several annotators"
        raise KnowledgeError(f"There {what} '{wanted}'. There is {known}. Give one's digits.")
    return str(found.pop())


def differences(database: Database, first: Scope, second: Scope) -> Answer:
    """What two annotators found in the documents that both have read, by label.

    database (Database): The knowledge base.
    first, second (Scope): Their readings.
    RETURNS (Answer): How many mentions both have, with the same place and label, and how many one alone.
    """
    one, two = mention.alias("one"), mention.alias("two")
    a, b = document.alias("a"), document.alias("b")
    # The same document, and as far as it is known the same text, which may have changed between two runs
    same = and_(
        b.c.collection == a.c.collection,
        b.c.name == a.c.name,
        b.c.length == a.c.length,
        or_(b.c.text == a.c.text, b.c.text.is_(None), a.c.text.is_(None)),
        b.c.annotator == second.annotator,
        b.c.state == ANNOTATED,
    )
    pairs = select(a.c.id.label("a"), b.c.id.label("b")).join(b, same)
    pairs = pairs.where(a.c.annotator == first.annotator, a.c.state == ANNOTATED)
    if first.collection is not None:
        pairs = pairs.where(a.c.collection == first.collection)
    common = pairs.cte("common")
    label_of = concept.alias("label_of")
    counts: dict[str, list[int]] = {}
    with database.reading() as connection:
        for index, (table, column, scope) in enumerate(((one, common.c.a, first), (two, common.c.b, second))):
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
        other = concept.alias("other")
        both = (
            select(label_of.c.label, func.count())
            .select_from(common)
            .join(one, one.c.document == common.c.a)
            .join(label_of, label_of.c.id == one.c.concept)
            .join(two, and_(two.c.document == common.c.b, two.c.start == one.c.start, two.c.end == one.c.end))
            .join(other, and_(other.c.id == two.c.concept, other.c.label == label_of.c.label))
            .where(*first.mentions(one), *second.mentions(two))
            .group_by(label_of.c.label)
        )
        for label, n in connection.execute(both):
            counts[label][2] = n
    rows = [(label, n, x - n, y - n) for label, (x, y, n) in sorted(counts.items())]
    return Answer(["label", "both", f"only {first.annotator}", f"only {second.annotator}"], rows)


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
