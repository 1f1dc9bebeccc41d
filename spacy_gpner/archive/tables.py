"""Reading tables: CSV, Parquet, and what a database answers."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from ..entities import show_name
from ..errors import ArchiveError
from ..files import sqlite_file
from .extras import require
from .reading import ArchiveFile, Reading, Rows, UnreadError, find_encoding
from .rows import Columns, Place, Reject, make_row

# Rows that are held at once
BATCH = 500
# Characters of a field of a CSV that are read in any case, to tell that they are too many
FIELD = 1 << 22
# Options of a database's URL that are secret, and such among those that one of them holds
SECRET = re.compile("pass|pwd|secret|token|key", re.IGNORECASE)
SECRET_PART = re.compile(r"((?:password|passwd|pwd|secret|token)\s*=\s*)[^;&]*", re.IGNORECASE)
HIDDEN = "hidden"
# What may stand between the fields of a table, as users know it
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


def read_csv(file: ArchiveFile, reading: Reading, *, delimiter: str = ",") -> Rows:
    """Read a table whose first row names its columns. Fields in quotes may hold line ends.

    file (ArchiveFile): The file.
    reading (Reading): How.
    delimiter (str): What is between two fields.
    YIELDS (Union[Row, Reject]): A document, or why there is none.
    RAISES (ArchiveError): If a column is missing.
    """
    csv.field_size_limit(longest := max(FIELD, 2 * reading.max_length))
    encoding = find_encoding(file, reading)
    with file.open(reading.tally) as (content, tell):
        # What can't be decoded comes as lone surrogates, and costs its row alone
        text = io.TextIOWrapper(content, encoding, errors="surrogateescape", newline="")
        lines = _Lines(text)
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            # An empty file lacks no column: it has no documents
            header = next(rows, reading.columns.names)
            _require_delimiter(header, reading.columns, file.shown)
            _require_columns(header, reading.columns, file.shown)
            for number, row in enumerate(rows, 1):
                tell()
                place = file.place(f"row {number}")
                if lines.ended:
                    raise UnreadError("the rest is one field without an end: a quotation mark is missing")
                if len(row) == len(header):
                    record = dict(zip(header, row, strict=True))
                    yield make_row(record, place, reading.columns, reading.max_length)
                elif row:
                    yield Reject(place, f"{len(row)} fields, where the first row has {len(header)}")
        except csv.Error:
            raise UnreadError(
                f"the rest can't be read: a field of more than {longest:,} characters"
            ) from None
        text.detach()


class _Lines:
    """Lines of a text, which knows when more was asked for than there is: in the midst of a row, then."""

    def __init__(self, text: Iterator[str]) -> None:
        self.text, self.ended = text, False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.text, None)
        if line is None:
            self.ended = True
            raise StopIteration
        return line


def read_parquet(file: ArchiveFile, reading: Reading) -> Rows:
    """Read a Parquet file.

    file (ArchiveFile): The file.
    reading (Reading): How.
    YIELDS (Union[Row, Reject]): A document, or why there is none.
    RAISES (ArchiveError): If a column is missing, or pyarrow.
    """
    parquet = require("pyarrow.parquet", "archive", "Parquet")
    arrow = require("pyarrow", "archive", "Parquet")
    number = 0
    with file.open(reading.tally) as (content, tell):
        try:
            table = parquet.ParquetFile(content)
        except arrow.ArrowException:
            raise UnreadError("no Parquet: cut short or damaged") from None
        _require_columns(table.schema_arrow.names, reading.columns, file.shown)
        # Rows lie in groups, and what is damaged costs what is left of its own
        for group in range(table.num_row_groups):
            end = number + table.metadata.row_group(group).num_rows
            try:
                for batch in table.iter_batches(BATCH, row_groups=[group], columns=reading.columns.names):
                    for record in batch.to_pylist():
                        number += 1
                        place = file.place(f"row {number}")
                        yield make_row(record, place, reading.columns, reading.max_length)
                    tell()
            except (arrow.ArrowException, OSError):
                yield Reject(file.place(f"rows {number + 1} to {end}"), "damaged", unread=True)
            number = end


def read_sql(url: str, query: str, reading: Reading) -> Rows:
    """Read what a database answers, row by row.

    url (str): The database, as SQLAlchemy names it.
    query (str): The query.
    reading (Reading): How.
    YIELDS (Union[Row, Reject]): A document, or why there is none.
    RAISES (ArchiveError): If a column is missing, or SQLAlchemy, or the database refuses.
    """
    alchemy = require("sqlalchemy", "archive", "a database")
    place = partial(Place, hide_password(url))
    try:
        engine = alchemy.create_engine(url)
        _require_file(engine.url)
        with engine.connect() as connection:
            # A query may be a slip of the pen, and an archive is read alone
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            options = {"stream_results": True, "yield_per": BATCH, "postgresql_readonly": True}
            answer = connection.execution_options(**options).execute(alchemy.text(query))
            if not answer.returns_rows:
                raise ArchiveError("The query gives no rows. Give one that reads: a SELECT.")
            _require_columns(list(answer.keys()), reading.columns, "The answer to the query")
            yield from _read_records(answer.mappings(), place, reading)
    except alchemy.exc.SQLAlchemyError as err:
        # Its message may hold values of rows
        raise ArchiveError(
            f"The database {hide_password(url)} can't be read ({type(err).__name__}). Check URL and query, "
            "which can't write there."
        ) from None


def _read_records(records: Iterable[Any], place: Callable[[str], Place], reading: Reading) -> Rows:
    for number, record in enumerate(records, 1):
        yield make_row(record, place(f"row {number}"), reading.columns, reading.max_length)


def hide_password(url: str) -> str:
    """The URL of a database as it may be shown and kept: without its password, which one of its options can
    be, or hold among others, too."""
    alchemy = require("sqlalchemy", "archive", "a database")
    try:
        address = alchemy.engine.make_url(url)
        options = {name: _hide(name, value) for name, value in address.query.items()}
        return address.set(query=options).render_as_string(hide_password=True)
    except alchemy.exc.ArgumentError:
        raise ArchiveError("The URL of the database is none that SQLAlchemy knows.") from None


def _hide(name: str, value: Any) -> str:
    if SECRET.search(name):
        return HIDDEN
    return SECRET_PART.sub(rf"\1{HIDDEN}", value if isinstance(value, str) else ",".join(value))


def _require_file(url: Any) -> None:
    """Refuse a file of SQLite's that is not there: to connect to it would make it."""
    if url.get_backend_name() != "sqlite" or not url.database or ":memory:" in url.database:
        return
    path = sqlite_file(url.database)
    if not path.is_file():
        raise ArchiveError(
            f"{path} is not there. Check the URL: sqlite:/// and the path, which may begin with another /."
        )


def _require_delimiter(header: list[str], columns: Columns, name: str) -> None:
    """Refuse a table in which something else stands between the fields than its suffix says."""
    if len(header) != 1:
        return
    for delimiter, shown in DELIMITERS.items():
        fields = {field.strip('"') for field in header[0].split(delimiter)}
        if {columns.id, columns.text} <= fields:
            raise ArchiveError(
                f"{name} has {shown} between its fields. A .csv has commas there, and a .tsv tabs: give it "
                "that suffix, or write it with commas."
            )


def _require_columns(there: list[str], columns: Columns, name: str) -> None:
    if twice := [column for column in columns.names if there.count(column) > 1]:
        raise ArchiveError(
            f"{name} has several columns '{twice[0]}'. Give the one that is meant another name."
        )
    if missing := [column for column in columns.names if column not in there]:
        # Without a header it is a document
        has = ", ".join(f"column {show_name(name)}" for name in there) or "none"
        raise ArchiveError(
            f"{name} has no column '{missing[0]}'. It has {has}. Name those of text and id with --text and "
            "--id, and those to carry along with --carry."
        )
