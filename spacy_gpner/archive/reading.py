"""What all readers of an archive share."""

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, Optional, Union

from ..encoding import DAMAGED, UTF8, guess_encoding, show_guess
from ..entities import writable
from .rows import Columns, Place, Reject, Row

Rows = Iterator[Union[Row, Reject]]
PACKERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


class UnreadError(Exception):
    """A file can't be read, or no further. The message is the reason."""


@dataclass
class Tally:
    """How far a reading has come.

    total (Optional[int]): Bytes of all files; None of a database.
    done (int): Bytes that were read.
    """

    total: Optional[int] = None
    done: int = 0


@dataclass(frozen=True)
class Reading:
    """How rows are read.

    columns (Columns): The columns to read.
    max_length (int): The longest text, in characters.
    encoding (Optional[str]): That of all text files; None to look at each.
    tally (Tally): Where to say how far it has come.
    encodings (Dict[str, int]): How many files are in which encoding, of those read so far.
    say (Callable[[str], None]): Called with what a user should know.
    """

    columns: Columns
    max_length: int
    encoding: Optional[str] = None
    tally: Tally = field(default_factory=Tally)
    encodings: dict[str, int] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _: None


@dataclass(frozen=True)
class ArchiveFile:
    """A file of an archive.

    path (Path): The file.
    name (str): What it is called: its path in the folder that was given, or its name.
    """

    path: Path
    name: str

    @property
    def kind(self) -> str:
        """Its suffix, in lower case, without that of a packer."""
        suffixes = [suffix.lower() for suffix in self.path.suffixes]
        if suffixes and suffixes[-1] in PACKERS:
            suffixes.pop()
        return suffixes[-1] if suffixes else ""

    def version(self) -> tuple[int, int]:
        """Its bytes, packed, and when it changed; zeros if it is gone."""
        try:
            stat = self.path.stat()
        except OSError:
            return 0, 0
        return stat.st_size, stat.st_mtime_ns

    @cached_property
    def shown(self) -> str:
        """Its whole path, as it can be written: files of several inputs may have the same name."""
        return writable(str(self.path.absolute()))

    def place(self, position: str = "") -> Place:
        """A place in it."""
        return Place(self.shown, position)

    @contextmanager
    def open(self, tally: Tally) -> Iterator[tuple[IO[bytes], Callable[[], None]]]:
        """Open it to read.

        tally (Tally): Where to say how far the reading has come.
        YIELDS (Tuple[IO[bytes], Callable]): The file, unpacked, and what is called now and then to tell.
        """
        packer, before = PACKERS.get(self.path.suffix.lower()), tally.done
        with self.path.open("rb") as raw:

            def tell() -> None:
                tally.done = before + raw.tell()

            if packer is None:
                yield raw, tell
            else:
                with packer(raw) as file:
                    yield file, tell


def find_encoding(file: ArchiveFile, reading: Reading) -> str:
    """Find the encoding of a file's text, and count it. Of each that is guessed, and is not UTF-8, it is told
    once.

    file (ArchiveFile): The file.
    reading (Reading): How it is read.
    RETURNS (str): The encoding.
    RAISES (UnreadError): If it can't be told.
    """
    encoding = reading.encoding
    if encoding is None:
        # Opened for this alone: what unpacks a damaged file says so once, and not where it is read again
        with file.open(Tally()) as (content, _):
            try:
                encoding = guess_encoding(content)
            except UnicodeError as err:
                raise UnreadError(str(err)) from None
        if encoding != UTF8 and encoding not in reading.encodings:
            reading.say(show_guess(file.shown, encoding))
    reading.encodings[encoding] = reading.encodings.get(encoding, 0) + 1
    return encoding


def read_all(file: ArchiveFile, rows: Rows, tally: Tally) -> Rows:
    """Read a file as far as it goes: what is the matter with it costs what is left of it, and no other file.

    file (ArchiveFile): The file.
    rows (Iterator[Union[Row, Reject]]): What is read of it.
    tally (Tally): Where to say that it is done.
    YIELDS (Union[Row, Reject]): A document, or why there is none.
    """
    last, end = "", tally.done + file.version()[0]
    try:
        for row in rows:
            last = row.place.position
            yield row
        tally.done = end
        return
    except UnreadError as err:
        reason = str(err)
    except FileNotFoundError:
        reason = "it is gone, or a link to nothing"
    except PermissionError:
        reason = "it can't be opened: make it readable"
    except DAMAGED as err:
        reason = f"the rest can't be read: cut short or damaged ({type(err).__name__})"
    tally.done = end
    yield Reject(file.place(f"after {last}" if last else ""), reason, unread=True)
