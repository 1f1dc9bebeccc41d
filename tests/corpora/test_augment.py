"""Augmenters: sentences with whole entities, and documents as often as asked for."""

import random
import time
from collections import Counter
from itertools import pairwise

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example
from spacy.util import registry

from spacy_gpner.corpora.augment import find_cuts

from ..util import CHAR_TOKENIZER, save_docs

TEXT = "患者三天前右上腹疼痛，伴发热。无呕吐。\n查体：腹软，右上腹压痛"


def blank():
    return spacy.blank("zh", config=CHAR_TOKENIZER)


def make(name, **config):
    return registry.resolve({"x": {"@augmenters": f"spacy-gpner.{name}.v1", **config}})["x"]


def example(text, spans=()):
    nlp = blank()
    doc = nlp.make_doc(text)
    doc.spans["sc"] = [Span(doc, *span) for span in spans]
    return nlp, Example(nlp.make_doc(text), doc)


def split(text, spans=(), **config):
    nlp, own = example(text, spans)
    return list(make("split_sentences", **config)(nlp, own))


def test_sentences_keep_their_entities():
    spans = [(5, 10, "sym"), (5, 8, "bod"), (12, 14, "sym"), (26, 31, "sym")]
    parts = split(TEXT, spans)
    assert [eg.text for eg in parts] == [
        "患者三天前右上腹疼痛，伴发热。",
        "无呕吐。",
        "\n查体：腹软，右上腹压痛",
    ]
    found = [[(s.text, s.label_) for s in eg.reference.spans["sc"]] for eg in parts]
    assert found[0] == [("右上腹疼痛", "sym"), ("右上腹", "bod"), ("发热", "sym")]
    assert found[1] == []
    assert found[2] == [("右上腹压痛", "sym")]
    assert all(len(eg.predicted) == len(eg.reference) for eg in parts)


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [
        ("en", ["Dr. Ho saw no fever (e.g. 37.5 °C, vs. 39.2).", "“Any pain?”", "(None.)", "Stable!"]),
        ("de", ["Dr. Roth sah ca. 3.5 cm, z.B. „links.“", "Kein Fieber?", "Nein"]),
        ("fr", ["M. Roux a 37.5 °C, etc. selon le Dr. Petit.", "Pas de douleur."]),
        ("zh", ["血压120.5，无发热！", "咳嗽？", "有。", "NYHA II级. 好"]),
    ],
)
@pytest.mark.parametrize("words", [True, False])
def test_sentences_of_any_script_end(lang, sentences, words):
    text = ("" if lang == "zh" else " ").join(sentences)
    nlp = spacy.blank(lang, config={} if words else CHAR_TOKENIZER)
    parts = list(make("split_sentences")(nlp, Example(nlp.make_doc(text), nlp.make_doc(text))))
    expected = [*sentences[:-1], "NYHA II级.", "好"] if lang == "zh" else sentences
    assert [eg.text.strip() for eg in parts] == expected
    assert "".join(eg.text for eg in parts) == text


def test_ends_that_are_given_are_the_only_ones():
    text = "无发热！咳嗽? 有。NYHA II级. 好"
    assert [eg.text for eg in split(text, ends="。")] == ["无发热！咳嗽? 有。", "NYHA II级. 好"]
    assert [eg.text for eg in split(text, ends="?")] == ["无发热！咳嗽?", " 有。NYHA II级. 好"]


def test_given_words_stay():
    """Of a corpus that came tokenized, as spaCy's own reader leaves them."""
    nlp = spacy.blank("en")
    doc = Doc(nlp.vocab, ["(APC)-fever", ".", "No", "pain", "."])
    doc.spans["sc"] = [Span(doc, 0, 1, "sym")]
    first, second = make("split_sentences")(nlp, Example(doc.copy(), doc))
    assert [token.text for token in first.predicted] == ["(APC)-fever", "."]
    assert [token.text for token in second.predicted] == ["No", "pain", "."]
    assert first.reference.has_unknown_spaces
    assert first.text == "(APC)-fever . "


def test_long_sentences_are_cut_at_pauses():
    assert [eg.text for eg in split("一二三，四五六七八", max_length=6)] == ["一二三，", "四五六七八"]
    assert [eg.text for eg in split("一二三四五六七八", max_length=3)] == ["一二三", "四五六", "七八"]


