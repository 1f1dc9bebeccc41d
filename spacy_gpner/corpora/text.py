"""Reading text and JSON, with errors that say where and what to do."""

import codecs
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import IO, Any

from ..encoding import UTF8, doubt_guess, guess_encoding
from ..errors import CorpusError
from .records import Problem, Report, Source

# UTF-32 first: its little-endian mark begins with that of UTF-16
OTHER_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
# How files begin that are given in place of a text, what they are, and the way out
OTHER_FILES = {
    b"\x1f\x8b": "compressed by gzip. Unpack it first: gunzip -k {}",
    b"BZh91AY&SY": "compressed by bzip2. Unpack it first: bunzip2 -k {}",
    b"\xfd7zXZ\0": "compressed by xz. Unpack it first: unxz -k {}",
    b"PK\x03\x04": "a zip archive, or an Office document. Unpack it, or save its text, first",
    b"%PDF-": "a PDF. Save its text first",
    # zlib at its default level, which a DocBin is written with
    b"\x78\x9c": "a .spacy file, which needs no conversion: give it to `spacy train` as it is",
}

# Longer than any identifier, and short enough for Python to parse
MAX_DIGITS = 1000
MAX_INT = 10**MAX_DIGITS
LINE_END = re.compile(r"\r*\n|\r")
INTEGER = re.compile(r"-?[0-9]+")


