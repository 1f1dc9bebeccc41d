import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_gpner.pipeline.ents import flat_entities, set_flat_entities

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


# `doc.ents` where something is there already: documents of ten tokens.


def with_ents(found, *, present=(), policy="longest", overwrite=False, **marks):
    """Set found spans, (start, end), of label NEW beside entities, (start, end), of label OLD."""
    doc = Doc(VOCAB, words=["字"] * 10)
    old = [
        Span(doc, start, end, label="OLD", kb_id=f"Q{start}", span_id=f"r{start}") for start, end in present
    ]
    doc.set_ents(old, **{mark: [doc[i : i + 1] for i in tokens] for mark, tokens in marks.items()})
    new = [Span(doc, start, end, label="NEW") for start, end in found]
    set_flat_entities(doc, new, [0.9] * len(new), policy, overwrite=overwrite)
    return doc


def labelled(doc):
    return [(ent.start, ent.end, ent.label_) for ent in doc.ents]


@pytest.mark.parametrize(
    ("overwrite", "expected"),
    [
        (False, [(0, 2, "OLD"), (3, 5, "OLD"), (6, 8, "NEW"), (8, 9, "OLD")]),
        (True, [(0, 2, "OLD"), (4, 6, "NEW"), (6, 8, "NEW"), (8, 9, "OLD")]),
    ],
)
def test_who_wins_where_a_span_overlaps_an_entity(overwrite, expected):
    doc = with_ents([(4, 6), (6, 8)], present=[(0, 2), (3, 5), (8, 9)], overwrite=overwrite)
    assert labelled(doc) == expected
    kept = [ent for ent in doc.ents if ent.label_ == "OLD"]
    assert [(ent.kb_id_, ent.ent_id_) for ent in kept] == [(f"Q{ent.start}", f"r{ent.start}") for ent in kept]
    assert all(not ent.kb_id_ and not ent.ent_id_ for ent in doc.ents if ent.label_ == "NEW")
    # of an entity that gave way, nothing is left
    held = {token.i for ent in kept for token in ent}
    assert all(token.ent_id == token.ent_kb_id == 0 for token in doc if token.i not in held)


def test_a_smaller_span_is_taken_where_a_larger_one_is_in_the_way():
    assert labelled(with_ents([(0, 6), (0, 2)], present=[(3, 5)])) == [(0, 2, "NEW"), (3, 5, "OLD")]
    assert labelled(with_ents([(0, 6), (0, 2)], present=[(3, 5)], overwrite=True)) == [(0, 6, "NEW")]


@pytest.mark.parametrize("overwrite", [False, True])
def test_blocked_tokens_are_in_no_entity_and_missing_ones_can_be(overwrite):
    """As spaCy's `ner` has it: what is blocked stays so, and what is not known is outside after it."""
    doc = with_ents([(0, 3), (5, 7)], blocked=[1, 9], missing=[5, 8], overwrite=overwrite)
    assert labelled(doc) == [(5, 7, "NEW")]
    assert [token.ent_iob_ for token in doc] == ["O", "B", "O", "O", "O", "B", "I", "O", "O", "B"]
    assert doc[1].ent_type == doc[9].ent_type == 0


def test_nothing_there_and_nothing_found():
    assert labelled(with_ents([])) == []
    assert labelled(with_ents([(0, 2)])) == [(0, 2, "NEW")]
    assert labelled(with_ents([], present=[(0, 2)])) == [(0, 2, "OLD")]
    doc = Doc(VOCAB, words=[])
    set_flat_entities(doc, [], [], "score", overwrite=False)
    assert doc.ents == ()


def test_again_on_the_same_document():
    doc = with_ents([(0, 2), (4, 6)])
    set_flat_entities(doc, [Span(doc, 0, 2, label="NEW")], [0.9], "score", overwrite=True)
    assert labelled(doc) == [(0, 2, "NEW"), (4, 6, "NEW")]
