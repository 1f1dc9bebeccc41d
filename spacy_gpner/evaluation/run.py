"""Running a pipeline such that predictions and candidates come of one pass."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from sys import maxsize
from typing import Any, Optional

import numpy
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc

from ..entities import Entity, scored_entities
from ..pipeline.span_pipe import SpanPipe
from .candidates import FLOOR, find_both, find_gold, run_before

# Of the settings that a component may have, those that let all candidates pass
LOWERED: dict[str, Any] = {"threshold": FLOOR, "thresholds": None, "max_spans": maxsize}
# The scores of a document's candidates, and the place among them of each gold entity that is one
Candidates = tuple[numpy.ndarray, dict[Entity, int]]


def writers(nlp: Language, spans_key: str) -> dict[str, Any]:
    """The components that say that they write a span group, as `span_globalpointer` and `spancat` do.

    nlp (Language): The pipeline.
    spans_key (str): Key of the span group.
    RETURNS (Dict[str, Any]): The components by name, in the order of the pipeline.
    """
    pipes: dict[str, Any] = dict(nlp.pipeline)
    cfgs = {name: getattr(pipe, "cfg", None) for name, pipe in pipes.items()}
    return {
        name: pipes[name]
        for name, cfg in cfgs.items()
        if isinstance(cfg, dict) and cfg.get("spans_key") == spans_key
    }


def run(
    nlp: Language, texts: Iterable[tuple[str, Collection[Entity]]], spans_key: str
) -> Iterator[tuple[Doc, Optional[Candidates]]]:
    """Annotate texts as `nlp.pipe` does, and find the candidates on the way: one batch's at a time.

    nlp (Language): The pipeline.
    texts (Iterable[Tuple[str, Collection[Entity]]]): The texts, and the gold entities of each.
    spans_key (str): Key of the span group.
    YIELDS (Tuple[Doc, Optional[Tuple[numpy.ndarray, Dict[Entity, int]]]]): Each document, and the candidates;
        None without scores, or without a threshold to lower.
    """
    pipes = {name: pipe for name, pipe in writers(nlp, spans_key).items() if "threshold" in pipe.cfg}
    if not pipes:
        yield from ((doc, None) for doc in nlp.pipe(text for text, _ in texts))
        return
    name, first = next(iter(pipes.items()))
    for batch in run_before(nlp, name, texts):
        docs, gold = [doc for doc, _ in batch], [own for _, own in batch]
        if isinstance(first, SpanPipe) and name == nlp.pipe_names[-1]:
            yield from zip(docs, _annotate(first, docs, gold), strict=True)
        else:
            docs, copies = _annotate_twice(nlp, name, pipes, docs)
            found = (_candidates(copy, own, spans_key) for copy, own in zip(copies, gold, strict=True))
            yield from zip(docs, found, strict=True)


def _annotate(pipe: SpanPipe, docs: Sequence[Doc], gold: Sequence[Collection[Entity]]) -> list[Candidates]:
    predicted, spans = find_both(pipe, docs)
    pipe.set_annotations(docs, predicted)
    scores = spans.score.numpy()
    return [(scores[own], places) for own, places in find_gold(spans, docs, pipe.labels, gold)]


def _annotate_twice(
    nlp: Language, name: str, pipes: dict[str, Any], docs: list[Doc]
) -> tuple[list[Doc], list[Doc]]:
    """What the first of some components and all after it, which may change what it writes, make of documents;
    and what they make of copies with lower thresholds. The first predicts once, if it can."""
    first, copies = pipes[name], [doc.copy() for doc in docs]
    if isinstance(first, SpanPipe):
        predicted, spans = find_both(first, docs)
        first.set_annotations(docs, predicted)
        first.set_annotations(copies, spans)
    elif isinstance(first, TrainablePipe):
        scores = first.predict(docs)
        first.set_annotations(docs, scores)
        with _lowered([first]):
            first.set_annotations(copies, scores)
    done = nlp.pipe_names[: nlp.pipe_names.index(name) + isinstance(first, TrainablePipe)]
    docs = list(nlp.pipe(docs, disable=done))
    with _lowered(pipes.values()):
        return docs, list(nlp.pipe(copies, disable=done))


def _candidates(doc: Doc, gold: Collection[Entity], spans_key: str) -> Optional[Candidates]:
    scores = scored_entities(doc, spans_key)
    if any(score is None for score in scores.values()):
        return None
    places = {entity: place for place, entity in enumerate(scores) if entity in gold}
    return numpy.array(list(scores.values()), dtype=float), places


@contextmanager
def _lowered(pipes: Iterable[Any]) -> Iterator[None]:
    before = [(pipe, dict(pipe.cfg)) for pipe in pipes]
    try:
        for pipe, cfg in before:
            pipe.cfg.update({name: value for name, value in LOWERED.items() if name in cfg})
        yield
    finally:
        for pipe, cfg in before:
            pipe.cfg.clear()
            pipe.cfg.update(cfg)
