"""What is known of a question: marks in the place of a concept, a patient and a word for a type."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Optional

from sqlalchemy import Connection, func, literal, select

from ..words import whole_word
from .database import SQLITE
from .question_patterns import CONCEPT, LABEL, PATIENT, Patterns
from .schema import concept, document, mention
from .scope import Scope
from .surface import to_surface

# Stands for a word for a type that is a verb where it stands
VERB = "\ue003"


@dataclass(frozen=True)
class Marked:
    """A question with marks in the place of what is known of it.

    marked (str): The question with marks for the concept and the patient.
    labelled (str): The same with a mark for the word for a type, too.
    term (Optional[str]): The concept.
    label (Optional[str]): What it is mostly.
    word (Optional[str]): The word for a type.
    called (Optional[str]): What the patient is called in the question.
    concepts (Sequence[str]): All concepts that stand in it.
    patients (Mapping[str, Sequence[str]]): All patients who are named in it, by what they are called there.
    types (Mapping[str, Sequence[str]]): The words for each type that the knowledge base has, by label.
    labels (Sequence[str]): All labels that it has.
    """

    marked: str
    labelled: str
    term: Optional[str]
    label: Optional[str]
    word: Optional[str]
    called: Optional[str]
    concepts: Sequence[str]
    patients: Mapping[str, Sequence[str]]
    types: Mapping[str, Sequence[str]]
    labels: Sequence[str]

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


def mark_known(connection: Connection, scope: Scope, asked: str, patterns: Patterns) -> Marked:
    """Mark what is known of a question.

    connection (Connection): The database.
    scope (Scope): Whose readings.
    asked (str): The question, in its usual form.
    patterns (Patterns): The ways of asking.
    RETURNS (Marked): The question with marks.
    """
    patients = _find_patients(connection, scope, asked)
    surfaces = _find_concepts(connection, asked)
    labels = sorted(connection.execute(select(concept.c.label).distinct()).scalars())
    words_of = {to_surface(label): own for label, own in patterns.labels.items()}
    types = {label: words_of[form] for label in labels if (form := to_surface(label)) in words_of}
    words = list(chain.from_iterable(types.values()))
    marked, called = _mark(asked, ((find_patient(asked, x), x) for x in patients), PATIENT)
    # A word for a type is no concept: 疾病, and what stands before 药; nor is a part of a word: 病 in 病人
    asks = {*words, *patterns.words}
    concepts = [x for x in surfaces if x not in words]
    places = ((find_word(_blank(marked, [y for y in asks if x in y != x]), x), x) for x in concepts)
    marked, term = _mark(marked, places, CONCEPT)
    label = None if term is None else _find_label(connection, term)
    spoken = _mark_verbs(marked, words, [x for x in words if x in patterns.words])
    # What is asked for stands last: in 治疗药物 drugs
    labelled, word = _mark(spoken, ((find_word(spoken, x, last=True), x) for x in words), LABEL, last=True)
    return Marked(marked, labelled, term, label, word, called, concepts, patients, types, labels)


def _mark_verbs(marked: str, words: Sequence[str], verbs: Sequence[str]) -> str:
    """Mark what is no word for a type where it stands, but what is done: 用什么药治疗, 治疗糖尿病的药."""
    if not verbs:
        return marked
    some, done = ("|".join(map(re.escape, sorted(own, key=len, reverse=True))) for own in (words, verbs))
    spoken = re.sub(rf"(?:{done})(?={CONCEPT})", VERB, re.sub(rf"({some})(?:{done})", rf"\1{VERB}", marked))
    return spoken if re.search(some, spoken) else marked


def _blank(asked: str, words: Iterable[str]) -> str:
    """A text in which some words are blank."""
    for word in words:
        asked = asked.replace(word, " " * len(word))
    return asked


def find_word(asked: str, word: str, *, last: bool = False) -> int:
    """Where a text has a word.

    asked (str): The text.
    word (str): The word.
    last (bool): Whether the last time counts, in place of the first.
    RETURNS (int): The place; below 0 where it has not.
    """
    places = [match.start() for match in re.finditer(whole_word(word.lower()), asked)]
    return places[-1 if last else 0] if places else -1


def _find_concepts(connection: Connection, asked: str) -> list[str]:
    """The surfaces that stand in a question."""
    find = func.instr if connection.dialect.name == SQLITE else func.strpos
    query = select(concept.c.surface).where(find(literal(asked), concept.c.surface) > 0).distinct()
    return list(connection.execute(query).scalars())


def _find_label(connection: Connection, term: str) -> Optional[str]:
    """Under which label a concept is told most."""
    told = select(concept.c.label).join(mention, mention.c.concept == concept.c.id)
    told = told.where(concept.c.surface == term).group_by(concept.c.label)
    label: Optional[str] = connection.execute(told.order_by(func.count().desc()).limit(1)).scalar()
    return label


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


def find_patient(asked: str, name: str) -> int:
    """Where a question names a patient: P1 is not in P12, and numbers alone are told as 患者12.

    asked (str): The question.
    name (str): The patient's name in its usual form.
    RETURNS (int): The place; below 0 where it does not.
    """
    first = "(?:患者|病人|patient )" if name.isdecimal() else ""
    found = re.search(f"{first}({whole_word(name)})", asked)
    return -1 if found is None else found.start(1)
