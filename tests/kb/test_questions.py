"""What is asked, against the same counted from the texts."""

import random
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import product
from typing import ClassVar

import pytest
from scipy.stats import false_discovery_control, fisher_exact

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotators import differences, find_annotators, status
from spacy_gpner.kb.concepts import list_concepts
from spacy_gpner.kb.questions import (
    cooccurring,
    inside,
    mentioned,
    patients_with,
    timeline,
)
from spacy_gpner.kb.rows import Page
from spacy_gpner.kb.scope import Scope, check_scope

from ..archive.util import InlineEngine
from .util import WORDS, Lexicon, OtherLexicon, annotate_notes, build_from, find_words, make_notes

ALL = Page(1000)


def test_a_slip_of_the_pen_is_no_answer(filled, scope):
    """Neither a column that nobody has nor a value that it has nowhere."""
    for where, part in (
        (("wards", "w1"), "has the column 'wards'.*: 'ward'"),
        (("ward", "W1"), "'ward' no document has this value of --where"),
    ):
        with filled.reading() as connection, pytest.raises(KnowledgeError, match=part):
            check_scope(connection, replace(scope, where=(where,)))


@pytest.fixture
def scope(filled):
    with filled.reading() as connection:
        return Scope(find_annotators(connection, None))


def found(notes, *, affirmed=True):
    """The mentions of each document."""
    return {
        note["id"]: [m for m in find_words(note["text"], WORDS) if m.assertion == "affirmed" or not affirmed]
        for note in notes
    }


@pytest.mark.parametrize("by", ["document", "patient"])
@pytest.mark.parametrize("affirmed", [True, False])
def test_cooccurrence_is_fishers(filled, scope, notes, affirmed, by):
    scope = Scope(scope.annotators, affirmed=affirmed)
    answer = cooccurring(filled, scope, "高血压", by=by, page=ALL)
    mentions, held_by, everything = found(notes, affirmed=affirmed), {}, set()
    for note in notes:
        own = mentions[note["id"]]
        terms = [m for m in own if m.text == "高血压"]
        # 血 in 高血压 is not told beside it
        apart = [m for m in own if m in terms or not any(x.start < m.end and m.start < x.end for x in terms)]
        unit = note["id" if by == "document" else "patient"]
        held_by.setdefault(unit, set()).update((m.text, m.label) for m in apart)
        everything |= {(m.text, m.label) for m in own}
    own, n = ("高血压", "dis"), len(held_by)
    expected, p = {}, dict.fromkeys(everything - {own}, 1.0)
    for other in sorted(p):
        n_own, n_other = (sum(x in held for held in held_by.values()) for x in (own, other))
        if both := sum({own, other} <= held for held in held_by.values()):
            rest = [[both, n_own - both], [n_other - both, n - n_own - n_other + both]]
            p[other] = fisher_exact(rest, alternative="greater").pvalue
            expected[other] = (both, n_other, n_own, n, both * n / (n_own * n_other))
    assert by == "patient" or len(expected) < len(p)
    q = dict(zip(p, false_discovery_control(list(p.values())), strict=True))
    rows = {(row[0], row[1]): row[2:] for row in answer.rows}
    assert rows.keys() == expected.keys()
    for other, row in rows.items():
        assert row == pytest.approx((*expected[other], q[other]))
    assert [row[7] for row in answer.rows] == sorted(row[7] for row in answer.rows)
    chosen = {"labels": ["dis"], "of": ["dru"], "by": by}
    drugs = cooccurring(filled, scope, "高血压", **chosen, page=ALL).rows
    assert {row[0] for row in drugs} == {name for name, label in rows if label == "dru"}
    page = cooccurring(filled, scope, "高血压", **chosen, page=Page(1, 1))
    assert (page.rows, page.total) == (drugs[1:2], len(drugs))


