"""`spacy gpner kb …`: a knowledge base of annotations."""

import os
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Optional

import typer
from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from ._kb import (
    ANY,
    ASSERTION,
    COLLECTION,
    DB,
    FORMAT,
    LIMIT,
    MODEL,
    OFFSET,
    PATIENT,
    WHERE,
    Assertion,
    Form,
    hint_at,
    make_scope,
    open_kb,
    require_kb,
    show_answer,
    show_page,
)
from .kb_codes import codes_cli, link_cli
from .kb_query import query_cli

kb_cli = typer.Typer(
    name="kb", help="A knowledge base of annotations", no_args_is_help=True, rich_markup_mode=None
)


class ExportForm(StrEnum):
    """What mentions are written as."""

    csv = "csv"
    parquet = "parquet"
    note_nlp = "note_nlp"


@kb_cli.command(
    "build",
    short_help="Take in what `annotate` wrote, and what is new since",
    epilog="Example: spacy gpner kb build annotated --db ward.sqlite --collection clinical",
)
def build_cli(
    outputs: list[Path] = Arg(..., metavar="OUT", help="Outputs of `annotate`"),
    db: str = DB,
    collection: str = Opt("main", "--collection", help="What the documents belong to"),
    patient: str = Opt("patient", "--patient-column", help="The carried column that names the patient"),
    date: str = Opt("date", "--date-column", help="The carried column of the document's date, as ISO 8601"),
) -> None:
    """Take runs of `annotate` into a knowledge base, which is made if there is none. Built again, it takes in
    what is new: a changed document replaces its own rows, and two models' readings live beside each other.
    Passages can be searched and shown if the column of the text was carried along (annotate --carry text).
    """
    from tqdm import tqdm
    from wasabi import msg

    from ..tables import print_table

    with fail_clearly():
        require_kb()
        from ..archive.permissions import like_inputs
        from ..kb.annotations import open_annotations
        from ..kb.build import Columns, build
        from ..kb.database import file_of
        from ..kb.linking import linked_systems

        found = [open_annotations(path) for path in outputs]
        with like_inputs(outputs, file_of(db) or Path()):
            database = open_kb(db, make=True)
        total = sum(len(own) for output in found for own in output.shards.values())
        with tqdm(total=total, unit=" shards", disable=None) as bar:
            built = build(
                database, found, collection=collection, columns=Columns(patient, date), progress=bar.update
            )
        print_table(
            [
                ("new shards", f"{built.shards:,} of {total:,}"),
                ("documents", built.documents),
                ("mentions", built.mentions),
                ("vanished", built.vanished),
            ]
        )
        if built.erased:
            msg.info(
                f"{built.erased:,} documents were erased before, or are of a patient who was, and are left "
                "out. `spacy gpner kb erase --lift` lifts an erasure."
            )
        if built.failed:
            msg.warn(
                f"At {built.failed:,} documents the pipeline failed: no question counts them. `annotate` "
                "tries them again."
            )
        if built.replaced:
            msg.warn(
                f"{built.replaced:,} documents took the place of those of the same name from another output. "
                "If they are other documents, build each archive into a --collection of its own."
            )
        if built.stale:
            msg.warn(
                f"{built.stale:,} documents are of annotations that lay in these outputs before, and are not "
                "in those that lie there now. If they are gone, build anew into another --db."
            )
        if built.without_patient and patient:
            msg.warn(
                f"{built.without_patient:,} documents are of no patient that is known. Name another carried "
                "column with --patient-column, into another --db, or none with --patient-column ''."
            )
        if built.without_text:
            msg.warn(
                f"{built.without_text:,} documents came without their text, so that no passages of them are "
                "found. Annotate with --carry and the column of the text."
            )
        if built.undated:
            msg.warn(f"{built.undated:,} dates are none of ISO 8601, such as 2026-03-01, and are left out.")
        if built.concepts and (systems := linked_systems(database)):
            msg.warn(
                f"{built.concepts:,} concepts are new and have no codes yet: spacy gpner kb link {systems[0]}"
            )
        if built.unfinished:
            msg.warn(f"Not finished: {', '.join(built.unfinished)}. Annotate on, and build again.")
        msg.good(database.name)