def test_what_a_part_does_not_keep():
    nlp, own = example("一二。三四")
    reference = own.reference
    reference.from_array(["HEAD", "DEP"], numpy.array([[3, 1], [0, 1], [0, 1], [0, 1], [0, 1]], "uint64"))
    reference.spans["sc"] = [Span(reference, 1, 2, "a"), Span(reference, 5, 5, "a")]
    parts = [eg.reference for eg in make("split_sentences")(nlp, own)]
    assert [[span.text for span in part.spans["sc"]] for part in parts] == [["二"], []]
    assert not any(token.dep for part in parts for token in part)


@pytest.mark.parametrize("text", ["", "一二三"])
def test_a_document_of_one_part_stays(text):
    nlp, own = example(text)
    assert list(make("split_sentences")(nlp, own)) == [own]


def test_no_entity_is_cut():
    parts = split("一二。三四五六", [(1, 4, "a"), (4, 7, "b")], max_length=2)
    assert [eg.text for eg in parts] == ["一", "二。三", "四五六"]


@settings(max_examples=60, deadline=None)
@given(
    st.text("一二。，", max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 8)), max_size=4),
    st.integers(1, 9),
)
def test_cuts_lose_nothing(text, places, max_length):
    spans = [(start, min(start + n, len(text)), "a") for start, n in places if start < len(text)]
    _, own = example(text, spans)
    cuts = find_cuts(own.reference, max_length, "。")
    assert cuts == sorted(set(cuts)) or not text
    assert cuts[0] == 0
    assert cuts[-1] == len(text)
    assert not any(start < cut < end for cut in cuts for start, end, _ in spans)
    for begin, end in pairwise(cuts):
        if end - begin > max_length:
            assert all(any(s < i < e for s, e, _ in spans) for i in range(begin + 1, begin + max_length + 1))


def test_a_long_record_is_cut_in_passing():
    """In a time that grows with it: ten times the text takes some ten times as long, not a hundred."""
    seconds = []
    for n in (2_000, 20_000):
        spans = [(7 * i + 1, 7 * i + 4, "a") for i in range(n)]
        nlp, own = example("一二三四五六。" * n, spans)
        splitter, start = make("split_sentences"), time.perf_counter()
        parts = list(splitter(nlp, own))
        seconds.append(time.perf_counter() - start)
        assert sum(len(eg.reference.spans["sc"]) for eg in parts) == n
    assert seconds[1] < 40 * seconds[0]


def test_documents_are_repeated_and_left_away():
    nlp, rare = example("右上腹疼痛", [(0, 5, "rare")])
    _, common = example("发热", [(0, 2, "common")])
    resample = make("resample", repeats={"rare": 3.0}, others=0.25)
    assert len(list(resample(nlp, rare))) == 3
    random.seed(0)
    times = Counter(len(list(resample(nlp, common))) for _ in range(400))
    assert set(times) == {0, 1}
    assert 60 < times[1] < 140


def test_sentences_are_repeated():
    """One of a record's, and not the whole of it."""
    nlp, own = example(TEXT, [(5, 10, "sym"), (12, 14, "rare")])
    sentences = {"@augmenters": "spacy-gpner.split_sentences.v1"}
    rare = {"@augmenters": "spacy-gpner.resample.v1", "repeats": {"rare": 2.0}}
    found = Counter(eg.text for eg in make("chained", first=sentences, then=rare)(nlp, own))
    assert found == {"患者三天前右上腹疼痛，伴发热。": 2, "无呕吐。": 1, "\n查体：腹软，右上腹压痛": 1}


def test_augmenters_work_in_a_corpus(tmp_path):
    path = save_docs(tmp_path / "train.spacy", [("发热。咳嗽。", [(0, 2, "sym")]), ("无", [])])
    corpus = Corpus(path, augmenter=make("split_sentences"))
    assert [eg.text for eg in corpus(blank())] == ["发热。", "咳嗽。", "无"]


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("split_sentences", {"max_length": 0}, "max_length"),
        ("split_sentences", {"ends": ""}, "ends"),
        ("resample", {"repeats": {"a": -1.0}}, "'a'"),
        ("resample", {"repeats": {}, "others": float("nan")}, "others"),
    ],
)
def test_settings_are_checked(name, config, message):
    with pytest.raises(ValueError, match=message):
        make(name, **config)
