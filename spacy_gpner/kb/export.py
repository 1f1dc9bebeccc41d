"""Mentions as other tools read them."""

import csv
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from spacy.util import minibatch
from sqlalchemy import Select, select

from ..archive.extras import require
from ..corpora.paths import check_output
from ..errors import KnowledgeError
from ..files import atomic_write
from .database import Database
from .note_nlp import VIEW, select_note_nlp
from .schema import concept, document, mention
from .scope import Scope

FORMATS = ("csv", "parquet", VIEW)
# Rows that are read and written at once
BATCH = 10_000
# Arrow's types by column
TYPES = {
    **{"collection": "string", "document": "string", "patient": "string", "date": "string"},
    **{"mention": "int32", "start": "int64", "end": "int64", "text": "string", "label": "string"},
    **{"concept": "string", "probability": "float64", "depth": "int32", "parent": "int32"},
    **{"assertion": "string", "run": "string"},
}


def export(database: Database, scope: Scope, path: Path, form: str) -> int:
    """Write mentions to a file.

    database (Database): The knowledge base.
    scope (Scope): Which mentions.
    path (Path): The file.
    form (str): "csv" or "parquet" of them, their documents and concepts, or "note_nlp": OMOP's table, as CSV.
    RETURNS (int): How many mentions.
    RAISES (KnowledgeError): If there is no such format.
    RAISES (CorpusError): If the file is the knowledge base.
    """
    if form not in FORMATS:
        raise KnowledgeError(f"There is no format '{form}' to export. Give {', '.join(FORMATS)}.")
    if database.file is not None:
        check_output(path, [database.file])
    query = select_note_nlp() if form == VIEW else _select_all()
    query = query.where(scope.documents, *scope.mentions())
    written = 0
    with atomic_write(path) as temporary, closing(_read(database, query)) as rows:
        if form == "parquet":
            arrow = require("pyarrow", "archive", "Parquet")
            parquet = require("pyarrow.parquet", "archive", "Parquet")
            schema = arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in TYPES.items()])
            with parquet.ParquetWriter(temporary, schema) as writer:
                for part in minibatch(rows, BATCH):
                    writer.write_table(arrow.Table.from_pylist(part, schema=schema))
                    written += len(part)
        else:
            with temporary.open("w", encoding="utf-8", newline="") as file:
                table = csv.writer(file, lineterminator="\n")
                table.writerow(query.selected_columns.keys())
                for row in rows:
                    table.writerow(row.values())
                    written += 1
        # No file without a note of it
        with database.writing() as connection:
            database.note(connection, "export", format=form, mentions=written)
    return written


def _select_all() -> Select[Any]:
    return (
        select(
            *(document.c.collection, document.c.name.label("document"), document.c.patient, document.c.date),
            *(mention.c.number.label("mention"), mention.c.start, mention.c.end, mention.c.text),
            *(concept.c.label, concept.c.surface.label("concept"), mention.c.probability, mention.c.depth),
            *(mention.c.parent, mention.c.assertion, document.c.run),
        )
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .join(concept, concept.c.id == mention.c.concept)
        .order_by(mention.c.document, mention.c.number)
    )


def _read(database: Database, query: Select[Any]) -> Generator[dict[str, Any]]:
    with database.reading() as connection:
        for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
            yield dict(row)
