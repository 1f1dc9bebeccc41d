"""What documents hold: lengths, entities and their nesting."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Optional

from spacy.tokens import Doc, Span

from ..entities import show_label
from ..spans import Window
from ..spans.fitting import WIDTHS
from ..spans.nesting import Nesting, nesting

PERCENTILES = (50, 90, 95, 99)


@dataclass
class EntityCounts:
    """The entities of one label, or of all.

    spans (list[tuple[int, int]]): First token, and the token after the last, of each.
    characters (list[int]): The characters of each.
    surfaces (Counter[tuple[str, str]]): How often each pair of label and text occurs.
    inner (int): Those that lie inside one of other boundaries.
    outer (int): Those that contain one of other boundaries.
    nested (int): Those that do either.
    nested_or_equal (int): Those that do either, or have the boundaries of another.
    """

    spans: list[tuple[int, int]] = field(default_factory=list)
    characters: list[int] = field(default_factory=list)
    surfaces: Counter[tuple[str, str]] = field(default_factory=Counter)
    inner: int = 0
    outer: int = 0
    nested: int = 0
    nested_or_equal: int = 0

    def __len__(self) -> int:
        return len(self.spans)

    def add(self, span: Span, nested: Nesting, equal: bool) -> None:
        """Count an entity.

        span (Span): The entity.
        nested (Nesting): How it is nested.
        equal (bool): Whether another one has its boundaries.
        """
        text = span.text
        self.spans.append((span.start, span.end))
        self.characters.append(len(text))
        self.surfaces[span.label_, text] += 1
        self.inner += nested.inner
        self.outer += nested.outer
        self.nested += any(nested)
        self.nested_or_equal += equal or any(nested)

    def held(self, window: Window) -> int:
        """How many of them a window keeps.

        window (Window): The window.
        """
        return sum(window.holds(start, end) for start, end in self.spans)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The counts, without any text."""
        n = len(self)
        return {
            "entities": n,
            "surfaces": len(self.surfaces),
            "characters": describe(self.characters),
            "tokens": describe([end - start for start, end in self.spans]),
            "nested": self.nested,
            "nested_share": share(self.nested, n),
            "inner": self.inner,
            "outer": self.outer,
            "nested_or_equal": self.nested_or_equal,
            "nested_or_equal_share": share(self.nested_or_equal, n),
            "kept": {
                mode: {str(width): share(self.held(Window(width, mode)), n) for width in WIDTHS}
                for mode in ("band", "prefix")
            },
        }


@dataclass
class Counts:
    """What a file, or several, hold.

    characters, tokens (list[int]): The length of each document.
    texts (Counter[str]): How often each text occurs.
    unlabelled (int): The documents that nobody has labelled.
    labels (dict[str, EntityCounts]): The entities of each label.
    total (EntityCounts): The entities of all labels.
    pairs (Counter[tuple[str, str]]): For two labels, outer and inner, the entities of the latter that lie
        inside one of the former with other boundaries.
    """

    characters: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    unlabelled: int = 0
    labels: dict[str, EntityCounts] = field(default_factory=dict)
    total: EntityCounts = field(default_factory=EntityCounts)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def documents(self) -> int:
        """RETURNS (int): The number of documents."""
        return len(self.characters)

    @property
    def repeated(self) -> int:
        """RETURNS (int): The documents whose text an earlier one has."""
        return self.documents - len(self.texts)

    def add_doc(self, doc: Doc, spans_key: str) -> None:
        """Count a document and its entities.

        doc (Doc): The document.
        spans_key (str): The key of its entities in `doc.spans`. Without it, the document is unlabelled.
        """
        text = doc.text
        self.characters.append(len(text))
        self.tokens.append(len(doc))
        self.texts[text] += 1
        if spans_key not in doc.spans:
            self.unlabelled += 1
            return
        spans = list(doc.spans[spans_key])
        edges = [(span.start, span.end) for span in spans]
        shared = Counter(edges)
        for span, edge, nested in zip(spans, edges, nesting(edges), strict=True):
            own = self.labels.setdefault(span.label_, EntityCounts())
            for counts in (own, self.total):
                counts.add(span, nested, shared[edge] > 1)
        self.pairs.update(_find_pairs(spans))

    def by_count(self) -> list[str]:
        """RETURNS (list[str]): The labels, the most frequent first."""
        return sorted(self.labels, key=lambda label: (-len(self.labels[label]), label))

    def nesting_labels(self) -> tuple[list[str], list[str]]:
        """RETURNS (tuple[list[str], list[str]]): The labels that contain others, those inside others."""
        outer = {label for label, _ in self.pairs}
        inner = {label for _, label in self.pairs}
        labels = self.by_count()
        return [x for x in labels if x in outer], [x for x in labels if x in inner]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The counts, without any text."""
        return {
            "documents": self.documents,
            "unlabelled": self.unlabelled,
            "repeated": self.repeated,
            "characters": describe(self.characters),
            "tokens": describe(self.tokens),
            "total": self.total.to_dict(),
            "labels": {show_label(label): self.labels[label].to_dict() for label in self.by_count()},
            "nesting": [
                {"outer": show_label(outer), "inner": show_label(inner), "entities": n}
                for (outer, inner), n in sorted(self.pairs.items())
            ],
        }


def _find_pairs(spans: Iterable[Span]) -> Iterator[tuple[str, str]]:
    """For each entity, the labels of those around it: outer and inner label."""
    ordered = sorted((span.start, -span.end, span.label_) for span in spans)
    # What comes before begins no later, and so lies around what ends no later
    farthest: dict[str, int] = {}
    for (_, end), group in groupby(ordered, key=lambda row: row[:2]):
        labels = [label for _, _, label in group]
        outer = [label for label, reached in farthest.items() if reached >= -end]
        yield from ((around, label) for around in outer for label in labels)
        for label in labels:
            farthest[label] = max(farthest.get(label, 0), -end)


def describe(lengths: Collection[int]) -> dict[str, Any]:
    """Describe lengths.

    lengths (Collection[int]): The lengths.
    RETURNS (dict[str, Any]): Mean, minimum, maximum, and percentiles: "p95" is the smallest of the lengths
        that 95 % of them don't exceed. None each where there are no lengths.
    """
    ordered = sorted(lengths)
    n = len(ordered)
    ranks = {f"p{percent}": -(-percent * n // 100) - 1 for percent in PERCENTILES}
    return {
        "mean": share(sum(ordered), n),
        "min": ordered[0] if n else None,
        **{name: ordered[rank] if n else None for name, rank in ranks.items()},
        "max": ordered[-1] if n else None,
    }


def share(part: int, whole: int) -> Optional[float]:
    """A share, or None of nothing.

    part, whole (int): The counts.
    RETURNS (Optional[float]): Their quotient.
    """
    return part / whole if whole else None
