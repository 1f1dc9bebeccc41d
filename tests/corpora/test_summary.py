import json

from spacy_gpner.corpora.records import Problem, Source
from spacy_gpner.corpora.summary import Summary


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
