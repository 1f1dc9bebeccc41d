"""Mentions as other tools read them."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy.util import minibatch
from sqlalchemy import select

from ..archive.extras import require
from ..errors import KnowledgeError
from ..files import atomic_write
from .database import Database
from .questions import Scope
from .schema import concept, document, mention, run, text
from .search import AROUND

FORMATS = ("csv", "parquet", "note_nlp")
# Rows that are read and written at once
BATCH = 10_000
# Arrow's types by column
TYPES = {
    **{"collection": "string", "document": "string", "patient": "string", "date": "string"},
    **{"mention": "int32", "start": "int64", "end": "int64", "text": "string", "label": "string"},
    **{"concept": "string", "probability": "float64", "depth": "int32", "parent": "int32"},
    **{"assertion": "string", "run": "string"},
}
# The columns of OMOP's NOTE_NLP (Common Data Model 5.4), and how long its texts can be
NOTE_NLP = (
    *("note_nlp_id", "note_id", "section_concept_id", "snippet", "offset", "lexical_variant"),
    *("note_nlp_concept_id", "note_nlp_source_concept_id", "nlp_system", "nlp_date", "nlp_datetime"),
    *("term_exists", "term_temporal", "term_modifiers"),
)
SHORT = 250
# Its number of what has no concept in its vocabularies
NO_CONCEPT = 0


def export(database: Database, scope: Scope, path: Path, form: str) -> int:
    """Write mentions to a file.

    database (Database): The knowledge base.
    scope (Scope): Which mentions.
    path (Path): The file.
    form (str): "csv" or "parquet" of all that is known of them, or "note_nlp": OMOP's table, as CSV.
    RETURNS (int): How many mentions.
    RAISES (KnowledgeError): If there is no such format.
    """
    if form not in FORMATS:
        raise KnowledgeError(f"There is no format '{form}' to export. Give {', '.join(FORMATS)}.")
    rows, written = _rows(database, scope), 0
    with atomic_write(path) as temporary:
        if form == "parquet":
            arrow = require("pyarrow", "archive", "Parquet")
            parquet = require("pyarrow.parquet", "archive", "Parquet")
            schema = arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in TYPES.items()])
            with parquet.ParquetWriter(temporary, schema) as writer:
                for part in minibatch(rows, BATCH):
                    own = [{name: row[name] for name in TYPES} for row in part]
                    writer.write_table(arrow.Table.from_pylist(own, schema=schema))
                    written += len(own)
        else:
            columns = NOTE_NLP if form == "note_nlp" else tuple(TYPES)
            with temporary.open("w", encoding="utf-8", newline="") as file:
                table = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
                table.writeheader()
                for written, row in enumerate(rows, 1):
                    table.writerow(to_note_nlp(row, written) if form == "note_nlp" else row)
    with database.writing() as connection:
        database.note(connection, "export", format=form, mentions=written)
    return written


def _rows(database: Database, scope: Scope) -> Iterator[dict[str, Any]]:
    query = (
        select(
            *(document.c.collection, document.c.name.label("document"), document.c.patient, document.c.date),
            *(mention.c.number.label("mention"), mention.c.start, mention.c.end, mention.c.text),
            *(concept.c.label, concept.c.surface.label("concept"), mention.c.probability, mention.c.depth),
            *(mention.c.parent, mention.c.assertion, document.c.run),
            *(document.c.id.label("note_id"), text.c.body, run.c.model, run.c.version, run.c.started),
        )
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .join(concept, concept.c.id == mention.c.concept)
        .join(run, run.c.id == document.c.run)
        .outerjoin(text, text.c.id == document.c.text)
        .where(scope.documents, *scope.mentions())
        .order_by(document.c.id, mention.c.number)
    )
    with database.reading() as connection:
        for row in connection.execution_options(yield_per=BATCH).execute(query).mappings():
            yield dict(row)


def to_note_nlp(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A mention as a row of NOTE_NLP. It has no place for an end, a probability and nesting of its own: they
    are among the modifiers.

    row (Dict[str, Any]): The mention.
    number (int): Its number, from 1.
    RETURNS (Dict[str, Any]): The row.
    """
    body, start, end = row["body"], row["start"], row["end"]
    said = set((row["assertion"] or "affirmed").split(","))
    modifiers = {
        **{"label": row["label"], "end": end, "mention": row["mention"], "parent": row["parent"]},
        **{"probability": row["probability"], "assertion": row["assertion"]},
    }
    return {
        **{"note_nlp_id": number, "note_id": row["note_id"], "section_concept_id": NO_CONCEPT},
        "snippet": None if body is None else body[max(0, start - AROUND) : end + AROUND][:SHORT],
        **{"offset": str(start), "lexical_variant": row["text"][:SHORT]},
        **{"note_nlp_concept_id": NO_CONCEPT, "note_nlp_source_concept_id": NO_CONCEPT},
        "nlp_system": " ".join(filter(None, (row["model"], row["version"])))[:SHORT],
        **{"nlp_date": row["started"][:10], "nlp_datetime": row["started"][:19]},
        "term_exists": "N" if said & {"negated", "family"} else "Y",
        "term_temporal": "Past" if "historical" in said else "Present",
        "term_modifiers": ";".join(f"{name}={x}" for name, x in modifiers.items() if x is not None),
    }
