"""What a knowledge base is asked about: whose readings, of which documents, and which concepts."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from sqlalchemy import Connection, and_, false, func, literal, or_, select
from sqlalchemy.sql.elements import ColumnElement

from ..archive.shards import ANNOTATED
from ..entities import show_label, show_name
from ..errors import KnowledgeError
from .schema import code as coding
from .schema import concept, document, link, mention
from .surface import to_surface

# Characters of a term in a message
MOST_SHOWN = 40
# Documents whose columns are told
SEEN = 1000
# Whose readings of which collection; None for all collections
Annotators = tuple[tuple[Optional[str], str], ...]


@dataclass(frozen=True)
class Scope:
    """What is asked about.

    annotators (Annotators): Whose readings.
    collection, patient (Optional[str]): The documents; None for all.
    where (Tuple[Tuple[str, str], ...]): Columns that were carried along, and what they have to say.
    affirmed (bool): Whether only of mentions that are there, now, and the patient's.
    assertion (Optional[str]): Only of mentions that are told so, whether affirmed or not; None for no matter.
    """

    annotators: Annotators
    collection: Optional[str] = None
    patient: Optional[str] = None
    where: tuple[tuple[str, str], ...] = ()
    affirmed: bool = True
    assertion: Optional[str] = None

    @property
    def readings(self) -> ColumnElement[bool]:
        """Whose readings of all documents."""
        return or_(
            *(
                document.c.annotator == annotator
                if collection is None
                else and_(document.c.collection == collection, document.c.annotator == annotator)
                for collection, annotator in self.annotators
            )
        )

    @property
    def filters(self) -> list[ColumnElement[bool]]:
        """Which documents, whoever read them, and whether or not he could."""
        wanted = [document.c.columns[name].as_string() == value for name, value in self.where]
        if self.collection is not None:
            wanted.append(document.c.collection == self.collection)
        if self.patient is not None:
            wanted.append(document.c.patient == self.patient)
        return wanted

    @property
    def documents(self) -> ColumnElement[bool]:
        """Which documents. Those at which the pipeline failed were not read."""
        return and_(self.readings, document.c.state == ANNOTATED, *self.filters)

    def mentions(self, table: Any = mention) -> list[ColumnElement[bool]]:
        """Which mentions of them."""
        if self.assertion is not None:
            # One or several words with commas between
            return [
                (literal(",") + func.coalesce(table.c.assertion, "") + ",").contains(f",{self.assertion},")
            ]
        return [table.c.affirmed] if self.affirmed else []


def check_scope(connection: Connection, scope: Scope, *, of_all: bool = False) -> None:
    """Refuse what no document can be: an answer without rows would look like one.

    connection (Connection): The database.
    scope (Scope): What is asked about.
    of_all (bool): Whether it is asked about documents whoever read them.
    RAISES (KnowledgeError): If there is no such patient or column, or none of its values is this one.
    """
    own = [] if of_all else [scope.readings]
    if scope.patient is not None and not _is_there(connection, *own, document.c.patient == scope.patient):
        raise KnowledgeError(
            "No document is of a patient of this name, which is told with upper and lower case."
        )
    for name, value in scope.where:
        column = document.c.columns[name].as_string()
        if not _is_there(connection, *own, column.is_not(None)):
            columns = connection.execute(select(document.c.columns).where(*own).limit(SEEN)).scalars()
            known = sorted({key for row in columns for key in row})
            raise KnowledgeError(
                f"No document has the column {show_name(name)} of --where. There are those that `annotate` "
                f"took along: {', '.join(map(show_name, known)) or 'none'}."
            )
        if not _is_there(connection, *own, column == value):
            raise KnowledgeError(
                f"In the column {show_name(name)} no document has this value of --where, which is told with "
                "upper and lower case."
            )


def _is_there(connection: Connection, *wanted: ColumnElement[bool]) -> bool:
    return connection.execute(select(document.c.id).where(*wanted).limit(1)).one_or_none() is not None


def check_labels(connection: Connection, labels: Sequence[str]) -> None:
    """Refuse types that nothing is of.

    connection (Connection): The database.
    labels (Sequence[str]): The types.
    RAISES (KnowledgeError): If one is unknown.
    """
    if not labels:
        return
    known = sorted(connection.execute(select(concept.c.label).distinct()).scalars())
    if unknown := [label for label in labels if label not in known]:
        raise KnowledgeError(
            f"There is no label '{show_label(unknown[0])}' in the knowledge base. There are "
            f"{', '.join(map(show_label, known))}."
        )


def find_concepts(connection: Connection, term: str, labels: Sequence[str]) -> list[int]:
    """The concepts that a term names, of one type or of all.

    connection (Connection): The database.
    term (str): The term, in any of its forms, or a code, as `icd10:E11`: all that is linked to it.
    labels (Sequence[str]): Their types; none for all.
    RETURNS (List[int]): Their ids.
    RAISES (KnowledgeError): If there is none.
    """
    check_labels(connection, labels)
    query = select(concept.c.id).where(concept.c.surface == to_surface(term), *of_type(concept, labels))
    ids = list(connection.execute(query).scalars())
    if not ids:
        system, _, code = term.partition(":")
        query = select(concept.c.id).join(link, link.c.concept == concept.c.id)
        query = query.where(link.c.system == system, link.c.code == code, *of_type(concept, labels))
        ids = list(connection.execute(query).scalars())
        known = select(coding.c.code).where(coding.c.system == system, coding.c.code == code)
        if not ids and connection.execute(known).one_or_none() is not None:
            raise KnowledgeError(
                f"No concept is linked to the code {code} of '{system}'"
                + (f" under {' or '.join(map(show_label, labels))}." if labels else ".")
            )
    if not ids:
        raise KnowledgeError(
            f"Nothing is called {show_term(term)} in the knowledge base"
            + (f" under {' or '.join(map(show_label, labels))}" if labels else "")
            + f". {tell_others(connection, term)}`spacy gpner kb search` finds passages by any characters."
        )
    return ids


def show_term(term: str) -> str:
    """Make a term fit for a message.

    term (str): The term.
    RETURNS (str): Its usual form between quotes, control characters escaped; of a long one the beginning.
    """
    form = to_surface(term)
    return repr(form if len(form) <= MOST_SHOWN else f"{form[: MOST_SHOWN - 1]}…")


def has_in_name(term: str) -> ColumnElement[bool]:
    """Which concepts have a term in their names.

    term (str): The term, in any of its forms.
    RETURNS (ColumnElement[bool]): The condition.
    """
    form = to_surface(term)
    # SQLite's LIKE ends at a NUL
    return false() if "\0" in form else concept.c.surface.contains(form, autoescape=True)


def tell_others(connection: Connection, term: str) -> str:
    """Where to look for concepts that are not called as a term, but have it in their names.

    connection (Connection): The database.
    term (str): The term, in any of its forms.
    RETURNS (str): A sentence and a blank; nothing where there are none.
    """
    longer = select(func.count()).where(has_in_name(term), concept.c.surface != to_surface(term))
    n = connection.execute(longer).scalar_one()
    if not n or not to_surface(term):
        return ""
    are = "Another concept has" if n == 1 else f"{n:,} other concepts have"
    return f"{are} it in the name: `spacy gpner kb query concepts {shlex.quote(term)}`. "


def of_type(table: Any, labels: Sequence[str]) -> list[ColumnElement[bool]]:
    """Which concepts are of some types.

    table (Any): The table of concepts, or an alias.
    labels (Sequence[str]): The types; none for all.
    RETURNS (List[ColumnElement[bool]]): The conditions.
    """
    return [table.c.label.in_(labels)] if labels else []


def is_concept(
    connection: Connection, table: Any, term: Optional[str], labels: Sequence[str]
) -> list[ColumnElement[bool]]:
    """Which concepts a term and some types name.

    connection (Connection): The database.
    table (Any): The table of concepts, or an alias.
    term (Optional[str]): The term; None for all.
    labels (Sequence[str]): The types; none for all.
    RETURNS (List[ColumnElement[bool]]): The conditions.
    RAISES (KnowledgeError): If there is no such concept or type.
    """
    if term is None:
        check_labels(connection, labels)
        return of_type(table, labels)
    return [table.c.id.in_(find_concepts(connection, term, labels))]
