"""What the formats' writers share: documents with their entities and scores, and what is not written."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Optional

import numpy
from spacy.tokens import Doc, Span

from .provenance import Provenance, get_provenance


class Scored(NamedTuple):
    """An entity of a document.

    span (Span): The entity, with at least one token and a label.
    score (Optional[float]): The model's score, None for gold.
    """

    span: Span
    score: Optional[float]


@dataclass(frozen=True)
class Document:
    """A document as the writers get it.

    doc (Doc): The document.
    entities (Optional[list[Scored]]): Its entities by start, end and label, each once; None if it is
        unlabelled.
    model (Optional[str]): What has found the entities, if the group has scores: the name of the file without
        its suffix. None for gold.
    """

    doc: Doc
    entities: Optional[list[Scored]]
    model: Optional[str] = None

    @property
    def provenance(self) -> Provenance:
        """RETURNS (Provenance): Where the document came from."""
        return get_provenance(self.doc)

    @property
    def names(self) -> dict[str, str]:
        """RETURNS (dict[str, str]): The record's id and group, as far as they are known."""
        named = {"id": self.provenance.id, "group": self.provenance.group}
        return {key: value for key, value in named.items() if value is not None}


@dataclass
class Exported:
    """What an export wrote.

    documents (int): The documents.
    unlabelled (int): Those of them without the spans key, which the format gives without entities.
    entities (int): The entities.
    lost (Counter[str]): The spans that are left out, by the reason.
    labels (Counter[str]): The labels that the format can't hold, with how many spans are left out for them.
    notes (Counter[str]): What else is not kept, and how often.
    """

    documents: int = 0
    unlabelled: int = 0
    entities: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)


Writer = Callable[[Iterable[Document], Path, Exported], None]


def make_document(doc: Doc, spans_key: str, model: str, exported: Exported) -> Document:
    """Make a document ready for a writer, and count it.

    doc (Doc): The document.
    spans_key (str): The key of its entities in `doc.spans`.
    model (str): What has found them, if they have scores.
    exported (Exported): The counts to add to.
    RETURNS (Document): The document.
    """
    exported.documents += 1
    if spans_key not in doc.spans:
        exported.unlabelled += 1
        return Document(doc, None)
    group = doc.spans[spans_key]
    scores: Any = group.attrs.get("scores")
    predicted = scores is not None
    if numpy.shape(scores) != (len(group),):
        scores = [None] * len(group)
    found: dict[tuple[int, int, str], Scored] = {}
    for span, score in zip(group, scores, strict=True):
        key = (span.start, span.end, span.label_)
        if not len(span):
            exported.lost["without a token"] += 1
        elif not span.label_.strip():
            exported.lost["without a label"] += 1
        elif key in found:
            exported.lost["given twice"] += 1
        else:
            found[key] = Scored(span, _plain(score))
    exported.entities += len(found)
    return Document(doc, [found[key] for key in sorted(found)], model if predicted else None)


def lose(exported: Exported, reason: str) -> None:
    """Count an entity that a format can't hold.

    exported (Exported): The counts to change.
    reason (str): Why it can't, to follow "spans".
    """
    exported.entities -= 1
    exported.lost[reason] += 1


def lose_label(exported: Exported, reason: str, label: str) -> None:
    """Count an entity whose label a format can't hold.

    exported (Exported): The counts to change.
    reason (str): Why it can't, to follow "spans".
    label (str): The label.
    """
    lose(exported, reason)
    exported.labels[label] += 1


def count_spacing(document: Document, exported: Exported) -> None:
    """Count the document if neither spaces between all tokens nor none between any give its text.

    document (Document): The document.
    exported (Exported): The counts to change.
    """
    words = [token.text for token in document.doc]
    if document.doc.text.rstrip(" ") not in (" ".join(words).rstrip(" "), "".join(words).rstrip(" ")):
        exported.notes["spaces between tokens"] += 1


def with_score(entity: dict[str, Any], score: Optional[float]) -> dict[str, Any]:
    """Add a score to an entity, if there is one.

    entity (dict[str, Any]): The entity, ready for JSON.
    score (Optional[float]): The score.
    RETURNS (dict[str, Any]): The entity with it.
    """
    return entity if score is None else {**entity, "score": score}


def write_json_lines(values: Iterable[Any], path: Path) -> None:
    """Write one JSON value a line.

    values (Iterable[Any]): The values.
    path (Path): The file to write.
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


def write_json_array(values: Iterable[Any], path: Path) -> None:
    """Write a JSON array.

    values (Iterable[Any]): Its values.
    path (Path): The file to write.
    """
    text = json.dumps(list(values), ensure_ascii=False, allow_nan=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _plain(score: Any) -> Optional[float]:
    """JSON has no NaN, and six digits say all that float32 knows."""
    return None if score is None or not math.isfinite(score) else round(float(score), 6)
