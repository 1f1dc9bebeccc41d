import json

import pytest

from spacy_gpner.corpora.records import Problem, Source
from spacy_gpner.corpora.summary import Summary
from spacy_gpner.entities import show_label


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
