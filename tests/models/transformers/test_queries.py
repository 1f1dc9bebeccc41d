"""Reading a text with queries: what the encoder gets, and which vectors come out."""

import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.util import registry
from transformers import AutoModel, AutoTokenizer

from spacy_gpner.errors import CacheError, PipelineError
from spacy_gpner.models.cache import VectorCache
from spacy_gpner.models.torch_layer import get_shim
from spacy_gpner.models.transformers.frozen import fill_caches
from spacy_gpner.models.transformers.module import TextEncoder
from spacy_gpner.models.transformers.queries import query_layers, set_queries

from ...util import CHAR_TOKENIZER, TRAIN, make_tiny_bert

TEXTS = [text for text, _ in TRAIN]
QUERIES = ["发热", "咳嗽和头痛", "药"]
FROZEN = {"@architectures": "spacy-gpner.FrozenQueryTransformer.v1"}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"), [*TEXTS, *QUERIES], n_layers=2)


def resolve(bert, **settings):
    block = {"@architectures": "spacy-gpner.QueryTransformer.v1", "name": bert, "mixed_precision": False}
    return registry.resolve({"model": {**block, **settings}})["model"]


def make_frozen(bert, queries=QUERIES, **settings):
    return make_layer(bert, queries, **FROZEN, **settings)


def make_layer(bert, queries=QUERIES, **settings):
    layer = resolve(bert, **settings)
    layer.initialize()
    set_queries(layer, queries)
    return layer


def docs_of(*texts):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    return [nlp.make_doc(text) for text in texts]


@pytest.mark.parametrize("position", ["after", "before"])
def test_vectors_are_those_of_the_text_beside_the_query(bert, position):
    layer = make_layer(bert, query_position=position)
    text = TEXTS[0]
    (found,) = layer.predict(docs_of(text))
    assert layer.get_dim("nO") == 3 * 16
    assert found.shape == (len(text), 3 * 16)
    tokenizer, encoder = AutoTokenizer.from_pretrained(bert), AutoModel.from_pretrained(bert).eval()
    for i, query in enumerate(QUERIES):
        pair = (text, query) if position == "after" else (query, text)
        inputs = tokenizer(*pair, return_tensors="pt")
        assert inputs["token_type_ids"].unique().tolist() == [0, 1]
        with torch.no_grad():
            hidden = encoder(**inputs).last_hidden_state[0]
        start = 1 if position == "after" else len(query) + 2
        expected = hidden[start : start + len(text)]
        torch.testing.assert_close(
            torch.from_numpy(found[:, 16 * i : 16 * (i + 1)]), expected, atol=1e-5, rtol=0
        )


def test_neither_the_batch_nor_the_order_of_queries_matters(bert):
    layer = make_layer(bert)
    docs = docs_of(*TEXTS, "", "痛")
    together = layer.predict(docs)
    for doc, own in zip(docs, together, strict=True):
        (alone,) = layer.predict([doc])
        assert alone == pytest.approx(own, abs=1e-5)
    set_queries(layer, QUERIES[::-1])
    for own, turned in zip(together, layer.predict(docs), strict=True):
        assert turned[:, :16] == pytest.approx(own[:, 32:], abs=1e-5)
        assert turned[:, 32:] == pytest.approx(own[:, :16], abs=1e-5)


@pytest.mark.parametrize("position", ["after", "before"])
def test_long_texts_are_read_in_windows_with_the_query_in_each(bert, position):
    layer = make_layer(bert, window=16, stride=8, query_position=position)
    text = "".join(TEXTS)
    (vectors,) = layer.predict(docs_of(text))
    assert vectors.shape == (len(text), 48)
    assert (vectors != 0).any(1).all()
    module = get_shim(layer).module
    frame = module.pieces.with_query(QUERIES[1], first=position == "before")
    (pieces,) = module.pieces.cut([text])
    windows = list(module.pieces.windows(pieces, frame))
    query = module.pieces.cut([QUERIES[1]])[0].ids
    assert len(windows) > 2
    kept = []
    for window in windows:
        assert len(window.ids) <= 16
        begin = 1 if position == "before" else len(window.ids) - len(query) - 1
        assert window.ids[begin : begin + len(query)] == query
        n_text = len(window.ids) - len(query) - 3
        assert window.segments.count(1) == (n_text if position == "before" else len(query)) + 1
        kept += window.ids[window.kept]
    assert kept == pieces.ids


