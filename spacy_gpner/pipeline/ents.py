"""Policies for `doc.ents`: which of the nested and overlapping spans become flat entities."""

from collections.abc import Callable, Sequence
from typing import Literal, get_args

from spacy.tokens import Span

from ..spans.nesting import Nesting, nesting

EntsPolicy = Literal["score", "longest", "outermost", "innermost"]

# What comes first is taken first, as long as it overlaps nothing that was taken before.
_PREFERENCE: dict[str, Callable[[Span, float, Nesting], tuple[float, ...]]] = {
    "score": lambda span, score, own: (-score,),
    "longest": lambda span, score, own: (-len(span), -score),
    "outermost": lambda span, score, own: (own.inner, -score),
    "innermost": lambda span, score, own: (own.outer, -score),
}


def check_ents_policy(policy: str) -> None:
    """Refuse an unknown policy.

    RAISES (ValueError): If there is no such policy.
    """
    if policy not in _PREFERENCE:
        raise ValueError(
            f"Invalid ents_policy: '{policy}'. Expected one of {get_args(EntsPolicy)}, or null to leave "
            "doc.ents as they are."
        )


def flat_entities(spans: Sequence[Span], scores: Sequence[float], policy: EntsPolicy) -> list[Span]:
    """Choose spans that don't overlap, by preference.

    spans (Sequence[Span]): The spans of a document.
    scores (Sequence[float]): Their scores.
    policy (str): "score" prefers high scores, "longest" many tokens, "outermost" spans that lie inside no
        other, "innermost" spans that contain no other. Ties go to the higher score, then to the earlier span.
    RETURNS (List[Span]): The chosen spans, by position.
    """
    prefer = _PREFERENCE[policy]
    nested = nesting([(span.start, span.end) for span in spans])
    order = sorted(
        range(len(spans)),
        key=lambda i: (*prefer(spans[i], scores[i], nested[i]), spans[i].start, spans[i].end),
    )
    taken: set[int] = set()
    chosen = []
    for span in (spans[i] for i in order):
        tokens = range(span.start, span.end)
        if taken.isdisjoint(tokens):
            taken.update(tokens)
            chosen.append(span)
    return sorted(chosen, key=lambda span: span.start)
