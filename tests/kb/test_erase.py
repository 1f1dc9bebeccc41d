"""What is erased is gone."""

import json
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb.database import open_database
from spacy_gpner.kb.forget import erase, lift
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
    if "://" in url:
        counts = "SELECT * FROM pg_stats WHERE schemaname = 'public' AND tablename <> 'gram'"
        with secret.reading() as connection:
            kept = str(connection.exec_driver_sql(counts).all())
        assert "糖尿病" in kept
        assert SECRET not in kept
        assert "p99" not in kept
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


@pytest.mark.parametrize("what", [{"patient": "p1"}, {"name": "d1"}, {"name": "d1", "collection": "main"}])
def test_what_is_erased_does_not_come_back(filled, model, notes, tmp_path, what):
    """Neither from the same annotations nor from others, also of what changed."""
    erase(filled, **what)
    own = {x["id"] for x in notes if x["id"] == "d1" or x["patient"] == what.get("patient")}
    left = content(filled)["document"]
    assert len(left) == len(notes) - len(own)
    again = annotate_notes(model, notes, tmp_path / "again")
    built = build_from(filled, again)
    assert (built.erased, built.documents) == (len(own), len(left))
    assert not own & names_of(filled)
    notes[1]["text"] = "确诊肺炎。"
    built = build_from(filled, annotate_notes(model, notes, tmp_path / "again"))
    assert (built.erased, built.documents) == (1, 0)
    assert not any("确诊肺炎" in row for row in content(filled)["text"])
    with filled.reading() as connection:
        events = [row.detail for row in connection.execute(METADATA.tables["event"].select())]
    assert events[-1]["erased"] == 1


def names_of(database):
    with database.reading() as connection:
        return set(connection.execute(select(METADATA.tables["document"].c.name)).scalars())


def test_nor_under_a_name_that_is_new(filled, model, tmp_path):
    """A patient's further documents, and a document that turns out to be his."""
    erase(filled, patient="p1")
    notes = make_notes(2, 98)
    notes[0]["patient"] = "p1"
    known = {"id": "d0", "text": "发热。", "patient": "p1"}
    built = build_from(filled, annotate_notes(model, [*notes, known], tmp_path / "more"))
    assert (built.erased, built.documents) == (2, 1)
    assert names_of(filled) & {"d98", "d99", "d0"} == {"d99"}


def test_nor_from_readings_without_the_column_of_the_patient(filled, model, notes, tmp_path):
    """The names of his documents are known, and nobody else's documents of the same names go with them."""
    erase(filled, patient="p1")
    own = {x["id"] for x in notes if x["patient"] == "p1"}
    bare = annotate_notes(model, notes, tmp_path / "bare", carried=("text",), clean=("spaces",))
    assert build_from(filled, bare).erased == len(own)
    assert not own & names_of(filled)
    others = [{**note, "patient": "p7"} for note in notes]
    assert build_from(filled, annotate_notes(model, others, tmp_path / "others")).erased == 0
    assert own < names_of(filled)


def test_an_erasure_from_one_collection_is_none_from_another(filled, model, notes, tmp_path):
    other = annotate_notes(model, notes, tmp_path / "other")
    erase(filled, patient="p1", collection="main")
    assert build_from(filled, other, collection="other").erased == 0
    erase(filled, name="d0")
    again = annotate_notes(model, notes[:1], tmp_path / "again")
    assert build_from(filled, again, collection="third").erased == 1


@pytest.mark.parametrize("what", [{"patient": "p1"}, {"name": "d1"}])
def test_an_erasure_is_lifted(filled, model, notes, tmp_path, what):
    erase(filled, **what, collection="main")
    before = content(filled)
    with pytest.raises(KnowledgeError, match="as it was when it was erased"):
        lift(filled, **what, collection="other")
    assert content(filled) == before
    lift(filled, **what)
    assert not content(filled)["erased"]
    with pytest.raises(KnowledgeError, match="of this name was erased"):
        lift(filled, **what)
    assert build_from(filled, annotate_notes(model, notes, tmp_path / "again")).erased == 0
    assert names_of(filled) == {x["id"] for x in notes}
    with pytest.raises(KnowledgeError, match="--document or --patient"):
        lift(filled)


def test_a_lifted_erasure_leaves_the_others(filled, model, notes, tmp_path):
    erase(filled, patient="p1")
    erase(filled, patient="p2")
    lift(filled, patient="p1")
    build_from(filled, annotate_notes(model, notes, tmp_path / "again"))
    assert names_of(filled) == {x["id"] for x in notes if x["patient"] != "p2"}


def test_digests_are_a_databases_own(filled, output, tmp_path):
    other = open_database(str(tmp_path / "other.sqlite"), make=True)
    build_from(other, output)
    for database in (filled, other):
        erase(database, patient="p1")
        erase(database, name="d0")
    # The patient, his documents, and one more
    assert len(content(filled)["erased"]) == len(content(other)["erased"]) == 1 + 6 + 1
    assert not set(content(filled)["erased"]) & set(content(other)["erased"])


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
