import json

from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.corpora.records import Problem, Source
from spacy_gpner.corpora.summary import Summary, count_nested


def count_nested_slowly(spans):
    def contains(outer, inner):
        return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]

    return sum(any(contains(one, other) or contains(other, one) for other in spans) for one in spans)


SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=8
)


@given(SPANS)
def test_nested_spans(spans):
    assert count_nested(iter(spans)) == count_nested_slowly(spans)


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
