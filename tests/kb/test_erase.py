"""What is erased is gone."""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.forget import erase
from spacy_gpner.kb.schema import METADATA
from spacy_gpner.kb.search import search

from .util import Lexicon, OtherLexicon, annotate_notes, build_from, content, make_notes

SECRET = "杨梅疮"


@pytest.fixture
def secret(empty, model, tmp_path):
    """A patient's document with a word that nobody else has, read by two annotators."""

    class Knowing(OtherLexicon):
        words: ClassVar = {**OtherLexicon.words, SECRET: "dis"}

    notes = make_notes(9)
    notes[4] |= {"text": f"既往{SECRET}，发热。", "patient": "p99"}
    for name, clean in (("a", ()), ("b", ("spaces",))):
        build_from(empty, annotate_notes(model, notes, tmp_path / name, annotator=Knowing, clean=clean))
    return empty


@pytest.mark.parametrize("what", [{"patient": "p99"}, {"name": "d4"}, {"name": "d4", "collection": "main"}])
def test_nothing_is_left(secret, what, url):
    before = content(secret, leave_out=())
    assert SECRET in json.dumps(before, ensure_ascii=False)
    assert erase(secret, **what, dry_run=True).mentions == 4
    assert content(secret, leave_out=()) == before
    before = content(secret)
    word = f"{ord(SECRET[0]):x}z{ord(SECRET[1]):x}"
    assert word in words_of_the_index(secret)
    erased = erase(secret, **what)
    assert (erased.documents, erased.mentions, len(erased.outputs)) == (2, 4, 2)
    after = content(secret)
    assert SECRET not in json.dumps(after, ensure_ascii=False)
    assert "p99" not in json.dumps(after)
    assert search(secret, [SECRET]) == search(secret, ["梅疮"]) == []
    # All others are as they were
    assert len(after["document"]) == len(before["document"]) - 2
    assert len(search(secret, ["发热"])) == len([x for x in before["text"] if "发热" in x]) - 1
    with secret.reading() as connection:
        events = [row.detail for row in connection.execute(METADATA.tables["event"].select())]
    by = "patient" if "patient" in what else "document"
    numbers = {"documents": 2, "mentions": 4}
    assert events[-1] == {"by": by, "collection": what.get("collection"), **numbers}
    assert word not in words_of_the_index(secret)
    secret.engine.dispose()
    if "://" not in url:
        assert SECRET.encode() not in Path(url).read_bytes()


def test_nor_of_what_changed(secret, model, tmp_path, url):
    """Neither in the index nor, of what is gone, in the file."""
    word = f"{ord(SECRET[0]):x}z{ord(SECRET[1]):x}"
    notes = make_notes(9)
    for name, clean in (("a", ()), ("b", ("spaces",))):
        assert word in words_of_the_index(secret)
        build_from(secret, annotate_notes(model, notes, tmp_path / name, annotator=Lexicon, clean=clean))
    assert word not in words_of_the_index(secret)
    secret.engine.dispose()
    if "://" not in url:
        content_ = Path(url).read_bytes()
        assert SECRET.encode() not in content_
        assert word.encode() not in content_


def test_nor_after_a_build_that_was_stopped(secret, model, tmp_path):
    notes = make_notes(9)
    outputs = [
        annotate_notes(model, notes, tmp_path / name, annotator=Lexicon, clean=clean)
        for name, clean in (("a", ()), ("b", ("spaces",)))
    ]
    tidy = secret.grams.tidy
    secret.grams.tidy = lambda _: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        build_from(secret, *outputs)
    secret.grams.tidy = tidy
    build_from(secret, annotate_notes(model, [*notes, *make_notes(1, 9)], tmp_path / "a", annotator=Lexicon))
    word = f"{ord(SECRET[0]):x}z{ord(SECRET[1]):x}"
    assert word not in words_of_the_index(secret)


def words_of_the_index(database):
    with database.reading() as connection:
        if database.engine.dialect.name == "sqlite":
            connection.exec_driver_sql(
                "CREATE VIRTUAL TABLE temp.known USING fts5vocab('main', 'gram', 'row')"
            )
            found = set(connection.exec_driver_sql("SELECT term FROM temp.known").scalars())
            connection.exec_driver_sql("DROP TABLE temp.known")
            return found
        rows = connection.exec_driver_sql("SELECT words FROM gram").scalars()
        return {word for own in rows for word in own}


def test_readings_without_the_column_of_the_patient(empty, model, tmp_path):
    notes = make_notes(9)
    build_from(empty, annotate_notes(model, notes, tmp_path / "a"))
    other = {"annotator": OtherLexicon, "clean": ("spaces",), "carried": ("text",)}
    build_from(empty, annotate_notes(model, notes, tmp_path / "b", **other))
    # Documents of the same names, of somebody else
    others = [{**note, "patient": "p7"} for note in notes]
    third = {"annotator": OtherLexicon, "clean": ("width",)}
    build_from(empty, annotate_notes(model, others, tmp_path / "c", **third))
    own = [note["id"] for note in notes if note["patient"] == "p1"]
    assert erase(empty, patient="p1").documents == 2 * len(own)
    left = [row for row in content(empty)["document"] if any(f"'{id_}'" in row for id_ in own)]
    assert len(left) == len(own)
    assert all("'p7'" in row for row in left)


def test_others_keep_their_concepts_and_texts(secret):
    erase(secret, name="d0")
    assert any("糖尿病" in row for row in content(secret)["concept"])


@pytest.mark.parametrize(
    ("what", "part"),
    [
        ({}, "--document or --patient"),
        ({"name": "d1", "patient": "p1"}, "--document or --patient"),
        ({"name": "d400"}, "no document of this name"),
        ({"patient": "p400"}, "no patient of this name"),
        ({"patient": "p1", "collection": "none"}, "no patient of this name"),
    ],
)
def test_what_can_not_be_erased(filled, what, part):
    before = content(filled)
    with pytest.raises(KnowledgeError, match=part):
        erase(filled, **what)
    assert content(filled) == before
