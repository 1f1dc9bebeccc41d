"""Long documents in stretches: the spans and scores of the unbroken run."""

import pytest
import spacy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_gpner.corpora.parts import part_of
from spacy_gpner.models.char_ngram_embed import ngram_hashes
from spacy_gpner.pipeline import stretches
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.settings import DEFAULT_STRETCH
from spacy_gpner.pipeline.stretches import MIN_STRETCH, Cutter, make_cutter
from spacy_gpner.spans import Cut

from ..components import COMPONENTS
from ..util import (
    TINY_CNN,
    TINY_MODEL,
    blank,
    entities,
    make_examples,
    make_tiny_bert,
    scores,
    shuffled,
    train,
    transformer_nlp,
)

# What README states.
TOLERANCE = 1e-5


def initialized(**settings):
    nlp = blank(window=8, stretch=MIN_STRETCH, **settings)
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


def long_text(n_chars, seed=0):
    return shuffled(n_chars // 5, seed)[0][:n_chars]


def predict_both(component, docs, cut=None):
    """In stretches, and unbroken."""
    cut_docs = component.predict(docs, cut)
    component.cfg["stretch"] = None
    return cut_docs, component.predict(docs, cut)


def assert_same(found, unbroken):
    for name in ("doc", "start", "end", "type", "dropped"):
        assert torch.equal(getattr(found, name), getattr(unbroken, name))
    assert (found.score - unbroken.score).abs().max() < TOLERANCE


def test_layers_that_reach_far():
    tok2vec = {
        **{"@architectures": "spacy-gpner.IDCNN.v1", "width": 8, "dilations": [1, 300], "iterations": 2},
        "tok2vec": TINY_MODEL["tok2vec"],
    }
    component = initialized(model={**TINY_MODEL, "tok2vec": tok2vec}).get_pipe("span_globalpointer")
    near, far = (
        make_cutter(own.model.get_ref("tok2vec"), own.objective, MIN_STRETCH).context
        for own in (initialized().get_pipe("span_globalpointer"), component)
    )
    assert far - near == 1 + 2 * 301


@settings(max_examples=200, deadline=None)
@given(
    length=st.integers(1, 3000),
    size=st.integers(1, 1000),
    reach=st.integers(1, 100),
    context=st.integers(0, 100),
    stride=st.integers(1, 100),
)
def test_every_span_lies_with_its_context_in_the_stretch_of_its_first_token(
    length, size, reach, context, stride
):
    cut = list(Cutter(size, reach, None, context, stride)(length))
    assert [0, *(stretch.stop for stretch in cut)] == [*(stretch.first for stretch in cut), length]
    overlap = 2 * context + reach - 1 + stride - 1
    for stretch in cut:
        assert stretch.first < stretch.stop
        assert stretch.begin % stride == 0
        assert 0 <= stretch.begin <= max(0, stretch.first - context)
        # the longest span of the last token
        assert stretch.end == min(length, stretch.stop - 1 + reach + context)
        assert stretch.end - stretch.begin <= max(size, 2 * overlap, 1)
    # as much work as twice the length at most, beside the last stretch
    assert sum(stretch.end - stretch.begin for stretch in cut[:-1]) <= 2 * length


def test_a_prefix_is_one_stretch():
    (stretch,) = Cutter(500, 200, 200, context=50)(10**6)
    assert (stretch.begin, stretch.end, stretch.first, stretch.stop) == (0, 250, 0, 200)


def test_a_part_keeps_what_embedding_layers_read():
    words = ["Die", "Lungen", "sind", "frei", ".", "Kein", "Erguss"]
    doc = Doc(
        Vocab(),
        words=words,
        spaces=[True, True, True, False, True, True, False],
        tags=["D", "N", "V", "A", "P", "D", "N"],
        pos=["DET", "NOUN", "VERB", "ADJ", "PUNCT", "DET", "NOUN"],
        lemmas=[word.lower() for word in words],
        heads=[1, 2, 2, 2, 2, 6, 6],
        deps=["d", "s", "ROOT", "a", "p", "d", "ROOT"],
        ents=["O", "B-bod", "I-bod", "O", "O", "O", "B-sym"],
        user_data={"own": 1},
    )
    doc[3].norm_ = "clear"
    part = part_of(doc, 2, 7)
    assert part.text == "sind frei. Kein Erguss"
    for name in ("ORTH", "SPACY", "NORM", "TAG", "POS", "LEMMA", "DEP", "SENT_START", "ENT_TYPE", "SHAPE"):
        assert part.to_array(name).tolist() == doc.to_array(name)[2:7].tolist()
    assert [sent.text for sent in part.sents] == ["sind frei.", "Kein Erguss"]
    # the entity that begins before
    assert [(ent.text, ent.label_) for ent in part.ents] == [("sind", "bod"), ("Erguss", "sym")]
    of_part, of_doc = ngram_hashes([part, doc])
    assert (of_part[1:] == of_doc[3:7]).all()


@pytest.mark.parametrize("decoding", ["marginal", "viterbi"])
def test_a_chain_forgets_what_is_far_away(decoding):
    nlp = COMPONENTS["flat_crf"].trained(decoding=decoding, window=8, stretch=MIN_STRETCH)
    docs = [nlp.make_doc(long_text(3 * MIN_STRETCH))]
    found, unbroken = predict_both(find_pipe(nlp), docs)
    assert len(found.doc) > len(docs[0]) / 20
    assert_same(found, unbroken)


@pytest.mark.parametrize("head", ["EfficientGlobalPointer", "GlobalPointer", "Biaffine"])
def test_scores_of_all_spans_are_those_of_the_unbroken_run(head):
    nlp = initialized(
        model={
            "@architectures": f"spacy-gpner.{head}.v1",
            "head_size": 16,
            "dropout": 0.0,
            "tok2vec": TINY_MODEL["tok2vec"],
        }
    )
    component = nlp.get_pipe("span_globalpointer")
    texts = [long_text(9000), "", "右膝疼痛", long_text(4001), long_text(4000)]
    docs = [nlp.make_doc(text) for text in texts]
    found, unbroken = predict_both(component, docs, Cut([0.0] * len(component.labels)))
    assert len(found.doc) > 8 * 17_000
    assert_same(found, unbroken)


def test_a_cnn_is_cut_too():
    nlp = initialized(model={**TINY_MODEL, "tok2vec": TINY_CNN}, char_tokenizer=False)
    docs = [nlp.make_doc(long_text(9000))]
    assert_same(*predict_both(nlp.get_pipe("span_globalpointer"), docs, Cut([0.0] * 5)))


def test_a_prefix_window():
    nlp = initialized()
    component = nlp.get_pipe("span_globalpointer")
    component.cfg.update(window=300, window_mode="prefix")
    docs = [nlp.make_doc(long_text(n)) for n in (9000, 100)]
    assert_same(*predict_both(component, docs, Cut([0.0] * 5)))


def test_a_window_wider_than_a_stretch():
    nlp = initialized()
    component = nlp.get_pipe("span_globalpointer")
    component.cfg["window"] = 5000
    docs = [nlp.make_doc(long_text(20_000))]
    # a stretch, and the part of it that is overlap, are longer then
    cutter = make_cutter(component.model.get_ref("tok2vec"), component.objective, MIN_STRETCH)
    seam = next(stretch.stop for stretch in cutter(20_000))
    cut = Cut([0.0] * 5, starts=[(seam - 10, seam + 10)])
    found, unbroken = predict_both(component, docs, cut)
    assert len(found.doc) == 20 * 5000 * 5
    assert_same(found, unbroken)


def test_a_cut_of_ones_own():
    nlp = initialized()
    docs = [nlp.make_doc(long_text(n)) for n in (9000, 50)]
    cut = Cut([0.0] * 5, max_spans=[1000, 7], starts=[(1500, 6500), (10, 30)])
    found, unbroken = predict_both(nlp.get_pipe("span_globalpointer"), docs, cut)
    assert found.dropped.tolist() == unbroken.dropped.tolist() == [5000 * 8 * 5 - 1000, 20 * 8 * 5 - 7]
    assert (found.score.sort().values - unbroken.score.sort().values).abs().max() < TOLERANCE
    assert found.start[found.doc == 0].min() >= 1500
    assert found.start[found.doc == 0].max() < 6500


def test_spans_over_the_limit_are_dropped_on_the_way(monkeypatch):
    nlp = initialized()
    component = nlp.get_pipe("span_globalpointer")
    docs = [nlp.make_doc(long_text(9000))]
    cut = Cut([0.0] * 5, max_spans=[1000])
    expected = component.predict(docs, cut)
    monkeypatch.setattr(stretches, "MAX_HELD", 100)
    assert_same(component.predict(docs, cut), expected)
    assert expected.dropped.tolist() == [component.window.count(9000) * 5 - 1000]


def test_a_trained_pipeline():
    """60,000 characters, with the spans that a user sees."""
    nlp = blank(stretch=MIN_STRETCH)
    train(nlp, [shuffled(10, seed) for seed in range(8)], steps=80)
    component = nlp.get_pipe("span_globalpointer")
    text, spans = shuffled(9000, seed=8)
    assert len(text) > 60_000
    doc = nlp(text)
    component.cfg["stretch"] = None
    unbroken = nlp(text)
    assert entities(doc) == entities(unbroken)
    assert scores(doc) == pytest.approx(scores(unbroken), abs=TOLERANCE)
    assert len({*spans} & {*entities(doc)}) > 0.95 * len(spans)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    pytest.importorskip("spacy_transformers")
    return make_tiny_bert(tmp_path_factory.mktemp("bert"))


def test_the_strided_windows_of_a_transformer_are_those_of_the_unbroken_run(bert, monkeypatch):
    # what a transformer sees is its windows, no more
    monkeypatch.setattr(stretches, "CONTEXT", 0)
    nlp = transformer_nlp(bert, shared=False)
    component = nlp.get_pipe("span_globalpointer")
    component.cfg.update(window=8, stretch=MIN_STRETCH)
    nlp.initialize(lambda: make_examples(nlp))
    cutter = make_cutter(component.model.get_ref("tok2vec"), component.objective, MIN_STRETCH)
    assert cutter == Cutter(MIN_STRETCH, 8, None, context=128, stride=96)
    docs = [nlp.make_doc(long_text(9000))]
    assert_same(*predict_both(component, docs, Cut([0.0] * 5)))


def test_what_cannot_be_cut(bert):
    tok2vec = blank().get_pipe("span_globalpointer").model.get_ref("tok2vec")
    component = blank(window=None).get_pipe("span_globalpointer")
    assert make_cutter(tok2vec, component.objective, MIN_STRETCH) is None

    listening = transformer_nlp(bert, shared=True).get_pipe("span_globalpointer")
    assert make_cutter(listening.model.get_ref("tok2vec"), listening.objective, MIN_STRETCH) is None

    whole = transformer_nlp(bert, shared=False).get_pipe("span_globalpointer")
    for node in whole.model.walk():
        if "get_spans" in node.attrs:
            node.attrs["get_spans"] = lambda docs: [[doc[:]] for doc in docs]
    assert make_cutter(whole.model.get_ref("tok2vec"), whole.objective, MIN_STRETCH) is None


def test_a_shared_encoder_is_not_cut():
    nlp = blank(
        window=8,
        stretch=MIN_STRETCH,
        model={
            **TINY_MODEL,
            "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"},
        },
    )
    nlp.add_pipe("tok2vec", config={"model": TINY_MODEL["tok2vec"]}, first=True)
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    doc = nlp(long_text(9000))
    assert_same(*predict_both(component, [doc], Cut([0.0] * 5)))


def test_the_setting_is_kept(tmp_path):
    assert blank().get_pipe("span_globalpointer").cfg["stretch"] == DEFAULT_STRETCH
    nlp = blank(stretch=None)
    nlp.initialize(lambda: make_examples(nlp))
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe("span_globalpointer").cfg["stretch"] is None
