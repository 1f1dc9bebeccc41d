"""Kinds of errors, against their definitions."""

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.matching import (
    ERRORS,
    Match,
    confusion,
    count_boundaries,
    count_errors,
    match,
)

from .strategies import corpora, entities

OVERLAPS = ("label", "boundary", "both")


def kinds(gold, predicted):
    matches = match([Entity(*e) for e in gold], [Entity(*e) for e in predicted])
    return [(kind, g and tuple(g), p and tuple(p)) for kind, g, p in matches]


def matches_of(predictions):
    return [found for own in predictions for found in own.matches]


def brute_force(gold, predicted):
    """All pairs that overlap, from what comes nearest to being right, and so on."""

    def rank(g, p):
        shared = min(g.end, p.end) - max(g.start, p.start)
        union = max(g.end, p.end) - min(g.start, p.start)
        kind = "label" if shared == union else "boundary" if g.label == p.label else "both"
        return ERRORS.index(kind), 0.0 if kind == "label" else 1 - shared / union

    left, right = gold - predicted, predicted - gold
    matches = [Match("correct", e, e) for e in gold & predicted]
    pairs = [(rank(g, p), g, p) for g in left for p in right if g.start < p.end and p.start < g.end]
    for (kind, _), g, p in sorted(pairs):
        if g in left and p in right:
            left, right = left - {g}, right - {p}
            matches.append(Match(ERRORS[kind], g, p))
    return {*matches, *(Match("missed", g, None) for g in left), *(Match("spurious", None, p) for p in right)}


@given(st.sets(entities, max_size=12), st.sets(entities, max_size=12))
def test_equals_brute_force(gold, predicted):
    matches = match(gold, predicted)
    assert len(matches) == len(set(matches))
    assert set(matches) == brute_force(gold, predicted)


def test_wrong_boundaries_are_counted_by_how_they_lie():
    gold = [Entity(start, start + 6, label) for start, label in ((0, "a"), (10, "a"), (20, "a"), (30, "b"))]
    predicted = [Entity(2, 6, "a"), Entity(12, 15, "b"), Entity(18, 26, "a"), Entity(30, 36, "a")]
    predicted += [Entity(50, 52, "a"), Entity(32, 36, "b")]
    counts = count_boundaries(match(gold, predicted))
    assert counts == {"begins late": 1, "begins early": 1, "begins late, ends early": 1}
    # The commonest first
    twice = [*match(gold, predicted), *match(gold[2:3], predicted[2:3])]
    assert next(iter(count_boundaries(twice).items())) == ("begins early", 2)


def test_very_many_entities_of_one_document():
    """By comparing each with each, this would take minutes."""
    rng = random.Random(0)

    def spans(n):
        starts = [rng.randrange(10 * n) for _ in range(n)]
        return {Entity(start, start + rng.randint(1, 40), rng.choice("ab")) for start in starts}

    gold, predicted = spans(40_000) | {Entity(0, 400_000, "a")}, spans(40_000) | {Entity(1, 399_999, "b")}
    before = time.process_time()
    matches = match(gold, predicted)
    assert time.process_time() - before < 15
    assert Counter(m.gold for m in matches if m.gold) == Counter(gold)
    assert Counter(m.predicted for m in matches if m.predicted) == Counter(predicted)


@given(st.sets(entities, max_size=8), st.sets(entities, max_size=8))
def test_each_entity_once_and_of_the_kind_that_it_is_told_to_be(gold, predicted):
    matches = match(gold, predicted)
    assert Counter(g for _, g, _ in matches if g) == Counter(gold)
    assert Counter(p for _, _, p in matches if p) == Counter(predicted)
    for kind, g, p in matches:
        assert (g is None) == (kind == "spurious")
        assert (p is None) == (kind == "missed")
        if g and p:
            same, label = g[:2] == p[:2], g.label == p.label
            assert g.start < p.end
            assert p.start < g.end
            expected = {(True, True): "correct", (True, False): "label", (False, True): "boundary"}
            assert kind == expected.get((same, label), "both")
    assert {g for kind, g, _ in matches if kind == "correct"} == gold & predicted
    # no two that are left over overlap
    missed = [g for kind, g, _ in matches if kind == "missed"]
    spurious = [p for kind, _, p in matches if kind == "spurious"]
    assert not any(g.start < p.end and p.start < g.end for g in missed for p in spurious)


