"""From annotations to a knowledge base."""

import random
import shutil
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.annotations import open_annotations
from spacy_gpner.kb.annotators import find_annotators, status
from spacy_gpner.kb.build import Columns, build
from spacy_gpner.kb.database import open_database
from spacy_gpner.kb.questions import cooccurring
from spacy_gpner.kb.schema import document, shard
from spacy_gpner.kb.scope import Scope
from spacy_gpner.kb.surface import to_surface

from .util import (
    CARRIED,
    WORDS,
    Lexicon,
    OtherLexicon,
    annotate_notes,
    build_from,
    content,
    find_words,
    make_notes,
)


def test_all_is_there(empty, output, notes):
    built = build_from(empty, output)
    expected = [(note, find_words(note["text"], WORDS)) for note in notes]
    assert (built.shards, built.documents) == (6, len(notes))
    assert built.mentions == sum(len(own) for _, own in expected)
    there = content(empty)
    assert len(there["mention"]) == built.mentions
    assert len(there["text"]) == len(there["document"]) == len(notes)
    # 胸 in 胸痛, 腹 in 腹痛, 血 in 血糖 and 高血压
    inside = sum(m.parent is not None for _, own in expected for m in own)
    assert len(there["containment"]) == inside > 0
    assert "'ward': 'w1'" in "".join(there["document"])


def test_built_again_nothing_changes(filled, output):
    before = content(filled, leave_out=())
    built = build_from(filled, output)
    assert (built.shards, built.documents, built.mentions) == (0, 0, 0)
    assert content(filled, leave_out=()) == before


@pytest.mark.parametrize("format_", ["jsonl", "parquet"])
def test_what_changed_replaces_its_own_rows(empty, model, tmp_path, format_):
    if format_ == "parquet":
        pytest.importorskip("pyarrow", reason="the extra archive is not installed")
    notes = make_notes(13)
    output = annotate_notes(model, notes, tmp_path / "a", format=format_)
    build_from(empty, output)
    notes[3]["text"], notes[5]["ward"] = "咳嗽，服阿司匹林。", "w9"
    del notes[7], notes[0]
    notes += make_notes(2, 13)
    annotate_notes(model, notes, tmp_path / "a", format=format_)
    built = build_from(empty, output)
    assert (built.documents, built.vanished) == (4, 2)
    fresh = annotate_notes(model, notes, tmp_path / "b", format=format_)
    other = open_database(str(tmp_path / "other.sqlite"), make=True)
    build_from(other, fresh)
    for table in ("mention", "containment", "text", "concept"):
        assert content(empty)[table] == content(other)[table]


def test_two_models_live_beside_each_other(filled, model, notes, tmp_path):
    second = annotate_notes(model, notes, tmp_path / "second", annotator=OtherLexicon, clean=("spaces",))
    build_from(filled, second)
    rows = status(filled).rows
    assert [(row[5], row[7]) for row in rows] == [(len(notes), len(notes))] * 2
    assert rows[0][1] != rows[1][1]
    # They share the texts
    assert len(content(filled)["text"]) == len(notes)


def test_collections_are_apart(filled, output, model, notes, tmp_path):
    with pytest.raises(KnowledgeError, match="is in the collection 'main'"):
        build_from(filled, output, collection="other")
    second = annotate_notes(model, notes[:5], tmp_path / "second", shard_size=3)
    build_from(filled, second, collection="other")
    assert {row[0]: row[5] for row in status(filled).rows} == {"main": len(notes), "other": 5}


def test_an_archive_annotated_anew_is_taken_in(filled, model, notes, tmp_path):
    """Into another output, and where an earlier one was removed: not taken for the runs that are there."""
    notes[0]["text"] = "确诊肺炎。"
    again = annotate_notes(model, notes, tmp_path / "second")
    built = build_from(filled, again)
    assert (built.documents, built.replaced, built.shards) == (len(notes), len(notes), 6)
    assert any("确诊肺炎" in row for row in content(filled)["text"])
    shutil.rmtree(again)
    notes[0]["text"] = "确诊糖尿病。"
    built = build_from(filled, annotate_notes(model, notes, tmp_path / "second"))
    assert (built.documents, built.replaced) == (len(notes), 0)
    assert any("确诊糖尿病" in row for row in content(filled)["text"])
    assert len(content(filled)["document"]) == len(notes)


def test_what_moves_to_another_output_stays(empty, model, tmp_path):
    notes = make_notes(6)
    first = annotate_notes(model, notes, tmp_path / "a")
    build_from(empty, first)
    build_from(empty, annotate_notes(model, notes[:2], tmp_path / "b"))
    annotate_notes(model, notes[2:], tmp_path / "a")
    built = build_from(empty, first)
    assert (built.vanished, built.replaced) == (2, 0)
    assert len(content(empty)["document"]) == len(notes)


def test_no_number_is_given_twice(empty, model, tmp_path):
    """An old address leads to no other patient's document."""
    notes = make_notes(3)
    output = annotate_notes(model, notes, tmp_path / "a")
    build_from(empty, output)
    annotate_notes(model, notes[:1], tmp_path / "a")
    build_from(empty, output)
    annotate_notes(model, make_notes(4), tmp_path / "a")
    build_from(empty, output)
    with empty.reading() as connection:
        assert sorted(connection.execute(select(document.c.id)).scalars()) == [1, 4, 5, 6]


def test_columns_of_a_patient_or_a_date_that_are_not_there(empty, output):
    found = [open_annotations(output)]
    for columns in (Columns(patient="pat_id"), Columns(date="day")):
        with pytest.raises(KnowledgeError, match="It has text, patient, date, ward"):
            build(empty, found, collection="main", columns=columns)
    assert not any(content(empty).values())


