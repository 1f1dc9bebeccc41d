import json

import pytest
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_gpner.corpora.records import Problem, Source
from spacy_gpner.corpora.summary import WORDS, Summary
from spacy_gpner.entities import show_label
from spacy_gpner.tokenizer import CharTokenizer


def test_problems_are_counted_and_the_first_are_kept():
    summary = Summary()
    for number in range(30):
        source = Source("file.json", f"record {number}")
        summary.add_problem(Problem("text_mismatch", source, 1, 10**30, "x", text="某病"))
    data = summary.to_dict()["problems"]["text_mismatch"]
    assert data["count"] == 30
    assert data["lost"] == "entity"
    assert [place["position"] for place in data["first"]] == [f"record {n}" for n in range(10)]
    assert "某病" not in json.dumps(summary.to_dict(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "doubted"),
    [
        *(("the left knee is swollen", True), ("das linke Knie schmerzt", True), ("боль в колене", True)),
        *(("πόνος στο γόνατο", True), ("行CT检查", False), ("膝の痛み", False), ("", False)),
    ],
)
def test_words_taken_for_characters(text, doubted):
    vocab = Vocab()
    for doc, expected in (
        (CharTokenizer(vocab)(text), doubted),
        (Doc(vocab, words=text.split()), False),
    ):
        doc.spans["sc"] = [Span(doc, 0, 1, "a")] if len(doc) else []
        summary = Summary()
        summary.add_doc(doc, "sc")
        assert (WORDS in summary.doubts) == expected


def test_place_shows_text_only_when_asked():
    problem = Problem("text_mismatch", Source("file.json", "record 3"), 1, 3, "x", text="某病")
    assert problem.place() == "file.json, record 3, offsets 1-3, x"
    assert problem.place(show_text=True).endswith("'某病'")


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("sym", "sym"),
        ("症状", "症状"),
        ("a\n\x1b[31m", r"a\n\x1b[31m"),
        ("\ud800", r"\ud800"),
        ("Treatment/Drug.name", "Treatment/Drug.name"),
        ("a" * 40, "a" * 40),
        ("发热" * 50, "label of 100 characters (#71d77b13)"),
        ("发热，三天", "label of 5 characters (#33471c3b)"),
        ("No fever.", "label of 9 characters (#eda61006)"),
    ],
)
def test_labels_are_short_and_escaped(label, shown):
    assert show_label(label) == shown
    problem = Problem("text_mismatch", Source("file.json", "record 3"), 1, 3, label)
    assert problem.place() == f"file.json, record 3, offsets 1-3, {shown}"
    summary = Summary()
    summary.add_problem(problem)
    assert summary.to_dict()["problems"]["text_mismatch"]["first"][0]["label"] == shown


def test_sentence():
    source = Source("file.json", "record 3, entity 1")
    assert Problem("bad_entity", source, detail="the entity is not an object").sentence() == (
        "file.json, record 3, entity 1: the entity is not an object."
    )
    assert Problem("offsets_inverted", source, 3, 1).sentence() == (
        "file.json, record 3, entity 1, offsets 3-1: the entity ends before it starts, or is empty."
    )


def test_kept_and_lost_add_up():
    summary, source = Summary(), Source("f", "record 1")
    summary.types.update({"a": 5, "b": 2})
    for problem in (
        Problem("text_mismatch", source),
        Problem("bad_record", source, entities=3),
        Problem("bad_record", source),
        Problem("overwritten", source, name="key 'entities'", entities=2),
        Problem("duplicate", source),
        Problem("unknown_key", source, name="key 'a'"),
        Problem("misaligned_snapped", source),
        Problem("not_gold", source, name="predictions", entities=4),
    ):
        summary.add_problem(problem)
    data = summary.to_dict()
    assert data["source"] == {
        "entities": 18,
        "kept": 7,
        "lost": 6,
        "given_again": 1,
        "not_gold": 4,
        "uncounted_records": 1,
    }
    assert data["entities"]["moved"] == 1
    assert data["problems"]["overwritten"]["lost_entities"] == 2
    assert data["problems"]["unknown_key"]["names"] == {"key 'a'": 1}


def test_labels_that_are_text_stay_out_of_the_summary():
    summary = Summary()
    summary.types["患者主诉头痛，三天"] = 1
    assert list(summary.to_dict()["entities"]["types"]) == [show_label("患者主诉头痛，三天")]
    assert "头痛" not in json.dumps(summary.to_dict(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("labelled", "unlabelled", "entities", "keys", "doubts"),
    [
        (0, 0, 0, {}, []),
        (1, 1, 1, {}, []),
        (0, 2, 0, {}, ["No record is labelled. Is this the right format?"]),
        (2, 1, 0, {}, ["No record has an entity. Is this the right format?"]),
        (
            0,
            2,
            0,
            {"key 'ents'": 2, "key 'meta'": 1},
            ["No record is labelled. Not read: key 'ents', key 'meta'. Is this the right format?"],
        ),
    ],
)
def test_doubts(labelled, unlabelled, entities, keys, doubts):
    summary = Summary(labelled, unlabelled)
    summary.types["x"] = entities
    for name, number in keys.items():
        for _ in range(number):
            summary.add_problem(Problem("unknown_key", Source("f"), name=name))
    assert summary.doubts == doubts
