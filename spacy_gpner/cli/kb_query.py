"""`spacy gpner kb query …`: questions to a knowledge base."""

from enum import StrEnum
from functools import partial
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from ._kb import (
    ANY,
    ASSERTION,
    COLLECTION,
    DB,
    FORMAT,
    LABELS,
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
    show_answer,
    show_page,
)

query_cli = typer.Typer(
    name="query", help="Ask a knowledge base.", no_args_is_help=True, rich_markup_mode=None
)


class By(StrEnum):
    """What is counted."""

    document = "document"
    patient = "patient"


@query_cli.command(
    "cooccur",
    short_help="What is told in the same documents as a concept",
    epilog="Example: spacy gpner kb query cooccur 糖尿病 --of dru --db ward.sqlite; in English "
    "cooccur diabetes --of Chemical",
)
def cooccur_cli(
    term: str = Arg(..., metavar="TERM", help="The concept"),
    db: str = DB,
    labels: list[str] = LABELS,
    of: list[str] = Opt([], "--of", help="The label of the others. May be given again"),
    by: By = Opt(By.document, "--by", help="What is counted"),
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Count what is told in the same documents as a concept, or of the same patients, how much more often
    than by chance (lift), and whether that can be chance (q, the false discovery rate of Fisher's exact test,
    which takes documents as independent: where patients have several, count --by patient).
    """
    with fail_clearly():
        database = open_kb(db)
        from ..kb.questions import cooccurring

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(cooccurring, database, scope, term, labels=labels, of=of, by=by.value)
        show_page(read, form, limit, offset, partial(hint_at, database, scope, term))


@query_cli.command(
    "inside",
    short_help="What lies in what",
    epilog="Example: spacy gpner kb query inside --label bod --outer-label sym --db ward.sqlite",
)
def inside_cli(
    inner: Optional[str] = Arg(None, metavar="[TERM]", help="The inner concept; all without"),
    db: str = DB,
    labels: list[str] = LABELS,
    outer: Optional[str] = Opt(None, "--outer", help="The outer concept"),
    outer_labels: list[str] = Opt([], "--outer-label", help="The outer one's label. May be given again"),
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Count which concepts lie in which others: body parts in symptoms, say, at any depth."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.questions import inside

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(inside, inner=inner, inner_labels=labels, outer=outer, outer_labels=outer_labels)
        hint = partial(hint_at, database, scope, inner if outer is None else outer)
        show_page(partial(read, database, scope), form, limit, offset, hint)


@query_cli.command(
    "concepts",
    short_help="Which concepts there are",
    epilog="Example: spacy gpner kb query concepts 胰岛素 --db ward.sqlite",
)
def concepts_cli(
    term: Optional[str] = Arg(None, metavar="[TERM]", help="What stands in their names; all without"),
    db: str = DB,
    labels: list[str] = LABELS,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """List the concepts in whose names some characters stand, those that are told most first."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.concepts import list_concepts

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(list_concepts, database, scope, term, labels=labels)
        show_page(read, form, limit, offset, partial(hint_at, database, scope, None))


@query_cli.command(
    "codes",
    short_help="How often each code is told, and how it is written",
    epilog="Example: spacy gpner kb query codes icd10 --db ward.sqlite",
)
def codes_query_cli(
    system: str = Arg(..., metavar="CODES", help="The code table"),
    db: str = DB,
    labels: list[str] = LABELS,
    least: Optional[float] = Opt(None, "--threshold", help="Only links of at least this score"),
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Count the documents and mentions of each code, and the ways of writing that are linked to it."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.linking import coded

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        show_page(partial(coded, database, scope, system, labels=labels, least=least), form, limit, offset)


@query_cli.command(
    "timeline",
    short_help="What was found when",
    epilog="Example: spacy gpner kb query timeline --patient p17 --label dis --db ward.sqlite",
)
def timeline_cli(
    term: Optional[str] = Arg(None, metavar="[TERM]", help="A concept; all without"),
    db: str = DB,
    labels: list[str] = LABELS,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """Tell by date what was found in documents that have one: of a patient, of a ward (--where ward=3)."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.questions import timeline

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(timeline, database, scope, term, labels=labels)
        show_page(read, form, limit, offset, partial(hint_at, database, scope, term))


@query_cli.command(
    "mentions",
    short_help="Where a concept is told",
    epilog="Example: spacy gpner kb query mentions 高血压 --db ward.sqlite --any",
)
def mentions_cli(
    term: str = Arg(..., metavar="TERM", help="The concept"),
    db: str = DB,
    labels: list[str] = LABELS,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """List the mentions of a concept, with documents, places and passages."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.questions import mentioned

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(mentioned, database, scope, term, labels=labels)
        show_page(read, form, limit, offset, partial(hint_at, database, scope, term))


@query_cli.command(
    "patients",
    short_help="Of which patients a concept is told",
    epilog="Example: spacy gpner kb query patients 高血压 --label dis --db ward.sqlite",
)
def patients_cli(
    term: str = Arg(..., metavar="TERM", help="The concept"),
    db: str = DB,
    labels: list[str] = LABELS,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    model: Optional[str] = MODEL,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
    limit: int = LIMIT,
    offset: int = OFFSET,
) -> None:
    """List the patients of whom a concept is told, in how many documents, and when first and last."""
    with fail_clearly():
        database = open_kb(db)
        from ..kb.questions import patients_with

        scope = make_scope(database, model, collection, patient, where, any_, assertion)
        read = partial(patients_with, database, scope, term, labels=labels)
        show_page(read, form, limit, offset, partial(hint_at, database, scope, term), count=True)


@query_cli.command(
    "differences",
    short_help="What two models found in the same documents",
    epilog="Example: spacy gpner kb query differences teacher student --db ward.sqlite",
)
def differences_cli(
    first: str = Arg(..., metavar="MODEL", help="A model's name or an annotator's digits"),
    second: str = Arg(..., metavar="MODEL", help="The other's"),
    db: str = DB,
    collection: Optional[str] = COLLECTION,
    patient: Optional[str] = PATIENT,
    where: list[str] = WHERE,
    any_: bool = ANY,
    assertion: Optional[Assertion] = ASSERTION,
    form: Form = FORMAT,
) -> None:
    """Count by label the mentions that both found, and those that one alone did, in documents that both have
    read.
    """
    with fail_clearly():
        database = open_kb(db)
        from ..kb.annotators import differences

        scope = make_scope(database, first, collection, patient, where, any_, assertion)
        other = make_scope(database, second, collection, None, [], any_)
        show_answer(differences(database, scope, other), form)
