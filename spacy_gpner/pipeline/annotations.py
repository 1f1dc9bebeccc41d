"""Predicted spans as annotations of documents."""

from collections.abc import Sequence

import numpy
from spacy.tokens import Doc, Span, SpanGroup

from ..spans import DecodedSpans
from .ents import EntsPolicy, set_flat_entities


def annotate(docs: Sequence[Doc], spans: DecodedSpans, labels: Sequence[str], key: str) -> None:
    """Write spans to `doc.spans[key]`, sorted by start, then end, then label, with their scores in
    `attrs["scores"]`.

    docs (Sequence[Doc]): The documents to modify.
    spans (DecodedSpans): The spans.
    labels (Sequence[str]): The label of each type.
    key (str): Key of the span group.
    """
    # By label name where start and end are the same.
    rank = {i: place for place, i in enumerate(sorted(range(len(labels)), key=lambda i: labels[i]))}
    rows: list[list[tuple[int, int, int, float]]] = [[] for _ in docs]
    columns = (spans.doc, spans.start, spans.end, spans.type, spans.score)
    for doc, start, end, label, score in zip(*(x.tolist() for x in columns), strict=True):
        rows[doc].append((start, end, label, score))
    for doc, found in zip(docs, rows, strict=True):
        ids = [doc.vocab.strings.add(label) for label in labels]
        found.sort(key=lambda row: (row[0], row[1], rank[row[2]]))
        doc_spans = [Span(doc, start, end, label=ids[label]) for start, end, label, _ in found]
        group = SpanGroup(doc, name=key, spans=doc_spans)
        group.attrs["scores"] = numpy.array([score for *_, score in found], dtype="float32")
        doc.spans[key] = group


def annotate_ents(docs: Sequence[Doc], key: str, policy: EntsPolicy, *, overwrite: bool) -> None:
    """Make flat entities in `doc.ents` of the spans that `annotate` wrote.

    docs (Sequence[Doc]): The documents to modify.
    key (str): Key of the span group.
    policy (str): Which spans to take, where they overlap.
    overwrite (bool): Whether they take the place of entities that are there, where they overlap.
    """
    for doc in docs:
        group = doc.spans[key]
        set_flat_entities(doc, list(group), group.attrs["scores"].tolist(), policy, overwrite=overwrite)
