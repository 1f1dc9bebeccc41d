"""Scores of spans, counted over the whole corpus."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from spacy.pipeline.spancat import spancat_score
from spacy.tokens import Span
from spacy.training import Example
from spacy.util import registry

from ..entities import Entity
from ..errors import GpnerWarning
from ..spans.nesting import nesting
from .gold import KeysFound


@registry.scorers("spacy-gpner.span_scorer.v1")
def make_span_scorer() -> Callable[..., dict[str, Any]]:
    """Create the scorer of span components.

    RETURNS (Callable[..., Dict[str, Any]]): `score_spans`.
    """
    return score_spans


def score_spans(examples: Iterable[Example], *, spans_key: str, **kwargs: Any) -> dict[str, Any]:
    """Score `doc.spans[spans_key]`: what `spacy.spancat_scorer.v1` gives, and the same for nested and for
    flat entities alone. An entity is nested if it contains another of its document or lies inside one;
    precision counts the predicted nested entities, recall the gold ones. Gold that none has under the key,
    but under another, is warned of.

    examples (Iterable[Example]): The examples. Those whose reference lacks the key are not scored.
    spans_key (str): Key of the span group.
    RETURNS (Dict[str, Any]): `spans_{key}_p`, `_r`, `_f` and `_per_type`, then `spans_{key}_nested_p` and so
        on, `spans_{key}_flat_p` and so on. None where nothing is annotated.
    """
    examples = list(examples)
    prefix = f"spans_{spans_key}"
    scores = dict(spancat_score(examples, spans_key=spans_key))
    counts = {"nested": _Count(), "flat": _Count()}
    annotated = [eg for eg in examples if spans_key in eg.reference.spans]
    if not annotated:
        _warn_of_other_keys(examples, spans_key)
    for example in annotated:
        gold = _by_kind(example.reference.spans[spans_key])
        predicted = _by_kind(
            example.get_aligned_spans_x2y(example.predicted.spans.get(spans_key, []), allow_overlap=True)
        )
        for kind, count in counts.items():
            count.add(gold, predicted, kind)
    for kind, count in counts.items():
        for name, value in count.scores().items():
            scores[f"{prefix}_{kind}_{name}"] = value if annotated else None
    return scores


def _warn_of_other_keys(examples: Iterable[Example], spans_key: str) -> None:
    keys = KeysFound(spans_key)
    for example in examples:
        keys.add(example.reference)
    if nothing := keys.describe():
        # The same text each time that a training evaluates: Python shows it once.
        warnings.warn(f"There is nothing to score. {nothing}", GpnerWarning, stacklevel=3)


@dataclass
class _Count:
    """Precision and recall count different sets, for a prediction can be nested where the gold is flat."""

    predicted: int = 0
    predicted_right: int = 0
    gold: int = 0
    gold_found: int = 0

    def add(self, gold: dict[Entity, str], predicted: dict[Entity, str], kind: str) -> None:
        for entity, own in predicted.items():
            if own == kind:
                self.predicted += 1
                self.predicted_right += entity in gold
        for entity, own in gold.items():
            if own == kind:
                self.gold += 1
                self.gold_found += entity in predicted

    def scores(self) -> dict[str, float]:
        p = self.predicted_right / self.predicted if self.predicted else 0.0
        r = self.gold_found / self.gold if self.gold else 0.0
        return {"p": p, "r": r, "f": 2 * p * r / (p + r) if p + r else 0.0}


def _by_kind(spans: Iterable[Span]) -> dict[Entity, str]:
    found = [Entity(span.start_char, span.end_char, span.label_) for span in spans]
    nested = nesting([(entity.start, entity.end) for entity in found])
    return {entity: "nested" if any(own) else "flat" for entity, own in zip(found, nested, strict=True)}