@pytest.mark.parametrize("affirmed", [True, False])
def test_concepts(filled, scope, notes, affirmed):
    scope = Scope(scope.annotators, affirmed=affirmed)
    mentions, documents = Counter(), Counter()
    for own in found(notes, affirmed=affirmed).values():
        mentions.update((m.text, m.label) for m in own)
        documents.update({(m.text, m.label) for m in own})
    expected = {(*own, n, documents[own]) for own, n in mentions.items()}
    rows = list_concepts(filled, scope, page=ALL).rows
    assert set(rows) == expected
    assert [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
    assert set(list_concepts(filled, scope, "痛", labels=["sym"], page=ALL).rows) == {
        row for row in expected if "痛" in row[0]
    }
    assert list_concepts(filled, scope, "%", page=ALL).rows == []
    for page in (Page(2), Page(2, 4), Page(1000, 2), Page(5, len(rows)), Page(len(rows))):
        answer = list_concepts(filled, scope, page=page)
        assert (answer.rows, answer.total) == (rows[page.offset : page.end], len(rows))


@pytest.mark.parametrize("affirmed", [True, False])
def test_patients_of_whom_something_is_told(filled, scope, notes, affirmed):
    expected = {}
    for note in notes:
        places = [m for m in found(notes, affirmed=affirmed)[note["id"]] if m.text == "发热"]
        if places:
            expected.setdefault(note["patient"], []).append((note["date"], len(places)))
    rows = patients_with(filled, Scope(scope.annotators, affirmed=affirmed), "发热", page=ALL).rows
    assert {row[0]: row[1:] for row in rows} == {
        name: (len(own), sum(n for _, n in own), min(own)[0], max(own)[0]) for name, own in expected.items()
    }
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)


def test_patients_that_nobody_knows(empty, model, tmp_path):
    build_from(empty, annotate_notes(model, make_notes(5), tmp_path, carried=("text",)))
    with empty.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    for ask in (partial(patients_with, empty, scope), partial(cooccurring, empty, scope, by="patient")):
        with pytest.raises(KnowledgeError, match="--patient-column"):
            ask("发热")


@pytest.mark.parametrize("affirmed", [True, False])
def test_what_lies_in_what(filled, scope, notes, affirmed):
    scope = Scope(scope.annotators, affirmed=affirmed)
    expected = Counter(
        (a.text, a.label, b.text, b.label)
        for own in found(notes, affirmed=affirmed).values()
        for a, b in product(own, own)
        if b.start <= a.start and a.end <= b.end and (a.start, a.end) != (b.start, b.end)
    )
    rows = inside(filled, scope, page=ALL).rows
    assert {row[:4]: row[4] for row in rows} == expected
    assert [row[4] for row in rows] == sorted(expected.values(), reverse=True)
    own = inside(filled, scope, inner_labels=["bod"], outer_labels=["sym"], page=ALL).rows
    assert own == [row for row in rows if (row[1], row[3]) == ("bod", "sym")]
    own = inside(filled, scope, inner="胸", outer="胸痛", page=ALL).rows
    assert own == [row for row in rows if (row[0], row[2]) == ("胸", "胸痛")]


def test_timelines_of_patients_and_wards(filled, scope, notes):
    own = found(notes)
    for wanted, more in (
        ({"patient": "p1"}, {"patient": "p1"}),
        ({"ward": "w2"}, {"where": (("ward", "w2"),)}),
    ):
        there = [x for x in notes if wanted.items() <= x.items()]
        expected = sorted((x["date"], x["id"], m.text) for x in there for m in own[x["id"]])
        rows = timeline(filled, Scope(scope.annotators, **more), None, page=ALL).rows
        assert sorted((row[0], row[2], row[3]) for row in rows for _ in range(row[6])) == expected
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    rows = timeline(filled, Scope(scope.annotators, patient="p1"), "糖尿病", page=ALL).rows
    assert {row[3] for row in rows} == {"糖尿病"}


def test_mentions_with_passages(filled, scope, notes):
    rows = mentioned(filled, scope, "胸痛", page=ALL).rows
    expected = sorted((name, m.start) for name, own in found(notes).items() for m in own if m.text == "胸痛")
    assert [(row[1], row[4]) for row in rows] == expected
    texts, patients = ({x["id"]: x[name] for x in notes} for name in ("text", "patient"))
    assert all((row[2], row[9]) == (patients[row[1]], texts[row[1]]) for row in rows)
    every = mentioned(filled, Scope(scope.annotators, affirmed=False), "胸痛", labels=["sym"], page=ALL).rows
    assert len(every) > len(rows)
    assert {row[8] for row in every} == {"affirmed", "negated"}


def test_by_chance_nothing_goes_together(empty, model, tmp_path):
    """Concepts that a document has by chance, most of them seldom: which go with one is seen afterwards."""
    rng = random.Random(0)
    rare = [chr(0x4E00 + i) + "草" for i in range(400)]
    texts = [["感冒"] * (i < 20) for i in range(200)]
    for word in rare:
        for i in rng.sample(range(200), rng.randint(1, 2)):
            texts[i].append(word)

    class Herbs(Lexicon):
        words: ClassVar = {"感冒": "dis", **dict.fromkeys(rare, "dru")}

    notes = [{**note, "text": "，".join(own)} for note, own in zip(make_notes(200), texts, strict=True)]
    build_from(empty, annotate_notes(model, notes, tmp_path, annotator=Herbs, shard_size=50))
    with empty.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    rows = cooccurring(empty, scope, "感冒", of=["dru"], page=ALL).rows
    assert len(rows) > 30
    assert min(row[7] for row in rows) > 0.5


