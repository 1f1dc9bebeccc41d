"""Concepts and the codes that they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from sqlalchemy import delete, distinct, func, insert, select

from .codes import check_system, stored_codes
from .database import Database
from .matching import EXACT, Matcher
from .rows import FIRST, Answer, Page, read_page
from .schema import code, concept, document, link, mention
from .scope import Scope, check_labels, of_type


@dataclass
class Linked:
    """What was linked.

    exact, near (int): Concepts that are called as a code is, and those called almost so.
    without (int): Concepts without a code.
    """

    exact: int = 0
    near: int = 0
    without: int = 0


def link_concepts(
    database: Database,
    system: str,
    threshold: float,
    *,
    labels: Sequence[str] = (),
) -> Linked:
    """Link concepts to a code table, in place of earlier links of theirs to it. What is less likely than the
    threshold has no code.

    database (Database): The knowledge base.
    system (str): What the table is called.
    threshold (float): How likely a code has to be.
    labels (Sequence[str]): Link concepts of these types alone; none for all.
    RETURNS (Linked): What was linked.
    RAISES (KnowledgeError): If there is no such table or type.
    """
    matcher, linked = Matcher(stored_codes(database, system)), Linked()
    query = select(concept.c.id, concept.c.surface, concept.c.label).order_by(concept.c.id)
    with database.reading() as connection:
        check_labels(connection, labels)
        concepts = connection.execute(query.where(*of_type(concept, labels))).all()
    rows = []
    for id_, surface, label in concepts:
        found = matcher.match(surface, label)
        if found is None or found.score < threshold:
            linked.without += 1
        else:
            rows.append({"system": system, "concept": id_, "code": found.code, "score": found.score})
            linked.exact += found.score == EXACT
            linked.near += found.score < EXACT
    with database.writing() as connection:
        # A build may have come between, or another table
        left = set(connection.execute(select(concept.c.id)).scalars())
        codes = set(connection.execute(select(code.c.code).where(code.c.system == system)).scalars())
        own = select(concept.c.id).where(*of_type(concept, labels))
        connection.execute(delete(link).where(link.c.system == system, link.c.concept.in_(own)))
        if rows := [row for row in rows if row["concept"] in left and row["code"] in codes]:
            connection.execute(insert(link), rows)
        database.note(connection, "link", system=system, threshold=threshold, **vars(linked))
    return linked


def coded(
    database: Database,
    scope: Scope,
    system: str,
    *,
    labels: Sequence[str] = (),
    least: Optional[float] = None,
    page: Page = FIRST,
) -> Answer:
    """How often each code is told, in how many documents, and by which ways of writing.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    system (str): The code table.
    labels (Sequence[str]): The types of the concepts; none for all.
    least (Optional[float]): How likely a link has to be; None for all links.
    page (Page): Which rows.
    RETURNS (Answer): A row for each way of writing, by the code's documents, then by its own mentions.
    RAISES (KnowledgeError): If there is no such table or type.
    """
    wanted = [link.c.system == system, scope.documents, *scope.mentions(), *of_type(concept, labels)]
    if least is not None:
        wanted.append(link.c.score >= least)
    told = (
        select()
        .select_from(link)
        .join(concept, concept.c.id == link.c.concept)
        .join(mention, mention.c.concept == concept.c.id)
        .join(document, document.c.id == mention.c.document)
        .where(*wanted)
    )
    n, n_documents = func.count().label("n"), func.count(distinct(document.c.id)).label("documents")
    whole = told.add_columns(link.c.code, n, n_documents).group_by(link.c.code).subquery()
    own = (
        told.add_columns(concept.c.id, link.c.code, link.c.score, n)
        .group_by(concept.c.id, link.c.code, link.c.score)
        .subquery()
    )
    query = (
        select(
            *(own.c.code, code.c.name, whole.c.documents, whole.c.n),
            *(concept.c.surface, concept.c.label, own.c.score, own.c.n),
        )
        .join(whole, whole.c.code == own.c.code)
        .join(code, (code.c.system == system) & (code.c.code == own.c.code))
        .join(concept, concept.c.id == own.c.id)
        .order_by(whole.c.documents.desc(), own.c.code, own.c.n.desc(), concept.c.surface, concept.c.label)
    )
    with database.reading() as connection:
        check_system(connection, system)
        check_labels(connection, labels)
        columns = ["code", "name", "documents", "mentions", "concept", "label", "score", "its mentions"]
        return read_page(connection, columns, query, page)


def linked_systems(database: Database) -> list[str]:
    """The code tables that concepts are linked to.

    database (Database): The knowledge base.
    RETURNS (List[str]): What they are called.
    """
    with database.reading() as connection:
        return list(connection.execute(select(link.c.system).distinct().order_by(link.c.system)).scalars())
