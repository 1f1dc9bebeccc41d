"""The scorer, against a count over plain sets."""

import random

import pytest
import spacy
from spacy.pipeline.spancat import spancat_score
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_gpner.pipeline.scoring import score_spans

VOCAB = spacy.blank("zh").vocab


def make_doc(spans, key="sc"):
    doc = Doc(VOCAB, words=["字"] * 20)
    doc.spans[key] = [Span(doc, start, end, label=label) for start, end, label in sorted(spans)]
    return doc


def random_spans(rng):
    return {
        (start, start + rng.randint(1, 4), rng.choice("AB"))
        for start in (rng.randrange(16) for _ in range(rng.randint(0, 7)))
    }


def is_nested(span, spans):
    return any(
        (a, b) != span[:2] and ((a <= span[0] and span[1] <= b) or (span[0] <= a and b <= span[1]))
        for a, b, _ in spans
    )


def ratio(part, whole):
    return part / whole if whole else 0.0


def test_equals_a_count_over_sets():
    rng = random.Random(0)
    pairs = [(random_spans(rng), random_spans(rng)) for _ in range(40)]
    pairs += [(gold, gold) for gold, _ in pairs[:10]]
    examples = [Example(make_doc(predicted), make_doc(gold)) for gold, predicted in pairs]
    scores = score_spans(examples, spans_key="sc")
    for kind in ("", "_nested", "_flat"):
        tp = {"p": 0, "r": 0}
        total = {"p": 0, "r": 0}
        for gold, predicted in pairs:
            for name, own, other in (("p", predicted, gold), ("r", gold, predicted)):
                chosen = {s for s in own if not kind or is_nested(s, own) == (kind == "_nested")}
                total[name] += len(chosen)
                tp[name] += len(chosen & other)
        p, r = ratio(tp["p"], total["p"]), ratio(tp["r"], total["r"])
        assert scores[f"spans_sc{kind}_p"] == pytest.approx(p)
        assert scores[f"spans_sc{kind}_r"] == pytest.approx(r)
        assert scores[f"spans_sc{kind}_f"] == pytest.approx(ratio(2 * p * r, p + r))


def test_has_all_that_spancats_scorer_has():
    examples = [Example(make_doc({(0, 2, "A")}), make_doc({(0, 2, "A"), (0, 1, "B")}))]
    scores = score_spans(examples, spans_key="sc")
    assert scores == {**scores, **spancat_score(examples, spans_key="sc")}


def test_nothing_annotated_or_predicted():
    blank = Doc(VOCAB, words=["字"])
    scores = score_spans([Example(blank.copy(), blank.copy())], spans_key="sc")
    assert scores["spans_sc_f"] is scores["spans_sc_nested_f"] is None
    scores = score_spans([Example(make_doc(set()), make_doc(set()))], spans_key="sc")
    assert scores["spans_sc_nested_f"] == 0.0
