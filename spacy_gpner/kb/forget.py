"""Removing documents with all that is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from sqlalchemy import Connection, delete, exists, func, select, tuple_

from ..errors import KnowledgeError
from .database import Database
from .erasures import DOCUMENT, PATIENT, Erasures
from .rows import chunks
from .schema import concept, containment, document, link, mention, run, text


@dataclass
class Forgotten:
    """What removed documents had.

    mentions (int): How many.
    texts, concepts (Set[int]): What no other document may have.
    """

    mentions: int = 0
    texts: set[int] = field(default_factory=set)
    concepts: set[int] = field(default_factory=set)


def forget(connection: Connection, ids: Sequence[int]) -> Forgotten:
    """Remove documents and their mentions. Their texts and concepts stay: what takes their place may have the
    same.

    connection (Connection): Where it is written.
    ids (Sequence[int]): The documents.
    RETURNS (Forgotten): What they had.
    """
    forgotten = Forgotten()
    for own in chunks(ids):
        texts = select(document.c.text).where(document.c.id.in_(own), document.c.text.is_not(None))
        forgotten.texts.update(connection.execute(texts).scalars())
        concepts = select(mention.c.concept).where(mention.c.document.in_(own)).distinct()
        forgotten.concepts.update(connection.execute(concepts).scalars())
        connection.execute(delete(containment).where(containment.c.document.in_(own)))
        forgotten.mentions += connection.execute(delete(mention).where(mention.c.document.in_(own))).rowcount
        connection.execute(delete(document).where(document.c.id.in_(own)))
    return forgotten


def drop_unused(database: Database, connection: Connection, forgotten: Forgotten) -> None:
    """Remove the texts and concepts of removed documents that no other has.

    database (Database): The knowledge base.
    connection (Connection): Where it is written.
    forgotten (Forgotten): What the documents had.
    """
    for some in chunks(sorted(forgotten.concepts)):
        told = exists().where(mention.c.concept == concept.c.id)
        unused = select(concept.c.id).where(concept.c.id.in_(some), ~told)
        gone = connection.execute(unused).scalars().all()
        connection.execute(delete(link).where(link.c.concept.in_(gone)))
        connection.execute(delete(concept).where(concept.c.id.in_(gone)))
    for some in chunks(sorted(forgotten.texts)):
        read = exists().where(document.c.text == text.c.id)
        query = select(text.c.id, text.c.body).where(text.c.id.in_(some), ~read)
        bodies = {row.id: row.body for row in connection.execute(query)}
        database.grams.remove(connection, bodies)
        connection.execute(delete(text).where(text.c.id.in_(list(bodies))))


@dataclass(frozen=True)
class Erased:
    """What was erased.

    documents, mentions (int): How many.
    outputs (List[str]): Outputs of `annotate` that still have them.
    """

    documents: int
    mentions: int
    outputs: list[str]


def erase(
    database: Database,
    *,
    name: Optional[str] = None,
    patient: Optional[str] = None,
    collection: Optional[str] = None,
    dry_run: bool = False,
) -> Erased:
    """Erase documents by name, or all of a patient, whoever annotated them. Builds leave them out from then
    on.

    database (Database): The knowledge base.
    name, patient (Optional[str]): The documents' name, or the patient's. One of them.
    collection (Optional[str]): Of this collection alone.
    dry_run (bool): Whether to tell alone what would be erased.
    RETURNS (Erased): What was erased.
    RAISES (KnowledgeError): If neither is given or both are, or there are no such documents.
    """
    kind, own = _named(name, patient)
    with database.reading() if dry_run else database.writing() as connection:
        rows = _find(connection, name, patient, collection)
        if not rows:
            raise KnowledgeError(
                f"There is no {kind} of this name in {database.name}. Check it, and --collection."
            )
        ids = [row.id for row in rows]
        if dry_run:
            n_mentions = sum(
                connection.execute(select(func.count()).where(mention.c.document.in_(own))).scalar_one()
                for own in chunks(ids)
            )
        else:
            forgotten = forget(connection, ids)
            drop_unused(database, connection, forgotten)
            database.grams.tidy(connection)
            # What went is among the counts until they are made anew
            database.count(connection)
            n_mentions = forgotten.mentions
            Erasures(connection).add(kind, own, collection, [(row.collection, row.name) for row in rows])
            numbers = {"documents": len(rows), "mentions": n_mentions}
            database.note(connection, "erase", by=kind, collection=collection, **numbers)
    return Erased(len(rows), n_mentions, sorted({row.output for row in rows}))


def lift(
    database: Database,
    *,
    name: Optional[str] = None,
    patient: Optional[str] = None,
    collection: Optional[str] = None,
) -> None:
    """Lift an erasure: builds take such documents in again.

    database (Database): The knowledge base.
    name, patient (Optional[str]): What was erased: the documents' name, or the patient's. One of them.
    collection (Optional[str]): Lift what was erased from this collection alone.
    RAISES (KnowledgeError): If neither is given or both are, or nothing of the name was erased.
    """
    kind, own = _named(name, patient)
    with database.writing() as connection:
        if not Erasures(connection).lift(kind, own, collection):
            raise KnowledgeError(
                f"No {kind} of this name was erased from {database.name}. Check it, and --collection, which "
                "has to be as it was when it was erased."
            )
        database.note(connection, "lift", by=kind, collection=collection)


def _named(name: Optional[str], patient: Optional[str]) -> tuple[str, str]:
    """What an erasure is about, and its name."""
    if name is not None and patient is None:
        return DOCUMENT, name
    if patient is not None and name is None:
        return PATIENT, patient
    raise KnowledgeError("Give what to erase: --document or --patient.")


def _find(
    connection: Connection, name: Optional[str], patient: Optional[str], collection: Optional[str]
) -> Sequence[Any]:
    """The documents that are meant, and the outputs that they came from."""
    # Another annotator may have read the patient's documents without their column
    own = (document.c.collection, document.c.name)
    theirs = tuple_(*own).in_(select(*own).where(document.c.patient == patient))
    of_patient = (document.c.patient == patient) | (document.c.patient.is_(None) & theirs)
    wanted = document.c.name == name if name is not None else of_patient
    if collection is not None:
        wanted = wanted & (document.c.collection == collection)
    query = select(document.c.id, *own, run.c.output).join(run, document.c.run == run.c.id).where(wanted)
    return connection.execute(query).all()
