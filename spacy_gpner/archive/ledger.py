"""The ledger of an output: which documents were annotated, in which state, and what its runs were."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

import srsly

from ..errors import ArchiveError
from .shards import Done, Shard

NAME = "ledger.sqlite"
# Documents that are looked up at once
PAGE = 1000
TABLES = """
CREATE TABLE IF NOT EXISTS run (number INTEGER PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS shard (
    run INTEGER, number INTEGER, digest BLOB NOT NULL, done TEXT NOT NULL, PRIMARY KEY (run, number)
);
CREATE TABLE IF NOT EXISTS document (
    id TEXT PRIMARY KEY, digest BLOB NOT NULL, run INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen_rejected (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Ledger:
    """A database in the output's folder."""

    def __init__(self, output: Path) -> None:
        """Open it, and make it if need be.

        output (Path): The output's folder.
        RAISES (ArchiveError): If there is a file of its name that is none, or no space.
        """
        self.path = output / NAME
        with self.naming():
            self.db = sqlite3.connect(self.path, isolation_level=None)
            self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + TABLES)

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Say of what goes wrong with the database in the block which one it is.

        RAISES (ArchiveError): If it is damaged, or can't be written.
        """
        try:
            yield
        except sqlite3.OperationalError as err:
            raise ArchiveError(
                f"{self.path} can't be written ({err}). When it can, the same command goes on."
            ) from None
        except sqlite3.DatabaseError as err:
            raise ArchiveError(
                f"{self.path} is no ledger, or damaged ({err}). Give another output."
            ) from None

    def close(self) -> None:
        """Close it."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is done in the block, or nothing of it."""
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def runs(self) -> list[dict[str, Any]]:
        """The records of all runs."""
        rows = self.db.execute("SELECT record FROM run ORDER BY number")
        return [srsly.json_loads(record) for (record,) in rows]

    def put_run(self, record: dict[str, Any]) -> None:
        """Keep a run's record, in place of an earlier one of its number."""
        self.db.execute("REPLACE INTO run VALUES (?, ?)", (record["number"], srsly.json_dumps(record)))

    def shards(self, run: int) -> dict[int, bytes]:
        """The shards of a run that are done, with their digests."""
        return dict(self.db.execute("SELECT number, digest FROM shard WHERE run = ?", (run,)))

    def has_documents(self) -> bool:
        """Whether any run annotated a document."""
        query = "SELECT 1 FROM shard WHERE json_extract(done, '$.documents') > 0 LIMIT 1"
        return self.db.execute(query).fetchone() is not None

    def done(self, run: int) -> list[Done]:
        """What became of the shards of a run."""
        rows = self.db.execute("SELECT done FROM shard WHERE run = ? ORDER BY number", (run,))
        found = (srsly.json_loads(done) for (done,) in rows)
        return [Done(**{**own, "failed": tuple(own["failed"])}) for own in found]

    def put_shard(self, run: int, shard: Shard, done: Done) -> None:
        """Say that a shard is done. A document at which the pipeline failed counts as changed next time.

        run (int): The run's number.
        shard (Shard): The shard.
        done (Done): What became of it.
        """
        failed = set(done.failed)
        documents = (
            (row.id, b"" if row.id in failed else digest, run)
            for row, digest in zip(shard.rows, shard.digests, strict=True)
        )
        with self.transaction():
            own = (run, shard.number, shard.digest, srsly.json_dumps(asdict(done)))
            self.db.execute("REPLACE INTO shard VALUES (?, ?, ?, ?)", own)
            self.db.executemany("REPLACE INTO document VALUES (?, ?, ?)", documents)
            self.db.executemany("DELETE FROM document WHERE id = ?", ((id_,) for id_ in shard.vanished))

    def begin_reading(self) -> None:
        """Forget which documents the last reading came by."""
        self.db.execute("DELETE FROM seen")
        self.db.execute("DELETE FROM seen_rejected")

    def see(self, ids: Sequence[str]) -> set[str]:
        """Tell which documents the reading came by before, and remember these.

        ids (Sequence[str]): Their names, each once.
        RETURNS (Set[str]): Those that it came by before.
        """
        try:
            with self.transaction():
                self.db.executemany("INSERT INTO seen VALUES (?)", ((id_,) for id_ in ids))
            return set()
        except sqlite3.IntegrityError:
            before = {id_ for (id_,) in self._select("SELECT id FROM seen WHERE id IN", ids)}
            with self.transaction():
                self.db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((id_,) for id_ in ids))
            return before

    def see_rejected(self, ids: Sequence[str]) -> None:
        """Remember documents that the reading came by, though their rows can't be annotated.

        ids (Sequence[str]): Their names.
        """
        with self.transaction():
            self.db.executemany("INSERT OR IGNORE INTO seen_rejected VALUES (?)", ((id_,) for id_ in ids))

    def known(self, ids: Sequence[str], run: int) -> dict[str, bytes]:
        """The digests of documents that runs before this one annotated.

        ids (Sequence[str]): Their names.
        run (int): The number of this run.
        RETURNS (Dict[str, bytes]): The digests by name.
        """
        found = self._select("SELECT id, digest, run FROM document WHERE id IN", ids)
        return {id_: digest for id_, digest, before in found if before < run}

    def vanished(self, run: int) -> Iterator[str]:
        """Names of documents of earlier runs that the reading did not come by."""
        query = (
            "SELECT id FROM document WHERE id > ? AND run < ? AND id NOT IN (SELECT id FROM seen) "
            "AND id NOT IN (SELECT id FROM seen_rejected) ORDER BY id LIMIT ?"
        )
        last = ""
        while found := [id_ for (id_,) in self.db.execute(query, (last, run, PAGE))]:
            yield from found
            last = found[-1]

    def count(self) -> int:
        """How many documents are annotated, of all runs."""
        return int(self.db.execute("SELECT COUNT(*) FROM document").fetchone()[0])

    def _select(self, query: str, ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        marks = ", ".join("?" * len(ids))
        return self.db.execute(f"{query} ({marks})", tuple(ids))


def open_ledger(output: Path) -> Optional[Ledger]:
    """Open the ledger of an output that is there, to read.

    output (Path): The output's folder.
    RETURNS (Optional[Ledger]): The ledger; None if there is none.
    """
    return Ledger(output) if (output / NAME).is_file() else None
