"""Questions as a clinician types them, as queries: no text is generated."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Optional

from sqlalchemy import Connection, func, literal, select

from ..errors import KnowledgeError
from ..words import whole_word
from .database import SQLITE, Database
from .question_patterns import CONCEPT, LABEL, MARKS, PATIENT, Patterns, Query
from .questions import cooccurring, inside, mentioned, patients_with, timeline
from .rows import FIRST, Answer, Page
from .schema import concept, document
from .scope import Scope
from .surface import to_surface

LONGEST = 500
SIGN = rf"[{CONCEPT}{LABEL}{PATIENT}]|[\W_]"


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

    def show(self) -> str:
        """The command that asks the same."""
        parts = ["kb", "query", "inside" if self.query == "around" else self.query]
        if self.term is not None:
            parts += ["--outer", self.term] if self.query == "inside" else [self.term]
        option = {"cooccur": "--of", "around": "--outer-label"}.get(self.query, "--label")
        for label in self.labels:
            parts += [option, label]
        parts += ["--patient", self.patient] if self.patient is not None else []
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


@dataclass(frozen=True)
class _Marked:
    """A question with marks in the place of what is known of it.

    marked (str): The question with marks for the concept and the patient.
    labelled (str): The same with a mark for the word for a type, too.
    term (Optional[str]): The concept.
    word (Optional[str]): The word for a type.
    called (Optional[str]): What the patient is called in the question.
    concepts (Sequence[str]): All concepts that stand in it.
    patients (Mapping[str, Sequence[str]]): All patients who are named in it, by what they are called there.
    types (Mapping[str, Sequence[str]]): The words for each type that the knowledge base has, by label.
    """

    marked: str
    labelled: str
    term: Optional[str]
    word: Optional[str]
    called: Optional[str]
    concepts: Sequence[str]
    patients: Mapping[str, Sequence[str]]
    types: Mapping[str, Sequence[str]]

    @property
    def words(self) -> list[str]:
        """All words for types."""
        return list(dict.fromkeys(chain.from_iterable(self.types.values())))

    @property
    def wanted(self) -> list[str]:
        """The types that the word is for."""
        return [label for label, own in self.types.items() if self.word in own]

    @property
    def patient(self) -> Optional[str]:
        """The patient."""
        return None if self.called is None else self.patients[self.called][0]


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
    asked = to_surface(question.translate(dict.fromkeys(map(ord, MARKS.values()))))
    if not asked or len(asked) > LONGEST:
        raise KnowledgeError(f"A question has from 1 to {LONGEST} characters.")
    known = _mark_known(database, scope, asked, patterns)
    _check_one(known, patterns)
    for pattern in patterns.patterns:
        by_label = LABEL in pattern.expression.pattern
        if pattern.expression.search(known.labelled if by_label else known.marked):
            # Whoever asks which patients take drugs for a disease asks for more than who has the disease
            types_count = pattern.query not in ("mentions", "patients")
            if by_label:
                _check_one_type(known)
            _check_rest(known, patterns, by_label=by_label, types_count=types_count)
            return Understood(pattern.query, known.term, known.wanted if types_count else [], known.patient)
    found = [
        *([f"the concept '{known.term}'"] if known.term else []),
        *([f"the labels {', '.join(known.wanted)}"] if known.wanted else []),
        *([f"the patient '{known.patient}'"] if known.patient else []),
    ]
    example = f" ({patterns.example})" if patterns.example else ""
    raise KnowledgeError(
        f"The question is not understood. Known of it: {', '.join(found) or 'nothing'}. Ask for what is told "
        f"together with something{example}, what lies in it, which patients have it, which documents tell of "
        "it, or what a patient had when; or use `spacy gpner kb query` and `kb search`, which finds any "
        "characters."
    )


def _mark_known(database: Database, scope: Scope, asked: str, patterns: Patterns) -> _Marked:
    """Mark what is known of a question."""
    with database.reading() as connection:
        patients = _find_patients(connection, scope, asked)
        surfaces = _find_concepts(connection, asked)
        labels = set(connection.execute(select(concept.c.label).distinct()).scalars())
    words_of = {to_surface(label): own for label, own in patterns.labels.items()}
    types = {label: words_of[form] for label in sorted(labels) if (form := to_surface(label)) in words_of}
    words = list(chain.from_iterable(types.values()))
    marked, called = _mark(asked, ((_find_patient(asked, x), x) for x in patients), PATIENT)
    # A word for a type is no concept: 疾病, and what stands before 药
    concepts = [x for x in surfaces if x not in words]
    marked, term = _mark(marked, ((_find(marked, x), x) for x in concepts), CONCEPT)
    # What is asked for stands last: in 治疗药物 drugs
    labelled, word = _mark(marked, ((_find(marked, x, last=True), x) for x in words), LABEL, last=True)
    return _Marked(marked, labelled, term, word, called, concepts, patients, types)


def _check_one(known: _Marked, patterns: Patterns) -> None:
    """Refuse a question that is turned, or about several patients or concepts."""
    others = [x for x in known.patients if x != known.called and _find_patient(known.labelled, x) >= 0]
    if others or (known.called is not None and len(known.patients[known.called]) > 1):
        raise KnowledgeError(
            "The question is about several patients, and about one it can be answered. Where their names "
            "differ in upper and lower case alone, leave them out, and give one as --patient."
        )
    if turned := re.search(patterns.turned_by, known.labelled):
        term = f"'{known.term}'" if known.term is not None else "TERM"
        raise KnowledgeError(
            f"Questions are answered from what is there, now, and the patient's own; '{turned[0]}' asks for "
            f"something else. `spacy gpner kb query patients {term} --assertion negated` tells of whom it is "
            f"denied, and `kb query mentions {term} --any` all that is said of it, and how it is meant."
        )
    # Single characters stand in other words, too
    others = [x for x in known.concepts if len(x) > 1 and _find(known.labelled, x) >= 0]
    if known.term is not None and others:
        raise KnowledgeError(
            f"The question is about '{known.term}' and about '{max(others, key=len)}', and about one thing "
            f"it can be answered. `spacy gpner kb query cooccur '{known.term}'` lists what is told together "
            "with it."
        )


def _check_one_type(known: _Marked) -> None:
    """Refuse a question about several types."""
    # Single characters stand in other words, too; what touches the word for the type belongs to it
    rest = "".join(re.split(f"(?:{'|'.join(map(re.escape, known.words))})*{LABEL}", known.labelled))
    unwanted = chain.from_iterable(own for label, own in known.types.items() if label not in known.wanted)
    if others := [x for x in unwanted if len(x) > 1 and _find(rest, x) >= 0]:
        raise KnowledgeError(
            f"The question is about '{known.word}' and about '{max(others, key=len)}', and about one of them "
            "it can be answered."
        )


def _check_rest(known: _Marked, patterns: Patterns, *, by_label: bool, types_count: bool) -> None:
    """Refuse a question that would be answered as if a part of it were not there."""
    rest = known.labelled if by_label else known.marked
    found = [*(known.words if types_count else ()), *filter(None, (known.term, known.called))]
    if patterns.words and (left := _left_over(rest, [*patterns.words, *found])):
        raise KnowledgeError(
            f"The question is not understood: of '{left}' nothing is known. `spacy gpner kb search` "
            "finds any characters; --patterns takes words of yours."
        )


def _left_over(marked: str, words: Sequence[str]) -> str:
    """What of a question that is not wholly of marks, signs and some words is none of them."""
    known = [SIGN, *(whole_word(word.lower()) for word in sorted(words, key=len, reverse=True))]
    expressions, reached = list(map(re.compile, known)), {0}
    for start in range(len(marked)):
        if start in reached:
            reached.update(x.end() for own in expressions if (x := own.match(marked, start)))
    return "" if len(marked) in reached else " ".join(re.sub("|".join(known), " ", marked).split())


def _find(asked: str, word: str, *, last: bool = False) -> int:
    """Where a text has a word, for the first or the last time; below 0 where it has not."""
    places = [match.start() for match in re.finditer(whole_word(word.lower()), asked)]
    return places[-1 if last else 0] if places else -1


def _find_concepts(connection: Connection, asked: str) -> list[str]:
    """The surfaces that stand in a question."""
    find = func.instr if connection.dialect.name == SQLITE else func.strpos
    query = select(concept.c.surface).where(find(literal(asked), concept.c.surface) > 0).distinct()
    return list(connection.execute(query).scalars())


def _find_patients(connection: Connection, scope: Scope, asked: str) -> dict[str, list[str]]:
    """The patients whose names stand in a question, by the usual form of these, which several may have."""
    query = select(document.c.patient).where(document.c.patient.is_not(None), scope.readings).distinct()
    # Databases bring letters to lower case in ways of their own: SQLite those of ASCII alone
    found: dict[str, list[str]] = {}
    for name in connection.execute(query).scalars():
        if (form := to_surface(name)) and form in asked:
            found.setdefault(form, []).append(name)
    return found


def _mark(
    asked: str, values: Iterable[tuple[int, str]], mark: str, *, last: bool = False
) -> tuple[str, Optional[str]]:
    """Put a mark in the place of a value that stands in a text.

    asked (str): The text.
    values (Iterable[Tuple[int, str]]): Values and where they begin; below 0 where they don't stand there.
    mark (str): The mark.
    last (bool): Whether to take the value that ends last; else the longest, of several the first.
    RETURNS (Tuple[str, Optional[str]]): The text with the mark, and the value, if there is one.
    """
    places = [(start, value) for start, value in values if start >= 0]
    if not places:
        return asked, None
    if last:
        start, value = max(places, key=lambda x: (x[0] + len(x[1]), len(x[1])))
    else:
        start, value = min(places, key=lambda x: (-len(x[1]), *x))
    return asked[:start] + mark + asked[start + len(value) :], value


def _find_patient(asked: str, name: str) -> int:
    """Where a question names a patient: P1 is not in P12, and numbers alone are told as 患者12. Below 0 where
    it does not.
    """
    first = "(?:患者|病人|patient )" if name.isdecimal() else ""
    found = re.search(f"{first}({whole_word(name)})", asked)
    return -1 if found is None else found.start(1)


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
