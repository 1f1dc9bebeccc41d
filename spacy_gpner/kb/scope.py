"""What a knowledge base is asked about: whose readings, of which documents, and which concepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from sqlalchemy import Connection, and_, select
from sqlalchemy.sql.elements import ColumnElement

from ..archive.shards import ANNOTATED
from ..entities import show_key, show_label
from ..errors import KnowledgeError
from .schema import concept, document, mention
from .surface import to_surface


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
        """Which documents. Those at which the pipeline failed were not read."""
        wanted = [document.c.annotator == self.annotator, document.c.state == ANNOTATED]
        if self.collection is not None:
            wanted.append(document.c.collection == self.collection)
        if self.patient is not None:
            wanted.append(document.c.patient == self.patient)
        wanted += [document.c.columns[name].as_string() == value for name, value in self.where]
        return and_(*wanted)

    def mentions(self, table: Any = mention) -> list[ColumnElement[bool]]:
        """Which mentions of them."""
        return [table.c.affirmed] if self.affirmed else []


def check_scope(connection: Connection, scope: Scope) -> None:
    """Refuse what no document can be: an answer without rows would look like one.

    connection (Connection): The database.
    scope (Scope): What is asked about.
    RAISES (KnowledgeError): If there is no such collection, patient or column.
    """
    own = document.c.annotator == scope.annotator
    check_documents(connection, own, collection=scope.collection, patient=scope.patient)
    for name, _ in scope.where:
        if not _is_there(connection, own, document.c.columns[name].as_string().is_not(None)):
            raise KnowledgeError(
                f"No document has the column {show_key(name)} of --where. There are those that `annotate` "
                "took along."
            )


def check_documents(
    connection: Connection,
    *wanted: ColumnElement[bool],
    collection: Optional[str] = None,
    patient: Optional[str] = None,
) -> None:
    """Refuse a collection or a patient that no document is of.

    connection (Connection): The database.
    wanted (ColumnElement[bool]): Which documents count.
    collection, patient (Optional[str]): The names; None for all.
    RAISES (KnowledgeError): If there is none of the name.
    """
    if collection is not None and not _is_there(connection, *wanted, document.c.collection == collection):
        raise KnowledgeError("No document is in a collection of this name. `kb status` lists them.")
    if patient is not None and not _is_there(connection, *wanted, document.c.patient == patient):
        raise KnowledgeError(
            "No document is of a patient of this name, which is told with upper and lower case."
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
    term (str): The term, in any of its forms.
    labels (Sequence[str]): Their types; none for all.
    RETURNS (List[int]): Their ids.
    RAISES (KnowledgeError): If there is none.
    """
    check_labels(connection, labels)
    query = select(concept.c.id).where(concept.c.surface == to_surface(term), *of_type(concept, labels))
    ids = list(connection.execute(query).scalars())
    if not ids:
        raise KnowledgeError(
            "Nothing is called so in the knowledge base"
            + (f" under {' or '.join(map(show_label, labels))}" if labels else "")
            + ". `spacy gpner kb search` finds passages by any characters."
        )
    return ids


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
