"""Opening a knowledge base."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from ..archive.tables import hide_password
from ..errors import KnowledgeError
from ..files import sqlite_file
from . import schema
from .erasures import KEY, make_key
from .grams import Grams, grams_of
from .note_nlp import VIEW, select_note_nlp

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# Seconds to wait for another process that writes
PATIENCE = 30
KIND = "spacy_gpner knowledge base"
OPENED = "opened"
# Rows of an index that SQLite looks at to count what it has. With a limit it keeps no values of them
SAMPLE = 1000
# What every SQLite file begins with
MAGIC = b"SQLite format 3\0"
# A URL that lacks its slashes would be the path of a file
ALMOST_URL = re.compile(r"postgres(ql)?(\+\w+)?:", re.IGNORECASE)
# Under which processes that make the same tables wait for each other
MAKING = 0x6B62


class Database:
    """A knowledge base.

    engine (Engine): The database.
    grams (Grams): Finds texts.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.grams: Grams = grams_of(engine.dialect.name)
        self._open: ContextVar[Optional[Connection]] = ContextVar("open", default=None)

    @property
    def name(self) -> str:
        """Its file, or its URL without a password."""
        return show_address(self.engine.url)

    @property
    def file(self) -> Optional[Path]:
        """The file of an SQLite database; None of another."""
        return sqlite_file(str(self.engine.url.database)) if self.engine.dialect.name == SQLITE else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read in the block; in another block that reads, as that does. A second reader would keep a writer
        waiting who keeps the second reader waiting.

        RAISES (KnowledgeError): If the database refuses.
        """
        if (there := self._open.get()) is not None:
            yield there
            return
        # Of one state, whatever is written meanwhile, as SQLite's transactions are
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == POSTGRESQL else {}
        with self._telling("read"), self.engine.connect().execution_options(**options) as connection:
            token = self._open.set(connection)
            try:
                yield connection
            finally:
                self._open.reset(token)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all that the block does, or nothing of it. No other process writes meanwhile.

        RAISES (KnowledgeError): If the database refuses.
        """
        with self._telling("written"), self.engine.execution_options(writes=True).begin() as connection:
            if self.engine.dialect.name == POSTGRESQL:
                connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
                connection.execute(text("LOCK TABLE about IN EXCLUSIVE MODE"))
            yield connection

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as err:
            raise refused(self.name, done, err) from None

    def count(self, connection: Connection) -> None:
        """Let the database count what its tables have: without that it takes a way of answering that reads a
        whole collection to find a patient. PostgreSQL keeps frequent values among its counts.

        connection (Connection): Where it is written.
        """
        if self.engine.dialect.name == SQLITE:
            connection.execute(text(f"PRAGMA analysis_limit = {SAMPLE}"))
        for name in schema.METADATA.tables:
            connection.execute(text(f"ANALYZE {name}"))

    def note(self, connection: Connection, action: str, **detail: Any) -> None:
        """Keep what was done, in numbers.

        connection (Connection): Where it is done.
        action (str): What.
        detail: Numbers, and names of runs and collections.
        """
        time = datetime.now().astimezone().isoformat(timespec="seconds")
        connection.execute(insert(schema.event), {"time": time, "action": action, "detail": detail})


def show_address(address: URL) -> str:
    """What to call a database.

    address (URL): Its URL.
    RETURNS (str): Its file, or the URL without a password.
    """
    if address.get_backend_name() == SQLITE:
        return address.database or ":memory:"
    return hide_password(address.render_as_string(hide_password=False))


def file_of(url: str) -> Optional[Path]:
    """The file of an SQLite database, which may not be there yet; None of another database.

    url (str): Its URL or path.
    RAISES (KnowledgeError): If it is none.
    """
    address = _address(url)
    return sqlite_file(str(address.database)) if address.get_backend_name() == SQLITE else None


def refused(name: str, done: str, err: SQLAlchemyError) -> KnowledgeError:
    """What a database's error means, without values of rows.

    name (str): The database, without a password.
    done (str): What can't be done with it.
    err (SQLAlchemyError): The error.
    RETURNS (KnowledgeError): The error to raise.
    """
    cause = getattr(err, "orig", None)
    # SQLite's messages name no values, and of PostgreSQL's none does before rows are read or written
    if cause and (done == OPENED or type(cause).__module__.startswith("sqlite3")):
        why = " ".join(str(cause).split())
    else:
        why = ", ".join([type(cause or err).__name__, *filter(None, [getattr(cause, "sqlstate", None)])])
    return KnowledgeError(
        f"The database {name} can't be {done} ({why}). Check that it is there, that you may use it, and that "
        "no other process holds it."
    )


