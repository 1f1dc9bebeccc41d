"""Databases that are none, of other versions, out of reach, or held."""

import sqlite3
import threading
from unittest.mock import patch

import pytest
from sqlalchemy import create_engine, text

from spacy_gpner.errors import KnowledgeError
from spacy_gpner.kb import database as module
from spacy_gpner.kb.database import open_database

from .util import build_from, content


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


def test_out_of_reach_and_no_password_is_shown():
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(KnowledgeError, match="can't be opened") as err:
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/kb")
    assert "secret" not in str(err.value)


def test_held_by_another(filled, output, url):
    """Who writes waits, and says so in the end; who reads does not wait."""
    before = content(filled)
    if "://" in url:
        pytest.skip("PostgreSQL's writers wait for each other without end")
    holder = sqlite3.connect(url)
    holder.execute("BEGIN IMMEDIATE")
    with patch.object(module, "PATIENCE", 0.1):
        database = open_database(url)
    assert content(database) == before
    with pytest.raises(KnowledgeError, match=r"can't be written \(database is locked\)"):
        build_from(database, output)
    holder.rollback()
    build_from(database, output)


def test_two_builds_at_once(empty, model, notes, tmp_path, url):
    """Of different outputs into one database: all of both."""
    from .util import annotate_notes

    outputs = [annotate_notes(model, notes[i::2], tmp_path / str(i), shard_size=2) for i in (0, 1)]
    errors = []

    def work(output):
        try:
            build_from(open_database(url), output)
        except Exception as err:
            errors.append(err)

    threads = [threading.Thread(target=work, args=(output,)) for output in outputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(content(empty)["document"]) == len(notes)


def test_a_file_that_can_only_be_read(filled, output, url, tmp_path):
    if "://" in url:
        pytest.skip("a file's rights are SQLite's matter")
    filled.engine.dispose()
    database = open_database(f"sqlite:///file:{url}?mode=ro&uri=true")
    assert len(content(database)["document"]) == 22
    from spacy_gpner.kb.forget import erase

    with pytest.raises(KnowledgeError, match="readonly"):
        erase(database, name="d0")
