"""Candidates: the spans that a span component finds far below its thresholds."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch

from ..entities import Entity
from ..pipeline.span_pipe import SpanPipe
from ..spans import Cut, DecodedSpans

# Candidates are what passes this threshold: far below any that a model is used with
FLOOR = 0.05
Context = TypeVar("Context")


def run_before(
    nlp: Language, name: str, texts: Iterable[tuple[str, Context]]
) -> Iterator[list[tuple[Doc, Context]]]:
    """Run the components before one of a pipeline.

    nlp (Language): The pipeline.
    name (str): The component's name.
    texts (Iterable[Tuple[str, Context]]): The texts, and what goes with each.
    YIELDS (List[Tuple[Doc, Context]]): The batches that `nlp.pipe` would give to the component.
    """
    names = nlp.pipe_names
    docs = nlp.pipe(texts, as_tuples=True, disable=names[names.index(name) :])
    yield from minibatch(docs, nlp.batch_size)


def find_both(pipe: SpanPipe, docs: Sequence[Doc]) -> tuple[DecodedSpans, DecodedSpans]:
    """Find what a component predicts and its candidates, without a limit, at once.

    pipe (SpanPipe): The component.
    docs (Sequence[Doc]): A batch of documents.
    RETURNS (Tuple[DecodedSpans, DecodedSpans]): What `pipe.predict` gives, and the spans whose score, as the
        component reads it, is above `FLOOR`.
    """
    own = pipe.cut(docs)
    floor = Cut([FLOOR] * len(pipe.labels), calibration=own.calibration)
    spans = pipe.predict(docs, _lower_of(own, floor))
    return own.apply(spans), floor.apply(spans)


def _lower_of(first: Cut, second: Cut) -> Cut:
    """A cut, without limits and calibration, that lets pass what one of two does."""
    return Cut.above(torch.minimum(first.minimum, second.minimum))


def find_gold(
    spans: DecodedSpans, docs: Sequence[Doc], labels: Sequence[str], gold: Sequence[Collection[Entity]]
) -> list[tuple[slice, dict[Entity, int]]]:
    """Find gold entities among spans.

    spans (DecodedSpans): The spans found in a batch.
    docs (Sequence[Doc]): The documents of the batch.
    labels (Sequence[str]): The label of each type.
    gold (Sequence[Collection[Entity]]): The gold entities of each document.
    RETURNS (List[Tuple[slice, Dict[Entity, int]]]): Where each document's spans are, and the place among
        these of each gold entity that is one of them.
    """
    types = {label: t for t, label in enumerate(labels)}
    stops = torch.bincount(spans.doc, minlength=len(docs)).cumsum(0).tolist()
    starts, ends, of_type = (x.numpy() for x in (spans.start, spans.end, spans.type))
    found = []
    for doc, entities, (begin, stop) in zip(docs, gold, pairwise([0, *stops]), strict=True):
        own, size = slice(begin, stop), len(doc) + 1
        # Ascending, as the spans are
        numbers = (starts[own] * size + ends[own]) * len(types) + of_type[own]
        places = {}
        for entity in entities:
            span = doc.char_span(entity.start, entity.end)
            if span is not None and entity.label in types:
                number = (span.start * size + span.end) * len(types) + types[entity.label]
                place = int(numpy.searchsorted(numbers, number))
                if place < len(numbers) and numbers[place] == number:
                    places[entity] = place
        found.append((own, places))
    return found
