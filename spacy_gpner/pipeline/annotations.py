"""Predicted spans as annotations of documents."""

from collections.abc import Sequence

import numpy
import torch
from spacy.tokens import Doc, Span, SpanGroup

from ..spans import DecodedSpans
from .ents import EntsPolicy, set_flat_entities

# Bounds the memory of a step: spans made at once.
MAX_ROWS = 2**16


def annotate(docs: Sequence[Doc], spans: DecodedSpans, labels: Sequence[str], key: str) -> None:
    """Write spans to `doc.spans[key]`, sorted by start, then end, then label, with their scores in
    `attrs["scores"]`.

    docs (Sequence[Doc]): The documents to modify.
    spans (DecodedSpans): The spans.
    labels (Sequence[str]): The label of each type.
    key (str): Key of the span group.
    """
    # By label name where start and end are the same.
    by_name = sorted(range(len(labels)), key=lambda i: labels[i])
    rank = torch.tensor(by_name, dtype=torch.long).argsort()[spans.type]
    order = numpy.lexsort([x.numpy() for x in (rank, spans.end, spans.start, spans.doc)])
    found = spans.take(torch.from_numpy(order))
    columns = [x.numpy() for x in (found.start, found.end, found.type)]
    scores = found.score.numpy().astype("float32")
    stops = torch.bincount(found.doc, minlength=len(docs)).cumsum(0).tolist()
    for doc, first, stop in zip(docs, [0, *stops], stops, strict=False):
        ids = [doc.vocab.strings.add(label) for label in labels]
        group = SpanGroup(doc, name=key)
        # A few at a time: lists of all are larger than the group.
        for begin in range(first, stop, MAX_ROWS):
            some = slice(begin, min(begin + MAX_ROWS, stop))
            for start, end, label in zip(*(x[some].tolist() for x in columns), strict=True):
                group.append(Span(doc, start, end, label=ids[label]))
        group.attrs["scores"] = scores[first:stop].copy()
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
