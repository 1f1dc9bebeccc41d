"""Removing documents with all that is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from sqlalchemy import Connection, delete, exists, select, tuple_

from ..errors import KnowledgeError
from .database import Database
from .rows import chunks
from .schema import concept, containment, document, link, mention, run, text


def forget(database: Database, connection: Connection, ids: Sequence[int]) -> int:
    """Remove documents, their mentions, and texts and concepts that no other document has.

    database (Database): The knowledge base.
    connection (Connection): Where it is written.
    ids (Sequence[int]): The documents.
    RETURNS (int): How many mentions they had.
    """
    mentions = 0
    for own in chunks(ids):
        texts = set(connection.execute(select(document.c.text).where(document.c.id.in_(own))).scalars())
        query = select(mention.c.concept).where(mention.c.document.in_(own)).distinct()
        concepts = list(connection.execute(query).scalars())
        connection.execute(delete(containment).where(containment.c.document.in_(own)))
        mentions += connection.execute(delete(mention).where(mention.c.document.in_(own))).rowcount
        connection.execute(delete(document).where(document.c.id.in_(own)))
        for some in chunks(concepts):
            has = exists().where(mention.c.concept == concept.c.id)
            gone = (
                connection.execute(select(concept.c.id).where(concept.c.id.in_(some), ~has)).scalars().all()
            )
            connection.execute(delete(link).where(link.c.concept.in_(gone)))
            connection.execute(delete(concept).where(concept.c.id.in_(gone)))
        _forget_texts(database, connection, [x for x in texts if x is not None])
    return mentions


def _forget_texts(database: Database, connection: Connection, ids: Sequence[int]) -> None:
    read = exists().where(document.c.text == text.c.id)
    query = select(text.c.id, text.c.body).where(text.c.id.in_(ids), ~read)
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
) -> Erased:
    """Erase documents by name, or all of a patient, whoever annotated them.

    database (Database): The knowledge base.
    name, patient (Optional[str]): The documents' name, or the patient's. One of them.
    collection (Optional[str]): Of this collection alone.
    RETURNS (Erased): What was erased.
    RAISES (KnowledgeError): If neither is given or both are, or there are no such documents.
    """
    if (name is None) == (patient is None):
        raise KnowledgeError("Give what to erase: --document or --patient.")
    # Another annotator may have read the patient's documents without their column
    own = (document.c.collection, document.c.name)
    theirs = tuple_(*own).in_(select(*own).where(document.c.patient == patient))
    of_patient = (document.c.patient == patient) | (document.c.patient.is_(None) & theirs)
    wanted = document.c.name == name if name is not None else of_patient
    if collection is not None:
        wanted = wanted & (document.c.collection == collection)
    with database.writing() as connection:
        rows = connection.execute(
            select(document.c.id, run.c.output).join(run, document.c.run == run.c.id).where(wanted)
        ).all()
        if not rows:
            kind = "document of this name" if name is not None else "patient of this name"
            raise KnowledgeError(f"There is no {kind} in {database.name}. Check it, and --collection.")
        mentions = forget(database, connection, [id_ for id_, _ in rows])
        database.grams.tidy(connection)
        kind = "document" if name is not None else "patient"
        database.note(connection, "erase", by=kind, documents=len(rows), mentions=mentions)
    return Erased(len(rows), mentions, sorted({output for _, output in rows}))