@given(st.sets(entities, max_size=8), st.sets(entities, max_size=8), st.randoms())
def test_the_order_makes_no_difference(gold, predicted, random):
    shuffled = [random.sample(sorted(own), len(own)) for own in (gold, predicted)]
    assert match(*shuffled) == match(sorted(gold), sorted(predicted))


@given(corpora)
def test_errors_add_up(predictions):
    counts = count_errors(matches_of(predictions))
    assert list(counts) == list(ERRORS)
    false_positives = sum(len(own.predicted.keys() - own.gold) for own in predictions)
    false_negatives = sum(len(own.gold - own.predicted.keys()) for own in predictions)
    overlapping = sum(counts[kind] for kind in OVERLAPS)
    assert overlapping + counts["spurious"] == false_positives
    assert overlapping + counts["missed"] == false_negatives


@given(corpora)
def test_rows_of_the_confusion_sum_up_to_gold(predictions):
    table = confusion(matches_of(predictions))
    gold = Counter(e.label for own in predictions for e in own.gold)
    assert {label: sum(row.values()) for label, row in table.items() if label != "(none)"} == gold
    counts = count_errors(matches_of(predictions))
    assert sum(table.get("(none)", {}).values()) == counts["spurious"]
    assert sum(row.get("(missed)", 0) for row in table.values()) == counts["missed"]
    assert sum(row.get("(boundary)", 0) for row in table.values()) == counts["boundary"]


def test_confusion():
    gold = {Entity(0, 3, "bod"), Entity(3, 5, "bod"), Entity(5, 7, "sym"), Entity(7, 9, "sym")}
    predicted = {Entity(0, 3, "bod"), Entity(3, 5, "sym"), Entity(5, 6, "sym"), Entity(0, 1, "dis")}
    assert confusion(match(gold, predicted)) == {
        "bod": {"bod": 1, "sym": 1},
        "sym": {"(boundary)": 1, "(missed)": 1},
        "(none)": {"dis": 1},
    }


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        # the same boundaries before an overlap, though that has the right label
        ([(0, 3, "a")], [(0, 3, "b"), (0, 2, "a")], ["spurious", "label"]),
        # the right label before a larger overlap
        ([(0, 4, "a")], [(0, 3, "b"), (0, 1, "a")], ["boundary", "spurious"]),
        # the larger overlap
        ([(0, 4, "a")], [(0, 1, "a"), (0, 3, "a")], ["spurious", "boundary"]),
        # what is found explains no other prediction
        ([(0, 4, "a")], [(0, 4, "a"), (1, 3, "a")], ["correct", "spurious"]),
        ([(0, 4, "a"), (1, 3, "a")], [(0, 4, "a")], ["correct", "missed"]),
        # one to one
        ([(0, 4, "a")], [(0, 2, "a"), (2, 4, "a")], ["boundary", "spurious"]),
        # neighbours do not overlap
        ([(0, 2, "a")], [(2, 4, "a")], ["missed", "spurious"]),
        ([(0, 2, "a")], [(1, 3, "b")], ["both"]),
        ([], [], []),
    ],
)
def test_priorities(gold, predicted, expected):
    assert sorted(kind for kind, *_ in kinds(gold, predicted)) == sorted(expected)


def test_the_best_pairs():
    gold, predicted = [(0, 3, "a")], [(0, 3, "b"), (0, 2, "a")]
    assert ("label", (0, 3, "a"), (0, 3, "b")) in kinds(gold, predicted)
    gold, predicted = [(0, 4, "a")], [(0, 1, "a"), (0, 3, "a")]
    assert ("boundary", (0, 4, "a"), (0, 3, "a")) in kinds(gold, predicted)
