"""What a conversion found: counts, and every class of problem with its first places."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Optional

from spacy.tokens import Doc

from ..entities import show_label
from ..spans.nesting import nesting
from .records import KINDS, Problem

MAX_PLACES = 10


@dataclass
class ProblemCount:
    """One class of problems.

    count (int): How many there are.
    first (list[Problem]): The first ten of them.
    """

    count: int = 0
    first: list[Problem] = field(default_factory=list)


@dataclass
class Summary:
    """What a conversion found.

    labelled (int): The documents with gold entities, be it none.
    unlabelled (int): The documents that nobody has labelled.
    types (Counter[str]): The entities of each type.
    nested (int): The entities that contain, or lie in, one with other boundaries.
    problems (dict[str, ProblemCount]): The problems of each kind.
    """

    labelled: int = 0
    unlabelled: int = 0
    types: Counter[str] = field(default_factory=Counter)
    nested: int = 0
    problems: dict[str, ProblemCount] = field(default_factory=dict)

    @property
    def entities(self) -> int:
        """RETURNS (int): The number of entities."""
        return self.types.total()

    @property
    def nested_share(self) -> float:
        """RETURNS (float): The share of entities that are nested."""
        return self.nested / self.entities if self.entities else 0.0

    def add_problem(self, problem: Problem) -> None:
        """Count a problem.

        problem (Problem): The problem.
        """
        counted = self.problems.setdefault(problem.kind, ProblemCount())
        counted.count += 1
        if len(counted.first) < MAX_PLACES:
            counted.first.append(problem)

    def add_doc(self, doc: Doc, spans_key: str) -> None:
        """Count a document and its entities.

        doc (Doc): The document.
        spans_key (str): The key of its entities in `doc.spans`.
        """
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
            "entities": {"total": self.entities, "types": dict(sorted(self.types.items()))},
            "nested": {"entities": self.nested, "share": round(self.nested_share, 6)},
            "problems": {
                kind: {
                    "count": counted.count,
                    "message": KINDS[kind].message,
                    "lost": KINDS[kind].lost,
                    "first": [_place(problem) for problem in counted.first],
                }
                for kind, counted in sorted(self.problems.items())
            },
        }


def _place(problem: Problem) -> dict[str, Optional[str | int]]:
    return {
        "file": problem.source.file,
        "position": problem.source.position,
        "start": problem.start,
        "end": problem.end,
        "label": None if problem.label is None else show_label(problem.label),
        "detail": problem.detail,
    }
