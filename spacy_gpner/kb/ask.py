"""Questions as a clinician types them, as queries: no text is generated."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Optional

from ..errors import KnowledgeError
from ..words import whole_word
from .database import Database
from .marking import VERB, Marked, find_patient, find_word, mark_known
from .question_patterns import CONCEPT, LABEL, MARKS, PATIENT, Patterns, Query
from .questions import cooccurring, inside, mentioned, patients_with, timeline
from .rows import FIRST, Answer, Page
from .scope import Scope
from .surface import to_surface

LONGEST = 500
SIGN = rf"[{CONCEPT}{LABEL}{PATIENT}{VERB}]|[\W_]"


@dataclass(frozen=True)
class Understood:
    """What a question asks.

    query (str): The query.
    term (Optional[str]): The concept.
    labels (Sequence[str]): The types that are asked for; none for all.
    patient (Optional[str]): The patient.
    """

    query: Query
    term: Optional[str]
    labels: Sequence[str]
    patient: Optional[str]

    def show(self, scope: Scope) -> str:
        """The command that asks the same.

        scope (Scope): What it is asked about.
        RETURNS (str): The command.
        """
        parts = ["kb", "query", "inside" if self.query == "around" else self.query]
        if self.term is not None:
            parts += ["--outer", self.term] if self.query == "inside" else [self.term]
        option = {"cooccur": "--of", "around": "--outer-label"}.get(self.query, "--label")
        for label in self.labels:
            parts += [option, label]
        patient = scope.patient if self.patient is None else self.patient
        for name, value in (
            ("--patient", patient),
            ("--collection", scope.collection),
            *(("--where", f"{column}={value}") for column, value in scope.where),
            ("--assertion", scope.assertion),
        ):
            parts += [name, value] if value is not None else []
        parts += [] if scope.affirmed else ["--any"]
        # What shlex calls unsafe is all that is not ASCII
        return " ".join(x if re.fullmatch(r"[\w-]+", x) else shlex.quote(x) for x in parts)

    def narrow(self, scope: Scope) -> Scope:
        """The scope with the patient that is asked about.

        scope (Scope): What is asked about otherwise.
        RETURNS (Scope): The scope.
        RAISES (KnowledgeError): If it is about another patient.
        """
        if self.patient is None:
            return scope
        if scope.patient not in (None, self.patient):
            raise KnowledgeError("The question is about another patient than the one that was chosen.")
        return replace(scope, patient=self.patient)


def understand(database: Database, scope: Scope, question: str, patterns: Patterns) -> Understood:
    """Find what a question asks: by what the knowledge base knows that stands in it, longest first, words for
    types, and how both stand to each other.

    database (Database): The knowledge base.
    scope (Scope): Whose readings.
    question (str): The question.
    patterns (Patterns): The ways of asking.
    RETURNS (Understood): What it asks.
    RAISES (KnowledgeError): If it is not understood, or about more than it can be answered about.
    """
    asked = to_surface(question.translate(dict.fromkeys(map(ord, (*MARKS.values(), VERB)))))
    if not re.search(r"\w", asked) or len(asked) > LONGEST:
        raise KnowledgeError(f"A question has from 1 to {LONGEST} characters, and a word.")
    with database.reading() as connection:
        known = mark_known(connection, scope, asked, patterns)
    _check_one(known, patterns)
    for pattern in patterns.patterns:
        by_label = LABEL in pattern.expression.pattern
        if pattern.is_about(known.label) and pattern.expression.search(
            known.labelled if by_label else known.marked
        ):
            # Whoever asks which patients take drugs for a disease asks for more than who has the disease
            types_count = pattern.query not in ("mentions", "patients")
            if by_label:
                _check_one_type(known)
            _check_rest(known, patterns, by_label=by_label, types_count=types_count)
            return Understood(pattern.query, known.term, known.wanted if types_count else [], known.patient)
    found = (
        f"the concept '{known.term}'" if known.term else "no concept",
        f"the labels {', '.join(known.wanted)}" if known.wanted else "no label",
        f"the patient '{known.patient}'" if known.patient else "no patient",
    )
    if patterns.labels and not known.types:
        raise KnowledgeError(
            f"The question is not understood: the labels of this knowledge base ({', '.join(known.labels)}) "
            "have no words in the question's language. Ask in another, or give words of yours as --patterns."
        )
    example = f" ({patterns.example})" if patterns.example else ""
    raise KnowledgeError(
        f"The question is not understood. Known of it: {', '.join(found)}. Ask for what is told "
        f"together with something{example}, what lies in it, which patients have it, which documents tell of "
        "it, or what a patient had when; or use `spacy gpner kb query` and `kb search`, which finds any "
        "characters."
    )


def _check_one(known: Marked, patterns: Patterns) -> None:
    """Refuse a question that is turned, or about several patients or concepts."""
    others = [x for x in known.patients if x != known.called and find_patient(known.labelled, x) >= 0]
    if others or (known.called is not None and len(known.patients[known.called]) > 1):
        raise KnowledgeError(
            "The question is about several patients, and about one it can be answered. Where their names "
            "differ in upper and lower case alone, leave them out, and give one as --patient."
        )
    # Single characters stand in other words, too
    others = [x for x in known.concepts if len(x) > 1 and find_word(known.labelled, x) >= 0]
    if turned := re.search(patterns.turned_by, known.labelled):
        term = "TERM" if known.term is None or others else f"'{known.term}'"
        raise KnowledgeError(
            f"Questions are answered from what is there, now, and the patient's own; '{turned[0]}' asks for "
            f"something else. `spacy gpner kb query patients {term} --assertion negated` tells of whom it is "
            f"denied (or uncertain, or family), and `kb query mentions {term} --any` all that is said of it, "
            "and how it is meant."
        )
    if known.term is not None and others:
        raise KnowledgeError(
            f"The question is about '{known.term}' and about '{max(others, key=len)}', and about one thing "
            f"it can be answered. `spacy gpner kb query cooccur '{known.term}'` lists what is told together "
            "with it."
        )


def _check_one_type(known: Marked) -> None:
    """Refuse a question about several types."""
    # Single characters stand in other words, too; what touches the word for the type belongs to it
    rest = "".join(re.split(f"(?:{'|'.join(map(re.escape, known.words))})*{LABEL}", known.labelled))
    unwanted = chain.from_iterable(own for label, own in known.types.items() if label not in known.wanted)
    if others := [x for x in unwanted if len(x) > 1 and find_word(rest, x) >= 0]:
        raise KnowledgeError(
            f"The question is about '{known.word}' and about '{max(others, key=len)}', and about one of them "
            "it can be answered."
        )


def _check_rest(known: Marked, patterns: Patterns, *, by_label: bool, types_count: bool) -> None:
    """Refuse a question that would be answered as if a part of it were not there."""
    rest = known.labelled if by_label else known.marked
    found = [*(known.words if types_count else ()), *filter(None, (known.term, known.called))]
    if patterns.words and (left := _left_over(rest, [*patterns.words, *found])):
        raise KnowledgeError(
            f"The question is not understood: of '{left}' nothing is known. `spacy gpner kb search` "
            "finds any characters; --where COLUMN=VALUE asks of a ward, say; --patterns takes words of yours."
        )


def _left_over(marked: str, words: Sequence[str]) -> str:
    """What of a question that is not wholly of marks, signs and some words is none of them."""
    known = [SIGN, *(whole_word(word.lower()) for word in sorted(words, key=len, reverse=True))]
    expressions, reached = list(map(re.compile, known)), {0}
    for start in range(len(marked)):
        if start in reached:
            reached.update(x.end() for own in expressions if (x := own.match(marked, start)))
    return "" if len(marked) in reached else " ".join(re.sub("|".join(known), " ", marked).split())


def answer(database: Database, scope: Scope, asked: Understood, page: Page = FIRST) -> Answer:
    """Answer a question.

    database (Database): The knowledge base.
    scope (Scope): What is asked about.
    asked (Understood): What is asked.
    page (Page): Which rows.
    RETURNS (Answer): The answer of its query.
    RAISES (KnowledgeError): If the question is about another patient than the scope.
    """
    scope = asked.narrow(scope)
    term, labels = asked.term, asked.labels
    if asked.query == "timeline":
        return timeline(database, scope, term, labels=labels, page=page)
    assert term is not None
    if asked.query == "mentions":
        return mentioned(database, scope, term, page=page)
    if asked.query == "patients":
        return patients_with(database, scope, term, page=page)
    if asked.query == "inside":
        return inside(database, scope, inner_labels=labels, outer=term, page=page)
    if asked.query == "around":
        return inside(database, scope, inner=term, outer_labels=labels, page=page)
    return cooccurring(database, scope, term, of=labels, page=page)
