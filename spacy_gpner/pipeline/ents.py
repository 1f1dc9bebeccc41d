"""Policies for `doc.ents`: which of the nested and overlapping spans become flat entities."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

from spacy.tokens import Doc, Span

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


def flat_entities(
    spans: Sequence[Span], scores: Sequence[float], policy: EntsPolicy, taken: Iterable[int] = ()
) -> list[Span]:
    """Choose spans that don't overlap, by preference.

    spans (Sequence[Span]): The spans of a document.
    scores (Sequence[float]): Their scores.
    policy (str): "score" prefers high scores, "longest" many tokens, "outermost" spans that lie inside no
        other, "innermost" spans that contain no other. Ties go to the higher score, then to the earlier span.
    taken (Iterable[int]): Tokens that no chosen span may hold.
    RETURNS (List[Span]): The chosen spans, by position.
    """
    prefer = _PREFERENCE[policy]
    nested = nesting([(span.start, span.end) for span in spans])
    order = sorted(
        range(len(spans)),
        key=lambda i: (*prefer(spans[i], scores[i], nested[i]), spans[i].start, spans[i].end),
    )
    held = set(taken)
    chosen = []
    for span in (spans[i] for i in order):
        tokens = range(span.start, span.end)
        if held.isdisjoint(tokens):
            held.update(tokens)
            chosen.append(span)
    return sorted(chosen, key=lambda span: span.start)


def set_flat_entities(
    doc: Doc, spans: Sequence[Span], scores: Sequence[float], policy: EntsPolicy, *, overwrite: bool
) -> None:
    """Add chosen spans to `doc.ents`. As with spaCy's `ner`, what an earlier component set stays, or gives
    way as a whole where a chosen span overlaps it.

    doc (Doc): The document to modify.
    spans (Sequence[Span]): Its spans.
    scores (Sequence[float]): Their scores.
    policy (str): How to choose, as `flat_entities` does.
    overwrite (bool): Whether a chosen span wins where it overlaps an entity that is there.
    """
    taken = [] if overwrite else [token for ent in doc.ents for token in range(ent.start, ent.end)]
    chosen = flat_entities(spans, scores, policy, taken)
    held = {token for span in chosen for token in range(span.start, span.end)}
    kept = [ent for ent in doc.ents if held.isdisjoint(range(ent.start, ent.end))]
    doc.set_ents(sorted([*chosen, *kept], key=lambda span: span.start))
