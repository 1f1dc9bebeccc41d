"""Reading JSON lines and plain texts."""

import json
from collections.abc import Iterator
from typing import IO, Union

from ..encoding import show_encoding
from .reading import ArchiveFile, Reading, Rows, find_encoding
from .rows import Place, Reject, Row, make_row

# The most bytes of a line beside its text, and of a character, which JSON may escape
BESIDE_TEXT = 1 << 20
BYTES_A_CHARACTER = 6


def read_json_lines(file: ArchiveFile, reading: Reading) -> Rows:
    """Read a file with a JSON object a line. A line that is none costs itself alone.

    file (ArchiveFile): The file.
    reading (Reading): How.
    YIELDS (Union[Row, Reject]): A document, or why there is none.
    """
    encoding = find_encoding(file, reading)
    # The mark that a file may begin with is on no later line, and to look for it takes longer than to decode
    later = encoding.removesuffix("-sig")
    with file.open(reading.tally) as (lines, tell):
        limit = BESIDE_TEXT + BYTES_A_CHARACTER * reading.max_length
        for number, line in enumerate(_read_lines(lines, limit), 1):
            tell()
            place = file.place(f"line {number}")
            if len(line) > limit:
                yield Reject(place, f"a line of more than {limit:,} bytes (--max-length)")
                continue
            try:
                decoded = line.decode(encoding if number == 1 else later)
            except UnicodeDecodeError:
                yield Reject(place, _not_in(encoding))
                continue
            if decoded.strip():
                yield _make_row(decoded, place, reading)


def read_plain(file: ArchiveFile, reading: Reading) -> Rows:
    """Read a file that is one document, whose name is the file's.

    file (ArchiveFile): The file.
    reading (Reading): How.
    YIELDS (Union[Row, Reject]): The document, or why there is none.
    """
    limit = 4 * reading.max_length
    encoding = find_encoding(file, reading)
    with file.open(reading.tally) as (content, _):
        data = content.read(limit + 1)
    if len(data) > limit:
        yield Reject(file.place(), f"more than {reading.max_length:,} characters (--max-length)", file.name)
        return
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        yield Reject(file.place(), _not_in(encoding), file.name)
        return
    columns = reading.columns
    yield make_row({columns.id: file.name, columns.text: text}, file.place(), columns, reading.max_length)


def _not_in(encoding: str) -> str:
    return f"not in {show_encoding(encoding)} (--encoding)"


def _make_row(line: str, place: Place, reading: Reading) -> Union[Row, Reject]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as err:
        return Reject(place, f"no valid JSON ({err.msg.removesuffix(' at')})")
    except RecursionError:
        return Reject(place, "no JSON that can be read: lists or objects lie too deep in one another")
    except ValueError:
        return Reject(place, "no JSON that can be read: a number has too many digits")
    if not isinstance(record, dict):
        return Reject(place, "no JSON object")
    return make_row(record, place, reading.columns, reading.max_length)


def _read_lines(file: IO[bytes], limit: int) -> Iterator[bytes]:
    """Lines of any length, of which no more is kept than one byte over the limit."""
    while line := file.readline(limit + 1):
        rest = line
        while len(rest) > limit and not rest.endswith(b"\n"):
            rest = file.readline(limit + 1)
        yield line
