"""What a pipeline predicts for a corpus, beside its gold, as plain sets of character offsets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Optional

from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from ..entities import Entity, entities, scored_entities
from ..errors import PipelineError

# Candidates are what passes this threshold: far below any that a model is used with
FLOOR = 0.05


@dataclass(frozen=True)
class Prediction:
    """One document, as gold has it and as a model sees it.

    text (str): The text.
    gold (Set[Entity]): The gold entities.
    predicted (Dict[Entity, Optional[float]]): The predicted ones, with their scores if the model gives any.
    candidates (Dict[Entity, float]): All spans that score above `FLOOR`, predicted or not; empty if the model
        has no threshold to lower.
    unreachable (int): How many gold entities begin or end inside a token of the model's.
    """

    text: str
    gold: frozenset[Entity]
    predicted: dict[Entity, Optional[float]]
    candidates: dict[Entity, float] = field(default_factory=dict)
    unreachable: int = 0


def predict(nlp: Language, gold: Sequence[Doc], spans_key: str, *, name: str) -> list[Prediction]:
    """Run a pipeline over the texts of annotated documents. Entities are compared by character, so that
    model and corpus may be tokenized otherwise.

    nlp (Language): The pipeline.
    gold (Sequence[Doc]): The documents; all have the span group.
    spans_key (str): Key of the span group, in the gold documents and in the predicted ones.
    name (str): What to call the pipeline on the progress bar and in errors.
    RETURNS (List[Prediction]): A prediction for each document.
    RAISES (PipelineError): If no document gets the span group, or the pipeline's tokenizer changes a text.
    """
    texts = [doc.text for doc in gold]
    predicted = list(_pipe(nlp, texts, name))
    if predicted and not any(spans_key in doc.spans for doc in predicted):
        written = sorted({key for doc in predicted for key in doc.spans})
        raise PipelineError(
            f"The pipeline {name} writes no doc.spans['{spans_key}']"
            + (f", but {written}. Give the key with --spans-key." if written else " and no other span group.")
        )
    changed = sum(doc.text != text for doc, text in zip(predicted, texts, strict=True))
    if changed:
        raise PipelineError(
            f"The tokenizer of {name} changes the text of {changed:,} documents, so that what is found there "
            "has other offsets. spacy-gpner.CharTokenizer.v1 changes none."
        )
    candidates: list[dict[Entity, Any]] = [{} for _ in gold]
    pipes = [pipe for pipe in span_pipes(nlp, spans_key) if "threshold" in pipe.cfg]
    if pipes:
        with _lowered(pipes):
            passed = [scored_entities(doc, spans_key) for doc in _pipe(nlp, texts, f"{name}, candidates")]
        if not any(score is None for own in passed for score in own.values()):
            candidates = passed
    return [
        Prediction(
            text=doc.text,
            gold=frozenset(entities(doc, spans_key)),
            predicted=scored_entities(own, spans_key),
            candidates=above,
            unreachable=_count_unreachable(own, entities(doc, spans_key)),
        )
        for doc, own, above in zip(gold, predicted, candidates, strict=True)
    ]


def _count_unreachable(doc: Doc, gold: list[Entity]) -> int:
    starts = {token.idx for token in doc}
    ends = {token.idx + len(token) for token in doc}
    return sum(entity.start not in starts or entity.end not in ends for entity in gold)


def span_pipes(nlp: Language, spans_key: str) -> list[Any]:
    """The components that say that they write a span group, as `span_globalpointer` and `spancat` do.

    nlp (Language): The pipeline.
    spans_key (str): Key of the span group.
    RETURNS (List[Any]): The components.
    """
    pipes: list[Any] = [pipe for _, pipe in nlp.pipeline]
    return [
        p for p in pipes if isinstance(getattr(p, "cfg", None), dict) and p.cfg.get("spans_key") == spans_key
    ]


@contextmanager
def _lowered(pipes: list[Any]) -> Iterator[None]:
    before = [dict(pipe.cfg) for pipe in pipes]
    try:
        for pipe in pipes:
            pipe.cfg.update(threshold=FLOOR, thresholds=None)
        yield
    finally:
        for pipe, cfg in zip(pipes, before, strict=True):
            pipe.cfg.clear()
            pipe.cfg.update(cfg)


def _pipe(nlp: Language, texts: list[str], description: str) -> Iterator[Doc]:
    yield from tqdm(
        nlp.pipe(texts), total=len(texts), unit="doc", desc=description, leave=False, disable=None
    )
