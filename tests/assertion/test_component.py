"""`span_assertion` in a pipeline."""

import warnings

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_gpner.archive.annotator import Annotator
from spacy_gpner.errors import ConfigError, GpnerWarning

from ..util import CHAR_TOKENIZER, blank, train


def make_doc(nlp, text="无发热，母亲患肺癌", spans=((1, 3), (7, 9))):
    doc = nlp.make_doc(text)
    doc.spans["sc"] = [doc.char_span(start, end, "x") for start, end in spans]
    return doc


@pytest.fixture
def nlp():
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("span_assertion")
    return nlp


def told(doc):
    return doc.spans["sc"].attrs["assertions"]


def test_tells_and_keeps(nlp):
    doc = nlp(make_doc(nlp))
    assert told(doc) == [["negated"], ["family"]]
    assert [span._.assertions for span in doc.spans["sc"]] == [("negated",), ("family",)]
    (kept,) = DocBin().from_bytes(DocBin(docs=[doc]).to_bytes()).get_docs(nlp.vocab)
    assert told(kept) == told(doc)
    assert "sc" not in nlp("没有标注").spans


def test_rules_can_be_extended_and_are_saved(nlp, tmp_path):
    path = tmp_path / "rules.yml"
    srsly.write_yaml(
        path, {"categories": {"negated": {"after": {"adjacent": ["查无此"]}}}, "idioms": ["母亲患"]}
    )
    pipe = nlp.get_pipe("span_assertion")
    pipe.add_rules(path)
    doc = make_doc(nlp, "查无此发热，母亲患肺癌", ((3, 5), (9, 11)))
    assert told(nlp(doc)) == [["negated"], []]
    nlp.to_disk(tmp_path / "model")
    path.unlink()
    for other in (
        spacy.load(tmp_path / "model"),
        spacy.blank("zh", config=nlp.config).from_bytes(nlp.to_bytes()),
    ):
        assert other.get_pipe("span_assertion").rules == pipe.rules
    nlp.initialize()
    assert nlp.get_pipe("span_assertion").rules != pipe.rules or told(nlp(doc)) != [["negated"], []]


def test_rules_from_the_config(tmp_path):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("span_assertion")
    nlp.config["initialize"]["components"]["span_assertion"] = {"rules": {"idioms": ["母亲患"]}}
    nlp.initialize()
    assert told(nlp(make_doc(nlp))) == [["negated"], []]


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ([], "not list"),
        ({"categories": {"gone": {}}}, "categories.gone"),
        ({"categories": {"negated": {"after": {"far": ["无"]}}}}, "far"),
        ({"stops": [""]}, "stops"),
        ({"sentence_ends": "("}, "no regular expression"),
        ({"words": []}, "words"),
    ],
)
def test_bad_rules_are_named(nlp, tmp_path, given, part):
    pipe = nlp.get_pipe("span_assertion")
    before = pipe.rules
    path = tmp_path / "rules.yml"
    srsly.write_yaml(path, given)
    for rules in (given, path):
        with pytest.raises(ConfigError, match=part):
            pipe.add_rules(rules)
    for rules in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(ConfigError, match="There is no file"):
            pipe.add_rules(rules)
    assert pipe.rules == before


def test_scores(nlp):
    gold, found = make_doc(nlp), make_doc(nlp)
    gold.spans["sc"].attrs["assertions"] = [["negated"], ["family", "historical"]]
    scores = nlp.evaluate([Example(found, gold)])
    assert (scores["assertion_micro_p"], scores["assertion_micro_r"]) == (1, 2 / 3)
    assert scores["assertion_per_type"]["historical"]["r"] == 0
    del gold.spans["sc"].attrs["assertions"]
    scores = nlp.get_pipe("span_assertion").score([Example(found, gold)])
    assert set(scores.values()) == {None}


def test_after_a_model_and_in_an_archive(tmp_path):
    nlp = blank()
    train(nlp)
    nlp.add_pipe("span_assertion")
    nlp.to_disk(tmp_path / "model")
    texts = ["患者右上腹疼痛三天", "无发热，口服阿司匹林"]
    found = Annotator(str(tmp_path / "model"))(texts)
    assert {(x.text, x.assertion) for x in found[0].mentions} == {
        ("右上腹疼痛", "affirmed"),
        ("右上腹", "affirmed"),
    }
    by_text = {x.text: x.assertion for x in found[1].mentions}
    assert by_text["阿司匹林"] == "affirmed"


def test_a_language_without_rules_is_told_of():
    nlp = spacy.blank("de")
    nlp.add_pipe("span_assertion")
    doc = nlp.make_doc("Kein Fieber")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.get_pipe("span_assertion")(doc)
    doc.spans["sc"] = [doc[1:2]]
    with pytest.warns(GpnerWarning, match="has no rules"):
        nlp.get_pipe("span_assertion")(doc)


def test_the_extension_of_others_is_left(nlp):
    own = Span.remove_extension("assertions")
    Span.set_extension("assertions", default="theirs")
    try:
        spacy.blank("zh").add_pipe("span_assertion")
        assert Doc(nlp.vocab, words=["a"])[0:1]._.assertions == "theirs"
    finally:
        Span.set_extension("assertions", default=own[0], force=True)
    assert Doc(nlp.vocab, words=["a"])[0:1]._.assertions == ()
