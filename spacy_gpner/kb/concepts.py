"""Which concepts there are."""

from collections.abc import Sequence
from typing import Any, Optional

from sqlalchemy import Select, func, or_, select

from .database import Database
from .rows import FIRST, Answer, Page, read_page
from .schema import concept, document, mention
from .scope import Scope, check_labels, has_in_name, of_type


def count_concepts(scope: Scope, terms: Sequence[str], labels: Sequence[str] = ()) -> Select[Any]:
    """The query for the concepts in whose names one of some terms stands, those that are told most first.

    scope (Scope): What is asked about.
    terms (Sequence[str]): The terms; none for all concepts.
    labels (Sequence[str]): Their types; none for all.
    RETURNS (Select): For each `id`, `surface`, `label`, and how many `mentions` in how many `documents`.
    """
    n = func.count().label("mentions")
    query = (
        select(
            *(concept.c.id, concept.c.surface, concept.c.label, n),
            func.count(mention.c.document.distinct()).label("documents"),
        )
        .select_from(concept)
        .join(mention, mention.c.concept == concept.c.id)
        .join(document, document.c.id == mention.c.document)
        .where(scope.documents, *scope.mentions(), *of_type(concept, labels))
        .group_by(concept.c.id, concept.c.surface, concept.c.label)
        .order_by(n.desc(), concept.c.surface, concept.c.label)
    )
    if not terms:
        return query
    # Few of all concepts, before their mentions: SQLite would go over all documents for each of them
    wanted = select(concept.c.id).where(or_(*map(has_in_name, terms)))
    return query.where(mention.c.concept.in_(wanted))


def list_concepts(
    database: Database,
    scope: Scope,
    term: Optional[str] = None,
    *,
    labels: Sequence[str] = (),
    page: Page = FIRST,
) -> Answer:
    """Which concepts there are.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    term (Optional[str]): What stands in their names; None for all.
    labels (Sequence[str]): Their types; none for all.
    page (Page): Which rows.
    RETURNS (Answer): By the number of mentions.
    RAISES (KnowledgeError): If there is no such type.
    """
    query = count_concepts(scope, [] if term is None else [term], labels).subquery()
    shown = select(query.c.surface, query.c.label, query.c.mentions, query.c.documents)
    shown = shown.order_by(query.c.mentions.desc(), query.c.surface, query.c.label)
    with database.reading() as connection:
        check_labels(connection, labels)
        return read_page(connection, ["concept", "label", "mentions", "documents"], shown, page)
