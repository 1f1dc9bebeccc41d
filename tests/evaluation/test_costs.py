"""What classes of errors cost, against mending them one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.costs import error_class, error_costs
from spacy_gpner.evaluation.matching import match
from spacy_gpner.evaluation.metrics import Score, all_together, measure, score_by
from spacy_gpner.evaluation.predictions import Prediction

from .strategies import TEXT, corpora, entities


def micro_f(views):
    return score_by(views, all_together).get("all", Score()).f


def mended(view, wanted):
    """A document of which one class of errors is right."""
    predicted = set(view.predicted)
    for own in view.matches:
        if error_class(own) == wanted:
            predicted -= {own.predicted}
            predicted |= {own.gold} - {None}
    return Prediction(view.text, view.gold, dict.fromkeys(predicted))


@given(corpora)
def test_costs_are_what_mending_gains(views):
    matches = [own for view in views for own in view.matches]
    rows = error_costs(matches)
    assert sum(row["n"] for row in rows) == sum(own.kind != "correct" for own in matches)
    for row in rows:
        after = micro_f([mended(view, (row["kind"], row["gold"], row["predicted"])) for view in views])
        assert row["f_gain"] == pytest.approx(after - micro_f(views))
        assert row["f_gain"] >= 0
    gains = [row["f_gain"] for row in rows]
    assert gains == sorted(gains, reverse=True)
    assert measure(views)["costs"] == rows


@given(st.sets(entities, max_size=5), st.sets(entities, max_size=5))
def test_classes_name_labels(gold, predicted):
    for row in error_costs(match(gold, predicted)):
        assert (row["gold"] is None) == (row["kind"] == "spurious")
        assert (row["predicted"] is None) == (row["kind"] == "missed")
        if row["kind"] == "boundary":
            assert row["gold"] == row["predicted"]


def test_example():
    """Two of three are found, and one is predicted beside them: F1 is 2/3."""
    gold = {Entity(0, 1, "bod"), Entity(2, 3, "bod"), Entity(4, 5, "sym")}
    found = {Entity(0, 1, "bod"), Entity(2, 3, "bod"), Entity(6, 7, "dru")}
    view = Prediction(TEXT, frozenset(gold), dict.fromkeys(found))
    missed, spurious = error_costs(view.matches)
    assert (missed["kind"], missed["gold"], missed["predicted"], missed["n"]) == ("missed", "sym", None, 1)
    assert missed["f_gain"] == pytest.approx(6 / 7 - 2 / 3)
    assert (spurious["kind"], spurious["predicted"]) == ("spurious", "dru")
    assert spurious["f_gain"] == pytest.approx(4 / 5 - 2 / 3)
    assert error_costs([]) == []
