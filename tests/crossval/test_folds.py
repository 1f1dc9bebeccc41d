"""Folds: everything once, together what belongs together, and each label's share."""

from collections import Counter

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span

from spacy_gpner.corpora.provenance import Provenance, set_provenance
from spacy_gpner.corpora.split import hold_together
from spacy_gpner.crossval.folds import divide, find_sparse
from spacy_gpner.errors import CorpusError

VOCAB = spacy.blank("xx").vocab
documents = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.sampled_from("ABC"), max_size=4)), min_size=4, max_size=40
)


def make(n, labels, group=None):
    doc = Doc(VOCAB, words=[f"text{n}", "has", "four", "words"])
    doc.spans["sc"] = [Span(doc, i, i + 1, label) for i, label in enumerate(labels)]
    set_provenance(doc, Provenance("file", None, group))
    return doc


@settings(max_examples=200, deadline=None)
@given(documents, st.integers(2, 4), st.integers(1, 3), st.integers(0, 99))
def test_every_document_is_in_one_fold_and_none_is_empty(drawn, n_folds, neighbours, seed):
    docs = [make(n, labels) for n, labels in drawn]
    if len(set(hold_together(docs, neighbours))) < n_folds:
        with pytest.raises(CorpusError, match="Give fewer folds"):
            divide(docs, "sc", n_folds, neighbours=neighbours, seed=seed)
        return
    folds = divide(docs, "sc", n_folds, neighbours=neighbours, seed=seed)
    assert set(folds) == set(range(n_folds))
    of_text = {}
    for place, (doc, fold) in enumerate(zip(docs, folds, strict=True)):
        assert of_text.setdefault(doc.text, fold) == fold
        assert fold == folds[place // neighbours * neighbours]
    assert folds == divide(docs, "sc", n_folds, neighbours=neighbours, seed=seed)


def test_each_fold_has_its_share_of_every_label():
    docs = [make(i, ["A"] + ["B"] * (i % 5 == 0) + ["C"] * (i % 50 == 0)) for i in range(500)]
    folds = divide(docs, "sc", 5, neighbours=1, seed=3)
    for label, share in (("A", 100), ("B", 20), ("C", 2)):
        counts = Counter()
        for doc, fold in zip(docs, folds, strict=True):
            counts[fold] += sum(span.label_ == label for span in doc.spans["sc"])
        assert all(abs(counts[fold] - share) <= 1 for fold in range(5)), label
    assert folds != divide(docs, "sc", 5, neighbours=1, seed=4)


def test_labels_more_frequent_than_documents():
    docs = [make(i, "AAA"[: 1 + i % 3] + "B" * (i % 2)) for i in range(300)]
    folds = divide(docs, "sc", 5, neighbours=1, seed=0)
    for label, share in (("A", 120), ("B", 30)):
        counts = Counter()
        for doc, fold in zip(docs, folds, strict=True):
            counts[fold] += sum(span.label_ == label for span in doc.spans["sc"])
        assert all(abs(counts[fold] - share) <= 2 for fold in range(5)), (label, counts)
    assert max(Counter(folds).values()) - min(Counter(folds).values()) <= 25


def test_groups_stay_together():
    docs = [make(i, ["A"], group=f"patient {i // 7}") for i in range(70)]
    folds = divide(docs, "sc", 5, neighbours=1, seed=0)
    assert all(len(set(folds[i : i + 7])) == 1 for i in range(0, 70, 7))
    assert Counter(folds) == dict.fromkeys(range(5), 14)


def test_fewer_documents_than_folds():
    with pytest.raises(CorpusError, match=r"2 documents, or groups .* for 3 folds"):
        divide([make(0, ["A"]), make(1, []), make(1, [])], "sc", 3, neighbours=1, seed=0)


def test_labels_of_one_fold_are_named():
    folds = [[make(0, ["A", "B"])], [make(1, ["A"]), make(2, [])], [make(3, ["C"])]]
    assert find_sparse(folds, "sc") == {"B": 1, "C": 3}
