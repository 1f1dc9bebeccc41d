"""Scores, against counts over plain sets and loops over all pairs."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.metrics import (
    by_length,
    by_nesting,
    by_novelty,
    compare,
    counts_by_document,
    interval,
    measure,
    score_by,
)
from spacy_gpner.evaluation.predictions import Prediction

from .strategies import TEXT, corpora, entities, make_prediction


def flat(predictions):
    """(document, entity) of the gold and of the predicted entities."""
    gold = {(i, e) for i, own in enumerate(predictions) for e in own.gold}
    found = {(i, e) for i, own in enumerate(predictions) for e in own.predicted}
    return gold, found


def prf(gold, found):
    p = len(gold & found) / len(found) if found else 0.0
    r = len(gold & found) / len(gold) if gold else 0.0
    return {"p": p, "r": r, "f": 2 * p * r / (p + r) if p + r else 0.0}


def values(score):
    return {name: score[name] for name in "prf"}


@given(corpora)
def test_micro_labels_and_macro_equal_sets(predictions):
    gold, found = flat(predictions)
    measured = measure(predictions)
    assert values(measured["micro"]) == pytest.approx(prf(gold, found))
    labels = {e.label for _, e in gold | found}
    assert list(measured["labels"]) == sorted(labels)
    by_label = {}
    for label in labels:
        by_label[label] = prf(*({(i, e) for i, e in own if e.label == label} for own in (gold, found)))
        assert values(measured["labels"][label]) == pytest.approx(by_label[label])
    # of the labels that gold has
    known = {e.label for _, e in gold}
    for x in "prf":
        mean = sum(by_label[label][x] for label in known) / max(1, len(known))
        assert measured["macro"][x] == pytest.approx(mean)


def contains(outer, inner):
    return outer[:2] != inner[:2] and outer.start <= inner.start and inner.end <= outer.end


KINDS = {
    "outer": lambda e, all_of: any(contains(e, x) for x in all_of),
    "inner": lambda e, all_of: any(contains(x, e) for x in all_of),
    "nested": lambda e, all_of: any(contains(x, e) or contains(e, x) for x in all_of),
    "flat": lambda e, all_of: not any(contains(x, e) or contains(e, x) for x in all_of),
}


@given(corpora)
def test_nesting_equals_its_definition(predictions):
    scores = measure(predictions)["nesting"]
    assert list(scores) == ["flat", "nested", "outer", "inner"]
    for kind, holds in KINDS.items():
        predicted = [(e, own) for own in predictions for e in own.predicted if holds(e, own.predicted)]
        gold = [(e, own) for own in predictions for e in own.gold if holds(e, own.gold)]
        assert scores[kind]["predicted"] == len(predicted)
        assert scores[kind]["gold"] == len(gold)
        assert scores[kind]["right"] == sum(e in own.gold for e, own in predicted)
        assert scores[kind]["found"] == sum(e in own.predicted for e, own in gold)


@given(corpora, st.dictionaries(st.sampled_from([TEXT, "左上腹", "腹", "膝"]), st.just({"bod"})))
def test_classes_that_do_not_overlap_add_up(predictions, surfaces):
    gold, found = flat(predictions)
    measured = measure(predictions, surfaces)
    for part in ("labels", "length", "novelty"):
        for name, n in (("gold", len(gold)), ("predicted", len(found)), ("right", len(gold & found))):
            assert sum(score[name] for score in measured[part].values()) == n
    assert measured["nesting"]["flat"]["gold"] + measured["nesting"]["nested"]["gold"] == len(gold)
    total = measured["micro"]
    errors = measured["errors"]
    both = errors["label"] + errors["boundary"] + errors["both"]
    assert both + errors["spurious"] == total["predicted"] - total["right"]
    assert both + errors["missed"] == total["gold"] - total["found"]


def test_lengths():
    lengths = {1: "1-2", 2: "1-2", 3: "3-4", 4: "3-4", 5: "5-8", 9: "9-16", 16: "9-16", 17: "17-32",
               32: "17-32", 33: "33-64", 65: "65-128", 128: "65-128", 129: "129+", 900: "129+"}  # fmt: skip
    found = [Entity(7, 7 + n, "bod") for n in lengths]
    assert by_length(Prediction("", frozenset(), {}), found) == [(name,) for name in lengths.values()]
    own = Prediction("", frozenset(found), {})
    classes = ["1-2", "3-4", "5-8", "9-16", "17-32", "33-64", "65-128", "129+"]
    assert list(measure([own])["length"]) == classes
    # Those without an entity are not shown
    assert list(measure([Prediction("", frozenset(found[:5]), {})])["length"]) == classes[:3]


def test_novelty():
    surfaces = {"左上腹": {"bod"}, "膝": {"bod", "sym"}}
    found = [Entity(0, 3, "bod"), Entity(0, 3, "sym"), Entity(5, 6, "sym"), Entity(1, 3, "bod")]
    names = by_novelty(surfaces)(Prediction(TEXT, frozenset(), {}), found)
    assert names == [("seen",), ("seen under another label",), ("seen",), ("unseen",)]


def test_equal_boundaries_are_not_nested():
    found = [Entity(0, 3, "bod"), Entity(0, 3, "sym")]
    assert by_nesting(Prediction(TEXT, frozenset(), {}), found) == [("flat",), ("flat",)]


def test_a_chain_is_outer_and_inner():
    chain = [Entity(0, 9, "sym"), Entity(0, 3, "bod"), Entity(1, 3, "bod")]
    own = Prediction(TEXT, frozenset(chain), dict.fromkeys(chain[1:]))
    nesting = measure([own])["nesting"]
    assert {name: (x["gold"], x["predicted"]) for name, x in nesting.items()} == {
        "flat": (0, 0), "nested": (3, 2), "outer": (2, 1), "inner": (2, 1),
    }  # fmt: skip
    # the one in the middle is a right outer entity, and in gold an inner one that is found
    assert nesting["outer"]["right"] == 1
    assert nesting["inner"]["found"] == 2


BOD = Entity(0, 3, "bod")


@pytest.mark.parametrize(
    "predictions",
    [
        [],
        [Prediction("", frozenset(), {})],
        [Prediction(TEXT, frozenset(), {})],
        [Prediction(TEXT, frozenset({BOD}), {})],
        [Prediction(TEXT, frozenset(), {BOD: None})],
        [make_prediction(TEXT, set(), {BOD: 0.9}, {BOD: 0.9})],
        [make_prediction(TEXT, {BOD}, {}, {BOD: 0.1})],
        [Prediction(TEXT, frozenset({BOD}), {Entity(0, 3, "sym"): None})],
    ],
)
@pytest.mark.parametrize("surfaces", [None, {}])
def test_nothing_is_nan(predictions, surfaces):
    measured = measure(predictions, surfaces)
    assert json.loads(json.dumps(measured, allow_nan=False)) == measured
    assert measured["micro"]["f"] == 0.0
    assert (measured["novelty"] is None) == (surfaces is None)
    assert (measured["curve"] is None) == (not any(len(own.candidates) for own in predictions))


@given(corpora)
def test_counts_by_document_sum_up(predictions):
    gold, found = flat(predictions)
    counts = counts_by_document(predictions)
    assert counts.shape == (len(predictions), 3)
    assert counts.sum(0).tolist() == [len(found), len(gold & found), len(gold)]


def test_compare():
    good = [Prediction(TEXT, frozenset({BOD}), {BOD: None})] * 30
    bad = [Prediction(TEXT, frozenset({BOD}), {Entity(0, 2, "bod"): None})] * 30
    rows = compare({"bad": bad, "good": good, "same": good})
    assert [row["models"] for row in rows] == [["bad", "good"], ["bad", "same"], ["good", "same"]]
    first, _, last = rows
    assert (first["difference"], first["low"], first["high"]) == (1.0, 1.0, 1.0)
    assert first["p_value"] < 0.01
    assert (last["difference"], last["low"], last["high"], last["p_value"]) == (0.0, 0.0, 0.0, 1.0)
    # Holm: the smallest of three times three, the largest as it is
    assert first["p_holm"] == pytest.approx(3 * first["p_value"])
    assert last["p_holm"] == 1.0
    assert [row["kinds"] for row in (first, last)] == [
        {"boundary": {"correct": 30}},
        {"correct": {"correct": 30}},
    ]
    json.dumps(rows, allow_nan=False)


def test_interval():
    """One gold entity and one prediction a document: F1 is the share of right ones, which is binomial."""
    right = Prediction(TEXT, frozenset({BOD}), {BOD: None})
    wrong = Prediction(TEXT, frozenset({BOD}), {Entity(0, 2, "bod"): None})
    found = interval([right] * 60 + [wrong] * 40)
    half = 1.96 * (0.6 * 0.4 / 100) ** 0.5
    assert found["low"] == pytest.approx(0.6 - half, abs=0.02)
    assert found["high"] == pytest.approx(0.6 + half, abs=0.02)
    assert interval([]) is interval([right]) is None
    assert interval([Prediction(TEXT, frozenset(), {})] * 9) is None


@given(st.sets(entities))
def test_a_class_may_be_counted_twice_or_never(found):
    own = Prediction(TEXT, frozenset(found), dict.fromkeys(found))
    scores = score_by([own], lambda _, every: [("a", "b") if e.label == "bod" else () for e in every])
    n = sum(e.label == "bod" for e in found)
    assert {name: x.gold for name, x in scores.items()} == ({"a": n, "b": n} if n else {})
