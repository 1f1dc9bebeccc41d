import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_gpner.pipeline.ents import flat_entities

VOCAB = spacy.blank("zh").vocab

# the outer 0-6 holds 0-3 and 3-6, 3-6 holds 4-5; 5-8 crosses
SPANS = [(0, 6, 0.6), (0, 3, 0.9), (3, 6, 0.7), (4, 5, 0.8), (5, 8, 0.65)]


def chosen(spans, policy):
    doc = Doc(VOCAB, words=["字"] * 12)
    own = [Span(doc, start, end, label="X") for start, end, _ in spans]
    return [(s.start, s.end) for s in flat_entities(own, [score for *_, score in spans], policy)]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("score", [(0, 3), (4, 5), (5, 8)]),
        ("longest", [(0, 6)]),
        ("outermost", [(0, 3), (4, 5), (5, 8)]),
        ("innermost", [(0, 3), (4, 5), (5, 8)]),
    ],
)
def test_policies(policy, expected):
    assert chosen(SPANS, policy) == expected


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.floats(0, 1)), max_size=8),
    st.sampled_from(["score", "longest", "outermost", "innermost"]),
)
def test_no_overlap_and_nothing_more_fits(spans, policy):
    spans = [(start, start + length, score) for start, length, score in spans]
    taken = chosen(spans, policy)
    tokens = [i for start, end in taken for i in range(start, end)]
    assert len(tokens) == len(set(tokens))
    for start, end, _ in spans:
        assert not set(tokens).isdisjoint(range(start, end))


def test_outermost_takes_what_holds_nothing_back():
    assert chosen([(0, 5, 0.6), (1, 3, 0.9)], "outermost") == [(0, 5)]
    assert chosen([(0, 5, 0.6), (1, 3, 0.9)], "innermost") == [(1, 3)]
    assert chosen([(0, 5, 0.6), (1, 3, 0.9)], "score") == [(1, 3)]
