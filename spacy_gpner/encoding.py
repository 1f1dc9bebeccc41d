"""In which encoding a file's text is."""

import codecs
import lzma
import zlib
from contextlib import suppress
from typing import IO, Any

from charset_normalizer import from_bytes

from .errors import ArchiveError

# What is looked at of a file
SAMPLE = 1 << 18
# The most bytes of a character in the encodings below
LONGEST = 4
# Of Western Europe. Text of other single bytes, such as cp1250, is read in it without an error
SINGLE_BYTES = "cp1252"
# What Chinese hospitals have, the commonest first, and single bytes for Western names
CANDIDATES = ["gb18030", "big5", SINGLE_BYTES]
# What is raised where a packed file was cut short or damaged
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError)
# With or without the mark that Windows begins a file with
UTF8 = "utf-8-sig"
MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def check_encoding(name: str) -> str:
    """Refuse an encoding that there is not, or whose lines are not told by the byte of a line feed.

    name (str): The encoding.
    RETURNS (str): The encoding to read with: of UTF-8 the one that leaves out a byte-order mark.
    RAISES (ArchiveError): If it is refused.
    """
    try:
        if codecs.lookup(name).name in ("utf-8", UTF8):
            return UTF8
        is_plain = '\n{,"'.encode(name) == b'\n{,"'
    except (LookupError, ValueError):
        raise ArchiveError(f"There is no encoding '{name}'. Give another, such as gb18030.") from None
    if not is_plain:
        raise ArchiveError(f"Files in {name} can't be read in lines. Convert them first, with iconv, say.")
    return name


def guess_encoding(file: IO[bytes]) -> str:
    """Find the encoding of a file's text: UTF-8 if its beginning is that, or else the likeliest.

    file (IO[bytes]): The file, at its beginning.
    RETURNS (str): The encoding's name.
    RAISES (UnicodeError): If it can't be told, or is one that has to be converted first.
    """
    sample = _read_sample(file)
    for mark, name in MARKS.items():
        if sample.startswith(mark):
            raise UnicodeError(f"it is in {name}. Convert it first: iconv -f {name} -t UTF-8")
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample)
        return UTF8
    except UnicodeDecodeError:
        pass
    # A few bad lines do not make a file of UTF-8 one of another encoding
    lines = [line for line in sample.splitlines()[:-1] if not line.isascii()]
    if lines and 2 * sum(map(_is_utf8, lines)) > len(lines):
        return UTF8
    # A part that ends inside a character can't be decoded
    for end in range(len(sample), len(sample) - (LONGEST if len(sample) >= SAMPLE else 1), -1):
        found = from_bytes(sample[:end], cp_isolation=CANDIDATES, enable_fallback=False).best()
        if found is not None:
            return found.encoding
    raise UnicodeError("its encoding can't be told. Name it with --encoding")


def show_encoding(encoding: str) -> str:
    """An encoding's name as users know it.

    encoding (str): The encoding to read with.
    RETURNS (str): Its name.
    """
    return "UTF-8" if encoding == UTF8 else encoding


def show_guess(name: str, encoding: str) -> str:
    """Say in which encoding a file is read that is not UTF-8, and that this is a guess.

    name (str): What the file is called.
    encoding (str): The encoding.
    RETURNS (str): What a user should know.
    """
    return (
        f"{name} is not in UTF-8, and is read in {encoding}, as files like it are. Is it in "
        f"another{doubt_guess(encoding)}? Give --encoding."
    )


def doubt_guess(encoding: str) -> str:
    """Name what a guess may be wrong for.

    encoding (str): The encoding that was guessed.
    RETURNS (str): Others that can't be told from it, with a comma before; empty if there are none.
    """
    return ", such as cp1250 for Polish or Czech" if encoding == SINGLE_BYTES else ""


def _read_sample(file: Any) -> bytes:
    """A file's beginning, or what there is of it where it is damaged."""
    sample = b""
    with suppress(*DAMAGED):
        while len(sample) < SAMPLE and (part := file.read1(SAMPLE)):
            sample += part
    return sample


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