def test_an_empty_name_is_no_patient(empty, model, notes, tmp_path):
    notes[0]["patient"], notes[1]["patient"] = "", None
    built = build_from(empty, annotate_notes(model, notes, tmp_path / "a"))
    assert built.without_patient == 2
    assert sum("'patient': None" in row for row in content(empty)["document"]) == 2


def test_without_text(empty, model, notes, tmp_path):
    built = build_from(empty, annotate_notes(model, notes, tmp_path / "a", carried=CARRIED[1:]))
    assert built.without_text == len(notes)
    assert not content(empty)["text"]


def test_dates_that_are_none(empty, model, notes, tmp_path):
    notes[0]["date"], notes[1]["date"], notes[2]["date"] = "三月", "", None
    built = build_from(empty, annotate_notes(model, notes, tmp_path / "a"))
    assert built.undated == 1


@pytest.mark.parametrize("most", range(6))
def test_stopped_in_the_middle_it_holds_whole_shards(empty, output, most, tmp_path):
    """Stopped within the writing of a shard: it is not there, and those before are."""
    calls, add = [], empty.grams.add

    def stop(*args):
        if len(calls) == most:
            raise KeyboardInterrupt
        calls.append(args)
        add(*args)

    empty.grams.add = stop
    with pytest.raises(KeyboardInterrupt):
        build_from(empty, output)
    there = content(empty)
    assert len(there["shard"]) == most
    assert len(there["document"]) == 4 * most
    empty.grams.add = add
    build_from(empty, output)
    whole = open_database(str(tmp_path / "whole.sqlite"), make=True)
    build_from(whole, output)
    assert content(empty) == content(whole)


def test_outputs_that_are_none(empty, output, tmp_path):
    with pytest.raises(KnowledgeError, match="no ledger"):
        open_annotations(tmp_path)
    shutil.copytree(output, tmp_path / "copy")
    (tmp_path / "copy" / "mentions" / "0001-000001.jsonl").unlink()
    with pytest.raises(KnowledgeError, match=r"0001-000001.jsonl is missing or damaged"):
        build_from(empty, tmp_path / "copy")
    assert len(content(empty)["shard"]) == 1
    (tmp_path / "copy" / "mentions" / "0001-000001.jsonl").write_text('{"document": ')
    with pytest.raises(KnowledgeError, match="JSONDecodeError"):
        build_from(empty, tmp_path / "copy")
    for damage, part in (("", "0 rows"), ("3\n", "AttributeError"), ("{}\n" * 9, "rows, where there were")):
        (tmp_path / "copy" / "mentions" / "0001-000001.jsonl").write_text(damage)
        with pytest.raises(KnowledgeError, match=part):
            build_from(empty, tmp_path / "copy")
    assert len(content(empty)["shard"]) == 1


def test_runs_that_did_not_end(empty, model, notes, tmp_path):
    from ..archive.util import InlineEngine

    with pytest.raises(KeyboardInterrupt):
        annotate_notes(model, notes, tmp_path / "a", engine=InlineEngine(2))
    built = build_from(empty, tmp_path / "a" / "annotated")
    assert built.documents == 8
    assert len(built.unfinished) == 1
    annotate_notes(model, notes, tmp_path / "a")
    built = build_from(empty, tmp_path / "a" / "annotated")
    assert (built.documents, built.unfinished) == (len(notes) - 8, [])


def test_failed_documents_have_no_mentions(empty, model, notes, tmp_path):
    class Failing(Lexicon):
        def __call__(self, texts):
            from spacy_gpner.archive.annotator import Annotation

            found = super().__call__(texts)
            return [
                Annotation([], "ValueError") if "腹痛" in x else y for x, y in zip(texts, found, strict=True)
            ]

    built = build_from(empty, annotate_notes(model, notes, tmp_path / "a", annotator=Failing))
    assert built.documents == len(notes)
    assert not any("腹痛" in row for row in content(empty)["mention"])
    # Nor do they count among those that were read
    failed = sum("腹痛" in note["text"] for note in notes)
    assert built.failed == failed > 0
    with empty.reading() as connection:
        scope = Scope(find_annotators(connection, None))
    assert status(empty).rows[0][5] == len(notes) - failed
    assert {row[5] for row in cooccurring(empty, scope, "糖尿病").rows} == {len(notes) - failed}


def test_surfaces():
    assert to_surface(" ＨＢＡ１ｃ  升高\n") == "hba1c 升高"
    assert to_surface("，多饮。 ") == "多饮"
    assert to_surface("发热、咳嗽") == "发热、咳嗽"
    assert to_surface("。") == "。"


@pytest.mark.slow
def test_killed_at_any_moment(url, model, tmp_path):
    """Again and again, by SIGKILL: whole shards alone are there, and in the end all of them."""
    notes = make_notes(600)
    output = annotate_notes(model, notes, tmp_path / "a", shard_size=6)
    whole = open_database(str(tmp_path / "whole.sqlite"), make=True)
    build_from(whole, output)
    command = [sys.executable, "-m", "spacy", "gpner", "kb", "build", str(output), "--db", url]
    database, rng, n = open_database(url, make=True), random.Random(0), 0
    for _ in range(5):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted, deadline = n + rng.randint(0, 8), time.monotonic() + 120
        while process.poll() is None and count_shards(database) <= wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
        process.wait()
        n = count_shards(database)
        assert len(content(database)["document"]) == 6 * n
    assert 5 < n < 100
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert content(database) == content(whole)


def count_shards(database):
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(shard)).scalar_one()