def open_database(url: str, *, make: bool = False) -> Database:
    """Open a knowledge base.

    url (str): Its URL, as SQLAlchemy names it, or the path of an SQLite file.
    make (bool): Whether to make it where there is none.
    RETURNS (Database): The knowledge base.
    RAISES (KnowledgeError): If there is none, it can't be opened, or is of another version.
    """
    address = _address(url)
    if address.get_backend_name() == SQLITE:
        _check_file(address, make)
    name = show_address(address)
    if address.get_backend_name() == POSTGRESQL and "connect_timeout" not in address.query:
        address = address.update_query_dict({"connect_timeout": str(PATIENCE)})
    try:
        engine = create_engine(address)
    except (NoSuchModuleError, ImportError) as err:
        raise KnowledgeError(
            f"The database {name} takes a driver that is not installed ({err}). There are SQLite, and "
            "PostgreSQL with psycopg: postgresql+psycopg://USER@HOST/NAME."
        ) from None
    if address.get_backend_name() == SQLITE:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    database = Database(engine)
    with database._telling(OPENED):
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
        if "about" not in tables:
            if tables or not make:
                raise KnowledgeError(
                    f"The database {name} is no knowledge base"
                    + (
                        f": it has the table '{min(tables)}', and others may be somebody's."
                        if tables
                        else "."
                    )
                    + " Give another, or make one with `spacy gpner kb build`."
                )
            _make(database)
        with engine.connect() as connection:
            known = dict(connection.execute(select(schema.about.c.key, schema.about.c.value)).all())
    if known.get("kind") != KIND or known.get("version") != str(schema.VERSION):
        raise KnowledgeError(
            f"The database {name} is of the version {known.get('version')}, and this package has "
            f"{schema.VERSION}. Build it anew from the annotations: `spacy gpner kb build OUT --db NEW`."
        )
    return database


def _check_file(address: URL, make: bool) -> None:
    """Refuse a file that is not there, which SQLite would make."""
    path = sqlite_file(str(address.database))
    if not path.is_file() and not make:
        raise KnowledgeError(f"There is no knowledge base {path}. Make it with `spacy gpner kb build`.")
    if path.is_file() and path.stat().st_size and not _has_magic(path):
        raise KnowledgeError(f"{path} is no SQLite file. Give another, or a new one for `kb build` to make.")
    if not path.absolute().parent.is_dir():
        raise KnowledgeError(f"There is no folder {path.parent} for the knowledge base {path.name}.")


def _has_magic(path: Path) -> bool:
    """Whether a file begins as SQLite's do. What can't be read is told of when it is opened."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return True


def _address(url: str) -> URL:
    if "://" not in url and not ALMOST_URL.match(url):
        return URL.create(SQLITE, database=url)
    try:
        address = make_url(url)
    except ArgumentError:
        raise KnowledgeError("The URL of the database is none that SQLAlchemy knows.") from None
    if address.get_backend_name() not in (SQLITE, POSTGRESQL):
        raise KnowledgeError(
            f"{hide_password(url)} is no database for a knowledge base. Give an SQLite file, or a PostgreSQL "
            "database: postgresql+psycopg://USER@HOST/NAME."
        )
    return address


def _make(database: Database) -> None:
    with database.engine.execution_options(writes=True).begin() as connection:
        if database.engine.dialect.name == POSTGRESQL:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MAKING})"))
        if inspect(connection).has_table(schema.about.name):
            return
        schema.METADATA.create_all(connection)
        database.grams.make(connection)
        options = {"literal_binds": True}
        view = select_note_nlp().compile(dialect=connection.dialect, compile_kwargs=options)
        connection.exec_driver_sql(f"CREATE VIEW {VIEW} AS {view}")
        kept = {"kind": KIND, "version": str(schema.VERSION), KEY: make_key()}
        rows = [{"key": key, "value": value} for key, value in kept.items()]
        connection.execute(insert(schema.about), rows)


def _prepare(connection: Any, _: Any) -> None:
    """What is erased is overwritten, and who finds another process writing waits for a while."""
    # Transactions begin where SQLAlchemy says, not at the first change
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (f"busy_timeout = {PATIENCE * 1000}", "secure_delete = ON", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
