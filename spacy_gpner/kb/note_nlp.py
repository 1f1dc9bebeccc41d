"""Mentions as OMOP's table NOTE_NLP (Common Data Model 5.4): a view, and what is exported."""

from typing import Any, Optional

from sqlalchemy import Integer, Select, Text, case, cast, func, literal, null, or_, select
from sqlalchemy.sql.elements import ColumnElement

from .rows import AROUND
from .schema import concept, document, mention, run, text

VIEW = "note_nlp"
# How long its texts can be
SHORT = 250
# Its number of what has no concept in its vocabularies
NO_CONCEPT = 0
# What its TERM_EXISTS calls false
NOT_THERE = ("negated", "family", "hypothetical")
# Digits of a probability, as a power of ten
DIGITS = 10_000


def select_note_nlp() -> Select[Any]:
    """All mentions as rows of NOTE_NLP. It has no place for an end, a probability and nesting of its own:
    they are among the modifiers.

    RETURNS (Select): The query, by document and mention.
    """
    # Columns of one table, whose index is in this order
    order = (mention.c.document, mention.c.number)
    started, none = run.c.started, literal(NO_CONCEPT)
    return (
        select(
            func.row_number().over(order_by=order).label("note_nlp_id"),
            document.c.id.label("note_id"),
            none.label("section_concept_id"),
            around(text.c.body, SHORT).label("snippet"),
            cast(mention.c.start, Text).label("offset"),
            func.substr(mention.c.text, 1, SHORT).label("lexical_variant"),
            none.label("note_nlp_concept_id"),
            none.label("note_nlp_source_concept_id"),
            func.substr(run.c.model + func.coalesce(" " + run.c.version, ""), 1, SHORT).label("nlp_system"),
            func.substr(started, 1, 10).label("nlp_date"),
            func.substr(started, 1, 19).label("nlp_datetime"),
            case((or_(*map(_says, NOT_THERE)), "N"), else_="Y").label("term_exists"),
            case((_says("historical"), "Past"), else_="Present").label("term_temporal"),
            _modifiers().label("term_modifiers"),
        )
        .select_from(mention)
        .join(document, document.c.id == mention.c.document)
        .join(concept, concept.c.id == mention.c.concept)
        .join(run, run.c.id == document.c.run)
        .outerjoin(text, text.c.id == document.c.text)
        .order_by(*order)
    )


def around(body: ColumnElement[Any], most: Optional[int] = None) -> ColumnElement[Any]:
    """What stands around a mention.

    body (ColumnElement): The text; nothing where it is not kept.
    most (Optional[int]): The most characters of it; None for all.
    RETURNS (ColumnElement): The passage.
    """
    start, end = mention.c.start, mention.c.end
    first = case((start > AROUND, start - AROUND), else_=0)
    length = end + AROUND - first
    return func.substr(body, first + 1, length if most is None else case((length > most, most), else_=length))


def _says(word: str) -> ColumnElement[bool]:
    return func.coalesce(mention.c.assertion, "").contains(word)


def _modifiers() -> ColumnElement[Any]:
    share = cast(func.round(mention.c.probability * DIGITS), Integer)
    digits = func.substr(cast(DIGITS + share, Text), 2)
    probability = case((share >= DIGITS, "1"), else_="0." + digits)
    parts: list[ColumnElement[Any]] = [
        literal("label=") + concept.c.label,
        ";end=" + cast(mention.c.end, Text),
        ";mention=" + cast(mention.c.number, Text),
        _if_there(mention.c.parent, ";parent=" + cast(mention.c.parent, Text)),
        _if_there(mention.c.probability, ";probability=" + probability),
        _if_there(mention.c.assertion, ";assertion=" + mention.c.assertion),
        ";collection=" + document.c.collection,
        ";document=" + document.c.name,
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def _if_there(value: ColumnElement[Any], shown: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((value != null(), shown), else_="")