def test_each_collections_last_readings(filled, model, notes, tmp_path):
    """Those of a run that came to its end, and of every collection."""
    before = cooccurring(filled, Scope(annotators_of(filled)), "糖尿病").rows
    other = {"annotator": OtherLexicon, "clean": ("spaces",)}
    with pytest.raises(KeyboardInterrupt):
        annotate_notes(model, notes, tmp_path / "b", **other, engine=InlineEngine(1))
    build_from(filled, tmp_path / "b" / "annotated")
    assert cooccurring(filled, Scope(annotators_of(filled)), "糖尿病").rows == before
    build_from(filled, annotate_notes(model, notes[:3], tmp_path / "c", **other), collection="other")
    scope = Scope(annotators_of(filled))
    assert [collection for collection, _ in scope.annotators] == ["main", "other"]
    rows = mentioned(filled, scope, "糖尿病", page=ALL).rows
    assert Counter(row[0] for row in rows) == {"main": 9, "other": 1}
    build_from(filled, annotate_notes(model, notes, tmp_path / "b", **other))
    assert len(annotators_of(filled)) == 1


def annotators_of(database):
    with database.reading() as connection:
        return find_annotators(connection, None)


def test_what_is_told_so(filled, scope, notes):
    for word in ("negated", "affirmed"):
        rows = mentioned(filled, replace(scope, assertion=word), "胸痛", page=ALL).rows
        expected = [
            m.start
            for own in found(notes, affirmed=False).values()
            for m in own
            if (m.text, m.assertion) == ("胸痛", word)
        ]
        assert sorted(row[4] for row in rows) == sorted(expected)
        assert {row[8] for row in rows} == {word}
    assert mentioned(filled, replace(scope, assertion="family"), "胸痛").rows == []


def test_differences_of_two_models(filled, scope, model, notes, tmp_path):
    second = annotate_notes(model, notes[:9], tmp_path / "second", annotator=OtherLexicon, clean=("spaces",))
    build_from(filled, second)
    with filled.reading() as connection:
        other = Scope(find_annotators(connection, None))
        with pytest.raises(KnowledgeError, match="several annotators"):
            find_annotators(connection, status(filled).rows[0][2])
        ((_, annotator),) = scope.annotators
        assert find_annotators(connection, annotator[:6]) == scope.annotators
    assert other != scope
    counts = Counter(m.label for note in notes[:9] for m in found(notes)[note["id"]])
    expected = [
        (label, 0, n, 0) if label == "bod" else (label, n, 0, 0) for label, n in sorted(counts.items())
    ]
    assert differences(filled, scope, other).rows == expected
    # Places in another text are no differences: one of them has read what a document was before
    read = [{**note, "text": f"复查，{note['text']}"} for note in notes[9:12]]
    annotator = {"annotator": OtherLexicon, "clean": ("spaces",)}
    build_from(filled, annotate_notes(model, read, tmp_path / "third", **annotator))
    assert differences(filled, scope, other).rows == expected


def test_what_there_is_not(filled):
    with filled.reading() as connection, pytest.raises(KnowledgeError, match="no annotator 'x'"):
        find_annotators(connection, "x")
    with filled.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    with pytest.raises(KnowledgeError, match="under dru"):
        mentioned(filled, scope, "糖尿病", labels=["dru"])
    for ask in (
        partial(cooccurring, filled, scope, "糖尿病", of=["drug"]),
        partial(timeline, filled, scope, None, labels=["drug"]),
        partial(inside, filled, scope, outer_labels=["drug"]),
    ):
        with pytest.raises(KnowledgeError, match=r"There is no label 'drug' .* bod, dis, dru, ite, sym"):
            ask()
    with filled.reading() as connection:
        for more, part in (({"patient": "P1"}, "of a patient"), ({"where": (("wrd", "w1"),)}, "column")):
            with pytest.raises(KnowledgeError, match=part):
                check_scope(connection, replace(scope, **more))
        check_scope(connection, replace(scope, patient="p1", where=(("ward", "w1"),)))
    assert cooccurring(filled, replace(scope, where=(("ward", "none"),)), "糖尿病").rows == []


def test_an_empty_one(empty):
    with empty.reading() as connection, pytest.raises(KnowledgeError, match="is empty"):
        find_annotators(connection, None)
    assert status(empty).rows == []
