"""Databases that are none, of other versions, out of reach, or held."""

import threading
import time
from unittest.mock import patch

import pytest
from sqlalchemy import create_engine, text

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb import database as module
from spacy_gpner.kb.database import open_database

from .util import annotate_notes, build_from, content


def test_what_is_none(tmp_path, url):
    with pytest.raises(KnowledgeError, match=r"kb build|no knowledge base"):
        open_database(url)
    (tmp_path / "text.sqlite").write_text("no database, but a text of some length that looks like none")
    for given, part in (
        (tmp_path / "gone" / "kb.sqlite", "no folder"),
        (tmp_path / "text.sqlite", "is no SQLite file"),
        ("mysql://me:secret@host/db", r"no database for a knowledge base"),
        ("postgresql+none://me:secret@host/db", "driver"),
        ("no url://", "none that SQLAlchemy knows"),
        ("postgresql:me:secret@host", "none that SQLAlchemy knows"),
        ("mysql://host/db?user=me&password=secret", "no database for a knowledge base"),
    ):
        with pytest.raises(KnowledgeError, match=part) as err:
            open_database(str(given), make=True)
        assert "secret" not in str(err.value)


def test_databases_of_others_are_left_alone(url):
    address = url if "://" in url else f"sqlite:///{url}"
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE patient (id INTEGER)"))
    engine.dispose()
    with pytest.raises(KnowledgeError, match="has the table 'patient'"):
        open_database(url, make=True)


def test_other_versions_are_refused(empty, url):
    with empty.writing() as connection:
        connection.execute(text("UPDATE about SET value = '99' WHERE key = 'version'"))
    with pytest.raises(KnowledgeError, match=r"of the version 99.*kb build OUT --db NEW"):
        open_database(url)


def test_a_build_counts_what_there_is(filled):
    """So that a patient's course is found by the patient, not by reading the collection."""
    with filled.reading() as connection:
        if filled.engine.dialect.name == "postgresql":
            counted = "SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'public'"
            assert {"document", "mention", "concept"} <= set(connection.execute(text(counted)).scalars())
            return
        tables = set(connection.execute(text("SELECT DISTINCT tbl FROM sqlite_stat1")).scalars())
        assert {"document", "mention", "concept"} <= tables
        (annotator,) = connection.execute(text("SELECT DISTINCT annotator FROM document")).scalars()
        query = f"""SELECT * FROM mention JOIN document ON document.id = mention.document
            WHERE collection = 'main' AND annotator = '{annotator}' AND patient = 'p1'"""
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert plan[0] == "SEARCH document USING INDEX ix_document_patient (patient=?)"


def test_out_of_reach_and_no_password_is_shown():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    for url in ("me:secret@127.0.0.1:1/kb", "127.0.0.1:1/kb?user=me&password=secret"):
        with pytest.raises(KnowledgeError, match=r"can't be opened .*refused") as err:
            open_database(f"postgresql+psycopg://{url}")
        assert "secret" not in str(err.value)


def test_held_by_another(filled, output, url):
    """Who writes waits, and says so in the end; who reads does not wait."""
    before = content(filled)
    with filled.writing(), patch.object(module, "PATIENCE", 1):
        database = open_database(url)
        assert content(database) == before
        with pytest.raises(KnowledgeError, match=r"can't be written \((database is locked|LockNotAvail)"):
            build_from(database, output)
    build_from(database, output)


def test_who_reads_twice_keeps_no_writer_waiting(filled, url):
    """A page reads while it reads, and a writer that came between waits for it alone."""
    with filled.reading() as connection:
        writer = threading.Thread(target=note, args=(open_database(url),))
        writer.start()
        time.sleep(0.3)
        with filled.reading() as inner:
            assert inner is connection
            assert inner.execute(text("SELECT count(*) FROM document")).scalar_one() == 22
    writer.join()
    with filled.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM event WHERE action = 'x'")).scalar_one() == 1


def note(database):
    with database.writing() as connection:
        database.note(connection, "x")


@pytest.mark.parametrize("same", [False, True])
def test_two_builds_at_once(url, model, notes, tmp_path, same):
    """Of one output or of two, into a database that neither finds: all of both."""
    parts = [notes, notes] if same else [notes[::2], notes[1::2]]
    outputs = [
        annotate_notes(model, part, tmp_path / str(0 if same else i), shard_size=2)
        for i, part in enumerate(parts)
    ]
    errors = []

    def work(output):
        try:
            build_from(open_database(url, make=True), output)
        except Exception as err:
            errors.append(err)

    threads = [threading.Thread(target=work, args=(output,)) for output in outputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(content(open_database(url))["document"]) == len(notes)


def test_a_file_that_can_only_be_read(filled, output, url, tmp_path):
    if "://" in url:
        pytest.skip("a file's rights are SQLite's matter")
    filled.engine.dispose()
    database = open_database(f"sqlite:///file:{url}?mode=ro&uri=true")
    assert len(content(database)["document"]) == 22
    from spacy_gpner.kb.forget import erase

    with pytest.raises(KnowledgeError, match="readonly"):
        erase(database, name="d0")
