"""Policies for `doc.ents`: which of the nested and overlapping spans become flat entities."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

import numpy
from spacy.attrs import ENT_IOB, ENT_TYPE
from spacy.tokens import Doc, Span

from ..spans.nesting import Nesting, nesting

EntsPolicy = Literal["score", "longest", "outermost", "innermost"]

# The code of a token that begins an entity; without a type it is blocked.
BEGINS = 3

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
        tokens = _tokens([span])
        if held.isdisjoint(tokens):
            held.update(tokens)
            chosen.append(span)
    return sorted(chosen, key=lambda span: span.start)


def set_flat_entities(
    doc: Doc, spans: Sequence[Span], scores: Sequence[float], policy: EntsPolicy, *, overwrite: bool
) -> None:
    """Add chosen spans to `doc.ents`. As with spaCy's `ner`, entities that an earlier component set stay,
    with their ids, blocked tokens are in none, and tokens of which nothing was known are outside.

    doc (Doc): The document to modify.
    spans (Sequence[Span]): Its spans.
    scores (Sequence[float]): Their scores.
    policy (str): How to choose, as `flat_entities` does.
    overwrite (bool): Whether an entity that is there gives way, as a whole, to a chosen span that overlaps
        it.
    """
    tags = doc.to_array([ENT_IOB, ENT_TYPE])
    blocked = numpy.flatnonzero((tags[:, 0] == BEGINS) & (tags[:, 1] == 0)).tolist()
    present = list(doc.ents)
    chosen = flat_entities(spans, scores, policy, [*blocked, *(() if overwrite else _tokens(present))])
    held = set(_tokens(chosen))
    kept = [ent for ent in present if held.isdisjoint(_tokens([ent]))]
    for token in set(_tokens(present)) - set(_tokens(kept)):
        # `set_ents` leaves the ids of what is no longer there.
        doc[token].ent_id, doc[token].ent_kb_id = 0, 0
    doc.set_ents([*chosen, *kept], blocked=[doc[token : token + 1] for token in blocked])


def _tokens(spans: Iterable[Span]) -> list[int]:
    return [token for span in spans for token in range(span.start, span.end)]