def test_windows_overlap_however_long_the_query_is(bert):
    pieces = get_shim(make_layer(bert, window=24, stride=16)).module.pieces
    (text,) = pieces.cut(["痛" * 60])
    for n in (1, 5, 8, 14):
        _, *others = pieces.windows(text, pieces.with_query("痛" * n))
        assert len(others) > 1
        assert all(window.kept.start > 1 for window in others)


def test_queries_that_leave_no_room(bert):
    layer = make_layer(bert, ["很长的" * 9], window=24, stride=8)
    with pytest.raises(PipelineError, match=r"no room for text: the query '很长的很长的.*…'"):
        layer.predict(docs_of(TEXTS[0]))
    layer = make_layer(bert, ["很长的" * 5], window=22, stride=8)
    with pytest.raises(PipelineError, match="no room for text: the query"):
        layer.predict(docs_of(TEXTS[0]))
    for make in (make_layer, make_frozen):
        with pytest.raises(ValueError, match="query_position"):
            make(bert, query_position="beside")
    with pytest.raises(ValueError, match="at least 1 layer"):
        make_frozen(bert, depth=0)


def test_it_learns(bert):
    layer = make_layer(bert)
    docs = docs_of(*TEXTS)
    vectors, backprop = layer.begin_update(docs)
    backprop([v * 0 + 1 for v in vectors])
    grads = [p.grad for p in get_shim(layer).module.parameters() if p.grad is not None]
    assert any((g != 0).any() for g in grads)


@pytest.mark.parametrize("position", ["after", "before"])
def test_frozen_readings_are_made_once(bert, position, monkeypatch):
    """As those of an encoder that learns; kept while the model is trained, until it reads other queries."""
    plain = make_layer(bert, query_position=position)
    layer = make_frozen(bert, query_position=position, cache=VectorCache(precision="full"))
    docs = docs_of(*TEXTS, "")
    for own, expected in zip(layer.predict(docs), plain.predict(docs), strict=True):
        assert own == pytest.approx(expected, abs=1e-5)
    passes = []
    forward = TextEncoder.forward
    monkeypatch.setattr(
        TextEncoder,
        "forward",
        lambda self, texts, *rest: passes.append(len(texts)) or forward(self, texts, *rest),
    )
    vectors, backprop = layer.begin_update(docs)
    assert backprop(vectors) == []
    again, _ = layer.begin_update(docs[::-1])
    assert passes == [len(docs)]
    for own, other in zip(vectors, again[::-1], strict=True):
        assert (own == other).all()
    set_queries(layer, [*QUERIES, "头"])
    more, _ = layer.begin_update(docs)
    assert passes == [len(docs)] * 2
    assert more[0].shape == (len(docs[0]), 4 * 16)
    assert more[0][:, :48] == pytest.approx(vectors[0], abs=1e-5)
    set_queries(layer, ["头", *QUERIES[1:]])
    other, _ = layer.begin_update(docs)
    assert other[0][:, 16:] == pytest.approx(vectors[0][:, 16:], abs=1e-5)
    assert (other[0][:, :16] != vectors[0][:, :16]).any()


def test_files_of_readings_are_of_their_queries(bert, tmp_path, monkeypatch):
    path = tmp_path / "vectors.safetensors"
    docs = docs_of(*TEXTS)
    fill_caches(make_frozen(bert, cache=VectorCache(path)), docs)
    again = make_frozen(bert, cache=VectorCache(path))
    with monkeypatch.context() as patch:
        patch.setattr(TextEncoder, "forward", None)
        fill_caches(again, docs)
        assert again.begin_update(docs)[0][0].shape == (len(docs[0]), 48)
    for queries, position in ((QUERIES[::-1], "after"), (QUERIES, "before")):
        other = make_frozen(bert, queries, query_position=position, cache=VectorCache(path))
        with pytest.raises(CacheError, match="something else"):
            fill_caches(other, docs)


@pytest.mark.parametrize("kind", [{}, FROZEN])
def test_queries_are_saved(bert, kind):
    layer = make_layer(bert, **kind)
    other = resolve(bert, **kind)
    assert query_layers(other) == [other]
    other.from_bytes(layer.to_bytes())
    assert other.attrs["queries"] == QUERIES
    (doc,) = docs_of(TEXTS[1])
    assert other.predict([doc])[0] == pytest.approx(layer.predict([doc])[0], abs=1e-6)


def test_documents_without_tokens(bert):
    layer = make_layer(bert)
    doc = Doc(spacy.blank("zh").vocab, words=[])
    assert layer.predict([doc])[0].shape == (0, 48)
    assert layer.predict([]) == []
