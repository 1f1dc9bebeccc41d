"""What a conversion found: counts, and every class of problem with its first places."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Optional

from spacy.tokens import Doc

from ..entities import show_label
from ..spans.nesting import nesting
from ..words import FIRST_CJK
from .records import KINDS, Problem

MAX_PLACES = 10
MAX_NAMES = 20
AGAIN = ("duplicate", "duplicate_after_snapping")
DOUBT = "Is this the right format?"
WORDS = (
    "Most tokens are single letters: each character is one. Is the text in words? Then give its language, "
    "such as --lang en, here and to `spacy gpner init config`."
)


@dataclass
class ProblemCount:
    """One class of problems.

    count (int): How many there are.
    first (list[Problem]): The first ten of them.
    names (Counter[str]): How many of them are about each key, column or kind of line.
    entities (int): The entities that they cost, as far as they can be counted.
    uncounted (int): The records that they cost and whose entities can't be counted.
    """

    count: int = 0
    first: list[Problem] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    entities: int = 0
    uncounted: int = 0


@dataclass
class Summary:
    """What a conversion found.

    labelled (int): The documents with gold entities, be it none.
    unlabelled (int): The documents that nobody has labelled.
    types (Counter[str]): The entities of each type.
    nested (int): The entities that contain, or lie in, one with other boundaries.
    not_gold (int): The entities of the source that are predicted, rejected or superseded.
    tokens, letters (int): The tokens, and those that are a single letter of a script that parts words.
    problems (dict[str, ProblemCount]): The problems of each kind.
    """

    labelled: int = 0
    unlabelled: int = 0
    types: Counter[str] = field(default_factory=Counter)
    nested: int = 0
    not_gold: int = 0
    tokens: int = 0
    letters: int = 0
    problems: dict[str, ProblemCount] = field(default_factory=dict)

    @property
    def entities(self) -> int:
        """RETURNS (int): The number of entities."""
        return self.types.total()

    @property
    def nested_share(self) -> float:
        """RETURNS (float): The share of entities that are nested."""
        return self.nested / self.entities if self.entities else 0.0

    @property
    def moved(self) -> int:
        """RETURNS (int): The entities of which an edge was moved to a token's edge."""
        return self._count("misaligned_snapped")

    @property
    def lost(self) -> int:
        """RETURNS (int): The entities of the source that are lost, as far as they can be counted."""
        return sum(counted.entities for counted in self.problems.values())

    @property
    def again(self) -> int:
        """RETURNS (int): The entities of the source that are the same as others, and kept once."""
        return sum(map(self._count, AGAIN))

    @property
    def uncounted(self) -> int:
        """RETURNS (int): The records that are lost and whose entities can't be counted."""
        return sum(counted.uncounted for counted in self.problems.values())

    @property
    def in_source(self) -> int:
        """RETURNS (int): The entities of the source, apart from those that can't be counted."""
        return self.entities + self.lost + self.again + self.not_gold

    @property
    def doubts(self) -> list[str]:
        """RETURNS (list[str]): Why the corpus may not be what it was taken for."""
        if self.unlabelled and not self.labelled:
            counted = self.problems.get("unread_entities") or self.problems.get("unknown_key")
            keys = ", ".join(name for name, _ in counted.names.most_common(MAX_NAMES)) if counted else ""
            found = f" Not read: {keys}." if keys else ""
            return [f"No record is labelled.{found} {DOUBT}"]
        if self.labelled and not self.entities:
            return [f"No record has an entity. {DOUBT}"]
        return [WORDS] if 2 * self.letters > self.tokens else []

    def _count(self, kind: str) -> int:
        return self.problems[kind].count if kind in self.problems else 0

    def add_problem(self, problem: Problem) -> None:
        """Count a problem.

        problem (Problem): The problem.
        """
        counted = self.problems.setdefault(problem.kind, ProblemCount())
        counted.count += 1
        counted.entities += problem.lost_entities
        if problem.kind == "not_gold":
            self.not_gold += problem.entities or 0
        counted.uncounted += problem.lost == "record" and problem.entities is None
        if problem.name:
            counted.names[problem.name] += 1
        if len(counted.first) < MAX_PLACES:
            counted.first.append(problem)

    def add_doc(self, doc: Doc, spans_key: str) -> None:
        """Count a document and its entities.

        doc (Doc): The document.
        spans_key (str): The key of its entities in `doc.spans`.
        """
        self.tokens += len(doc)
        if len(doc) == len(doc.text):
            self.letters += sum(char.isalpha() and ord(char) < FIRST_CJK for char in doc.text)
        if spans_key not in doc.spans:
            self.unlabelled += 1
            return
        self.labelled += 1
        spans = list(doc.spans[spans_key])
        self.types.update(span.label_ for span in spans)
        self.nested += sum(map(any, nesting([(span.start, span.end) for span in spans])))

    def to_dict(self) -> dict[str, Any]:
        """Give the summary as plain data, without any text of the corpus.

        RETURNS (dict[str, Any]): The summary, ready for JSON.
        """
        return {
            "documents": {"labelled": self.labelled, "unlabelled": self.unlabelled},
            "entities": {
                "total": self.entities,
                "types": {show_label(label): n for label, n in sorted(self.types.items())},
                "moved": self.moved,
            },
            "source": {
                "entities": self.in_source,
                "kept": self.entities,
                "lost": self.lost,
                "given_again": self.again,
                "not_gold": self.not_gold,
                "uncounted_records": self.uncounted,
            },
            "nested": {"entities": self.nested, "share": round(self.nested_share, 6)},
            "problems": {
                kind: {
                    "count": counted.count,
                    "message": KINDS[kind].message,
                    "lost": KINDS[kind].lost,
                    "lost_entities": counted.entities,
                    "names": dict(counted.names.most_common()),
                    "first": [_place(problem) for problem in counted.first],
                }
                for kind, counted in sorted(self.problems.items())
            },
            "doubts": self.doubts,
        }


def _place(problem: Problem) -> dict[str, Optional[str | int]]:
    return {
        "file": problem.source.file,
        "position": problem.source.position,
        "start": problem.start,
        "end": problem.end,
        "label": None if problem.label is None else show_label(problem.label),
        "name": problem.name,
        "detail": problem.detail,
    }
