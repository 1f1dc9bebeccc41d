"""An archive: files and folders, or a database's answer."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Optional

from ..corpora.paths import check_inputs
from ..entities import writable
from ..errors import ArchiveError
from ..files import resolve
from .lines import read_json_lines, read_plain
from .reading import ArchiveFile, Reading, Rows, Tally, read_all
from .rows import Reject
from .tables import hide_password, read_csv, read_parquet, read_sql

READERS: dict[str, Callable[[ArchiveFile, Reading], Rows]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_csv,
    ".tsv": partial(read_csv, delimiter="\t"),
    ".parquet": read_parquet,
    ".txt": read_plain,
}


@dataclass(frozen=True)
class Archive:
    """What is annotated.

    inputs (Tuple[Path, ...]): Files and folders.
    sql (Optional[str]): A database's URL, in their place.
    query (Optional[str]): What to ask it for.
    """

    inputs: tuple[Path, ...] = ()
    sql: Optional[str] = None
    query: Optional[str] = None

    def check(self) -> None:
        """Refuse what can't be read before anything is.

        RAISES (ArchiveError): If an input is not there or of no kind that is read, or there is none; or if
            there are both inputs and a database.
        RAISES (CorpusError): If an input is given twice.
        """
        if (self.sql is None) != (self.query is None):
            raise ArchiveError("A database takes both --sql, its URL, and --query, what to ask it for.")
        if bool(self.inputs) == (self.sql is not None):
            raise ArchiveError("Give files or folders, or a database by --sql and --query.")
        if self.sql is not None:
            hide_password(self.sql)
            return
        check_inputs(self.inputs)
        for path in self.inputs:
            if not path.exists():
                raise ArchiveError(f"{path} is not there. Check the path.")
            if path.is_file() and ArchiveFile(path, path.name).kind not in READERS:
                raise ArchiveError(
                    f"{path} is of no kind that is read: {', '.join(READERS)}, each perhaps with .gz, .bz2 "
                    "or .xz."
                )
        if not any(True for _ in self.files()):
            raise ArchiveError(
                f"There is nothing to read in {', '.join(map(str, self.inputs))}: no {', '.join(READERS)}."
            )

    def files(self) -> Iterator[ArchiveFile]:
        """The files, in a fixed order. Hidden ones and those of other kinds are left out of folders.

        RAISES (ArchiveError): If a folder can't be listed.
        """
        for path in self.inputs:
            if not path.is_dir():
                yield ArchiveFile(path, writable(path.name))
                continue
            for folder, names, _ in _walk(path):
                found = (_name_from(path, folder / name) for name in names)
                yield from (file for file in found if file.kind in READERS)

    def places(self) -> Iterator[Path]:
        """The files, and the folders that they are in."""
        for path in self.inputs:
            if path.is_dir():
                yield from (folder for folder, _, _ in _walk(path))
            else:
                yield path.absolute().parent
        yield from (file.path for file in self.files())

    def links(self) -> Iterator[ArchiveFile]:
        """Links in folders to folders that are not read: links are not followed."""
        read = {resolve(path) for path in self.inputs}
        for path in self.inputs:
            if path.is_dir():
                for folder, _, names in _walk(path):
                    for name in names:
                        target = resolve(folder / name)
                        if read.isdisjoint((target, *target.parents)):
                            yield _name_from(path, folder / name)

    def describe(self) -> dict[str, Any]:
        """What tells it from other archives, without a password."""
        if self.sql is not None:
            return {"sql": hide_password(self.sql), "query": self.query}
        return {"inputs": [writable(str(resolve(path))) for path in self.inputs]}

    def fingerprint(self) -> Optional[list[tuple[str, int, int]]]:
        """What tells whether it changed: name, bytes and time of change of each file; None of a database."""
        if self.sql is not None:
            return None
        return [(file.name, *file.version()) for file in self.files()]

    def rows(self, reading: Reading) -> Rows:
        """Read it.

        reading (Reading): How.
        YIELDS (Union[Row, Reject]): A document, or why there is none.
        """
        if self.sql is not None and self.query is not None:
            return read_sql(self.sql, self.query, reading)
        links = (
            Reject(file.place(), "a link to a folder, which is not followed: give that folder too")
            for file in self.links()
        )
        read = (read_all(file, READERS[file.kind](file, reading), reading.tally) for file in self.files())
        return chain(links, chain.from_iterable(read))

    def tally(self) -> Tally:
        """How much there is to read."""
        if self.sql is not None:
            return Tally()
        return Tally(sum(file.version()[0] for file in self.files()))


def _walk(path: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """The folders in a folder, each with its files and its links to folders, in a fixed order, and nothing
    hidden.
    """
    for folder, folders, names in os.walk(path, onerror=_refuse):
        own, visible = Path(folder), sorted(name for name in folders if not name.startswith("."))
        links = [name for name in visible if (own / name).is_symlink()]
        folders[:] = [name for name in visible if name not in links]
        yield own, sorted(name for name in names if not name.startswith(".")), links


def _refuse(err: OSError) -> None:
    raise ArchiveError(
        f"{err.filename} can't be listed ({type(err).__name__}), and its documents would be taken for gone. "
        "Make it readable, or leave its folder out."
    )


def _name_from(path: Path, own: Path) -> ArchiveFile:
    return ArchiveFile(own, writable(own.relative_to(path).as_posix()))