@kb_cli.command(
    "search",
    short_help="Find passages by any characters",
    epilog="Example: spacy gpner kb search 血糖 升高 --db ward.sqlite --format json; in English "
    "glucose raised",
)
def search_cli(
    terms: list[str] = Arg(..., metavar="TERM", help="What the text has to have: all of them"),
    db: str = DB,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Find the texts that have all terms, each of one character or more, wherever they stand in a word. Of
    each the places of the terms are told, in characters of the document, and the passage around the first.
    """
    with fail_clearly():
        database = open_kb(db)
        from ..kb.rows import Answer, Page
        from ..kb.search import search

        of_all = model is None
        scope = make_scope(database, model, collection, patient, where, any_=True, of_all=of_all)
        of = scope.filters if of_all else [scope.readings, *scope.filters]

        def read(page: Page) -> Answer:
            found = search(database, terms, of=of, few=patient is not None, page=page)
            offsets: list[Any] = [[list(place) for place in own.offsets] for own in found]
            if form is Form.table:
                offsets = [", ".join(f"{start}-{end}" for start, end in own) for own in offsets]
            rows = [
                (own.collection, own.document, own.patient, own.date, places, own.start, own.passage)
                for own, places in zip(found, offsets, strict=True)
            ]
            columns = ["collection", "document", "patient", "date", "offsets", "start", "passage"]
            return Answer(columns, rows)

        show_page(read, form, limit, offset)


@kb_cli.command(
    "ask",
    short_help="Ask a question in words",
    epilog="Example: spacy gpner kb ask 糖尿病患者常用哪些药？ --db ward.sqlite; in English "
    "'Which drugs do patients with diabetes take?'",
)
def ask_cli(
    question: str = Arg(..., metavar="QUESTION", help="The question, in Chinese or English"),
    db: str = DB,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    patterns: Optional[Path] = Opt(None, "--patterns", help="A YAML file of words and patterns of your own"),
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Find the query that a question in words is, by patterns and by the concepts that stand in it; say which
    it is, and answer it. What is not understood is said so: no text is generated.
    """
    from wasabi import msg

    with fail_clearly():
        database = open_kb(db)
        from ..kb.ask import answer, understand
        from ..kb.question_patterns import choose_patterns, read_patterns

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        ways = choose_patterns(question) if patterns is None else read_patterns(patterns)
        asked = understand(database, scope, question, ways)
        if form is Form.table:
            msg.info(asked.show(scope))
        hint = partial(hint_at, database, asked.narrow(scope), asked.term)
        read = partial(answer, database, scope, asked)
        show_page(read, form, limit, offset, hint, count=asked.query == "patients")


@kb_cli.command(
    "erase",
    short_help="Erase documents with all that is known of them",
    epilog="Example: spacy gpner kb erase --patient p17 --db ward.sqlite",
)
def erase_cli(
    db: str = DB,
    name: Optional[str] = Opt(None, "--document", help="The document's name"),
    patient: Optional[str] = Opt(None, "--patient", help="The patient's name"),
    collection: Optional[str] = COLLECTION,
    dry_run: bool = Opt(False, "--dry-run", help="Say what would be erased, and leave it"),
    lift: bool = Opt(False, "--lift", help="Lift an erasure: builds take in again what it is about"),
) -> None:
    """Erase a document, or all of a patient, from all annotators' readings: mentions, text, and concepts that
    nobody else has. Builds leave them out from then on. What is left in files is told.
    """
    from wasabi import msg

    with fail_clearly():
        database = open_kb(db)
        from ..errors import KnowledgeError
        from ..kb import forget

        if lift and dry_run:
            raise KnowledgeError("--lift removes nothing, and has no --dry-run. Give one of them.")
        if lift:
            forget.lift(database, name=name, patient=patient, collection=collection)
            msg.good("Lifted: builds take in again what is new")
            msg.info("What they left out until now comes in where it is annotated into another output.")
            return
        erased = forget.erase(database, name=name, patient=patient, collection=collection, dry_run=dry_run)
        said = f"{erased.documents:,} documents with {erased.mentions:,} mentions"
        if dry_run:
            msg.info(f"Would be erased: {said}")
            return
        msg.good(f"Erased: {said}")
        msg.warn(
            "They are still in the annotations, and in what was annotated",
            "\n".join(erased.outputs)
            + "\nRemove them there too: builds into this database leave them out, those into others don't.",
        )


@kb_cli.command(
    "export",
    short_help="Write mentions for other tools",
    epilog="Example: spacy gpner kb export note_nlp.csv --format note_nlp --db ward.sqlite",
)
def export_cli(
    path: Path = Arg(..., metavar="OUT", help="The file to write"),
    db: str = DB,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: ExportForm = Opt(
        ExportForm.csv, "--format", "-f", help="note_nlp is the table of OMOP's CDM, as CSV"
    ),
) -> None:
    """Write mentions with their documents, places, concepts and assertions to a new file."""
    from wasabi import msg

    with fail_clearly():
        database = open_kb(db)
        from ..archive.permissions import like_inputs
        from ..errors import KnowledgeError
        from ..kb.export import export

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        with like_inputs([database.file] if database.file else [], path):
            if path.exists():
                raise KnowledgeError(f"{path} is there. Give another file, or remove it first.")
            msg.good(f"{path}: {export(database, scope, path, form.value):,} mentions")


@kb_cli.command(
    "status",
    short_help="Say what a knowledge base holds",
    epilog="Example: spacy gpner kb status --db ward.sqlite",
)
def status_cli(db: str = DB, form: Form = FORMAT) -> None:
    """Say of each collection and annotator how many documents and mentions there are, and when runs ended."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.annotators import status

        show_answer(status(database), form)


@kb_cli.command(
    "serve",
    short_help="Show a knowledge base in the browser",
    epilog="Example: spacy gpner kb serve --db ward.sqlite",
)
def serve_cli(
    db: str = Opt("kb.sqlite", "--db", help="The knowledge base: an SQLite file"),
    port: int = Opt(8001, "--port", "-p", min=1, max=65535, help="The port on this machine"),
    open_browser: bool = Opt(False, "--open", help="Open the address in a browser"),
) -> None:
    """Serve a knowledge base to this machine alone, to read: search, passages with their nested entities,
    questions in words, and all tables in Datasette. The address that is printed has a token, which works
    once: who has not come with it sees nothing.
    """
    with fail_clearly():
        database = open_kb(db)
        from ..archive.extras import require

        # No plugin of Datasette's that happens to be installed
        os.environ.setdefault("DATASETTE_LOAD_PLUGINS", "")
        require("datasette", "kb", "the site")
        from ..kb.site.serve import serve

        serve(database, port, open_browser=open_browser)


kb_cli.command(
    "link",
    short_help="Link concepts to a code table",
    epilog="Example: spacy gpner kb link icd10 --threshold 0.9 --label dis --db ward.sqlite",
)(link_cli)
kb_cli.add_typer(codes_cli)
kb_cli.add_typer(query_cli)
