import numpy
import pytest
from thinc.api import Model, PyTorchShim

from spacy_gpner.models.by_length import PREDICTING, PREDICTING_OTHERS, predict_vectors, similar_lengths

from ..util import blank


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, [[2, 2, 3], [30, 31, 45], [200]]),
        ({"min_tokens": 100}, [[2, 2, 3, 30, 31, 45], [200]]),
        ({"max_tokens": 62}, [[2, 2, 3], [30, 31], [45], [200]]),
    ],
)
def test_similar_lengths(limits, expected):
    lengths = [30, 2, 0, 3, 31, 200, 2, 45]
    groups = list(similar_lengths(lengths, 1.5, **limits))
    assert [[lengths[i] for i in members] for members in groups] == expected


@pytest.mark.parametrize(("shims", "limits"), [([], PREDICTING), ([PyTorchShim(None)], PREDICTING_OTHERS)])
def test_vectors_come_back_in_the_order_of_the_documents(shims, limits):
    nlp = blank()
    batches = []

    def forward(model, docs, is_train):
        batches.append([len(doc) for doc in docs])
        return [numpy.full((len(doc), 2), len(doc), dtype="f") for doc in docs], None

    tok2vec = Model("lengths", forward, shims=shims)
    lengths = [7, 0, 3000, 150, 2000, 160, 20, 30, *[100] * 30]
    vectors = predict_vectors(tok2vec, [nlp.make_doc("痛" * n) for n in lengths])
    assert [x.shape for x in vectors] == [(n, 2) for n in lengths]
    assert all((x == n).all() for x, n in zip(vectors, lengths, strict=True))
    assert sorted(n for batch in batches for n in batch) == sorted(n for n in lengths if n)
    most = limits["cpu"].max_tokens
    assert all(len(batch) == 1 or max(batch) * len(batch) <= most for batch in batches)
    assert max(len(batch) for batch in batches) == most // 100
    batches.clear()
    assert [x.shape for x in predict_vectors(tok2vec, [nlp.make_doc("")])] == [(0, 2)]
    assert predict_vectors(tok2vec, []) == []