class JsonObject(dict[str, Any]):
    """A JSON object that keeps what its repeated keys held: the last value of a key is its value.

    overwritten (list[tuple[str, Any]]): The keys that are given again further on, with their earlier values.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.overwritten: list[tuple[str, Any]] = []
        if len(self) < len(pairs):
            last = {key: place for place, (key, _) in enumerate(pairs)}
            self.overwritten = [pair for place, pair in enumerate(pairs) if last[pair[0]] != place]


def read_text(path: Path) -> str:
    """Read a UTF-8 file, without a byte-order mark if it has one, and with its line ends as they are.

    path (Path): The file.
    RETURNS (str): The text.
    RAISES (CorpusError): If the file can't be read or is not UTF-8.
    """
    if path.is_dir():
        raise CorpusError(f"{path} is a directory. Give the file itself.")
    try:
        data = path.read_bytes()
    except OSError as err:
        raise CorpusError(f"Can't read {path}: {err.strerror}. Check it, and who may read it.") from None
    check_is_text(data, path)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as err:
        if b"\0" in data:
            raise not_text(path) from None
        raise not_utf8(path, f"byte {err.start}", io.BytesIO(data)) from None


def check_is_text(data: bytes, path: Path) -> None:
    """Refuse what begins as no text does, or as one of another encoding than UTF-8.

    data (bytes): What the file begins with.
    path (Path): The file.
    RAISES (CorpusError): If it is refused.
    """
    for mark, remedy in OTHER_FILES.items():
        if data.startswith(mark):
            raise CorpusError(f"{path} is no text, but seems to be {remedy.format(quote(str(path)))}.")
    encoding = _foreign_encoding(data)
    if encoding is not None:
        raise CorpusError(
            f"{path} is in {encoding}, not in UTF-8. Convert it first: {_iconv(encoding, path)}"
        )


def not_text(path: Path) -> CorpusError:
    """Say that a file holds bytes that no text does.

    path (Path): The file.
    RETURNS (CorpusError): The error.
    """
    return CorpusError(f"{path} is no text, but a binary file. Give the corpus's text or JSON.")


def not_utf8(path: Path, place: str, content: IO[bytes]) -> CorpusError:
    """Say that a file is not in UTF-8, and what it seems to be in.

    path (Path): The file.
    place (str): Where in it.
    content (IO[bytes]): What it holds, unpacked, at its beginning.
    RETURNS (CorpusError): The error.
    """
    try:
        found = guess_encoding(content)
    except UnicodeError:
        remedy = "Convert it first, with iconv, from the encoding that it is in."
    else:
        doubt = f", or in another{doubt}" if (doubt := doubt_guess(found)) else ""
        remedy = f"It seems to be in {found}{doubt}. Convert it first: {_iconv(found.upper(), path)}"
        if found == UTF8:
            remedy = "Most of its beginning is. Mend it there, or convert it from the encoding that it is in."
    return CorpusError(f"{path} is not valid UTF-8: see {place}. {remedy}")


def _iconv(encoding: str, path: Path) -> str:
    new = path.with_name(f"new-{path.name}")
    return f"iconv -f {encoding} -t UTF-8 {quote(str(path))} > {quote(str(new))}"


def _foreign_encoding(data: bytes) -> str | None:
    for mark, encoding in OTHER_ENCODINGS.items():
        if data.startswith(mark):
            return encoding
    if data.startswith(codecs.BOM_UTF8):
        return None
    head = data[:4096]
    if len(head) >= 4 and head.count(0) > 0.3 * len(head):
        return "UTF-16LE" if head[1::2].count(0) >= head[::2].count(0) else "UTF-16BE"
    return None


def split_lines(text: str) -> list[str]:
    """Split a text in lines, whatever ends them: a line feed, a carriage return or both. A byte-order mark
    before a line, as joined files have it, is left out.

    text (str): The text.
    RETURNS (list[str]): The lines, without their ends.
    """
    return [line.removeprefix("\ufeff") for line in LINE_END.split(text)]


def read_json_array(path: Path) -> Iterator[tuple[Source, Any]]:
    """Read a JSON file that is one array.

    path (Path): The file.
    YIELDS (tuple[Source, Any]): Where the element stands, and the element. Its objects are `JsonObject`s.
    RAISES (CorpusError): If the file can't be read, is not JSON or not an array.
    """
    return _array_values(path, read_text(path))


def _array_values(path: Path, text: str) -> Iterator[tuple[Source, Any]]:
    if not text.strip():
        raise CorpusError(f"{path} is empty. Expected a JSON array of records; one without records is [].")
    try:
        records = _parse_json(text)
    except json.JSONDecodeError as err:
        hint = " It looks like JSON lines: is this another format?" if err.msg == "Extra data" else ""
        what = err.msg.removesuffix(" at")
        raise CorpusError(
            f"{path} is not valid JSON: {what} at line {err.lineno}, column {err.colno}.{hint}"
        ) from None
    except ValueError as err:
        raise CorpusError(f"{path} is not usable JSON: {err}.") from None
    if not isinstance(records, list):
        raise CorpusError(f"{path} holds a JSON {_json_type(records)}. Expected an array of records.")
    for number, value in enumerate(records, 1):
        yield Source(str(path), f"record {number}"), value


def read_json_lines(path: Path, report: Report) -> Iterator[tuple[Source, Any]]:
    """Read a file with one JSON value a line. A line that is not JSON is reported, and costs itself alone.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (tuple[Source, Any]): Where the value stands, and the value. Its objects are `JsonObject`s.
    RAISES (CorpusError): If the file can't be read.
    """
    return _line_values(path, read_text(path), report)


def _line_values(path: Path, text: str, report: Report) -> Iterator[tuple[Source, Any]]:
    if not text.strip():
        raise CorpusError(f"{path} is empty. Expected one JSON record a line.")
    for number, line in enumerate(split_lines(text), 1):
        if not line.strip():
            continue
        source = Source(str(path), f"line {number}")
        try:
            value = _parse_json(line)
        except json.JSONDecodeError as err:
            report(
                Problem(
                    "bad_record",
                    source,
                    detail=f"not valid JSON: {err.msg.removesuffix(' at')} at column {err.colno}",
                )
            )
        except ValueError as err:
            report(Problem("bad_record", source, detail=f"not usable JSON: {err}"))
        else:
            yield source, value


def read_json_values(path: Path, report: Report) -> Iterator[tuple[Source, Any]]:
    """Read a JSON file that is one array, or has one value a line: the first bracket tells.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (tuple[Source, Any]): Where the value stands, and the value. Its objects are `JsonObject`s.
    RAISES (CorpusError): If the file can't be read, or begins as an array and is none.
    """
    text = read_text(path)
    if text.lstrip().startswith("["):
        return _array_values(path, text)
    return _line_values(path, text, report)


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_int=parse_int, object_pairs_hook=JsonObject)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_int(digits: str) -> int:
    """Parse a corpus's integer, of any length.

    digits (str): The digits, after a minus or not.
    RETURNS (int): The integer, or the nearest of `-MAX_INT` and `MAX_INT`, which no text is as long as.
    """
    if len(digits) > MAX_DIGITS:
        return -MAX_INT if digits.startswith("-") else MAX_INT
    return int(digits)


def parse_offset(value: str) -> int | str:
    """Parse an offset of a format of lines.

    value (str): What stands in its place.
    RETURNS (int | str): The offset, or the value as it is if it is no integer.
    """
    return parse_int(value) if INTEGER.fullmatch(value) else value


def _json_type(value: Any) -> str:
    names = {JsonObject: "object", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
