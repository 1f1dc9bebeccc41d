"""Texts without annotation, as files have them: a text a line, JSON lines, or documents."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CorpusError
from .docs import read_docs
from .records import Source
from .text import check_is_text, not_text, not_utf8

# Bytes that tell what a file is
HEAD = 4096


def read_texts(path: Path) -> Iterator[str]:
    """Read the texts of a file: a text a line (.txt), JSON lines with the text under "text" (.jsonl), both
    also packed (.gz), or documents (.spacy). Texts of spaces alone are left out. Of lines, one at a time is
    in memory.

    path (Path): The file.
    YIELDS (str): The texts.
    RAISES (CorpusError): If the file is of another kind, can't be read, is damaged, or holds no text.
    """
    kind = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if path.suffix == ".spacy":
        texts = (doc.text for doc in read_docs(path)[0])
    elif kind == ".txt":
        texts = (line for _, line in _read_lines(path))
    elif kind == ".jsonl":
        texts = (_parse(line, source) for source, line in _read_lines(path) if line.strip())
    else:
        raise CorpusError(f"{path} is no .txt, .jsonl, .txt.gz, .jsonl.gz or .spacy. Give one of these.")
    is_empty = True
    for text in texts:
        if text.strip():
            is_empty = False
            yield text
    if is_empty:
        raise CorpusError(f"{path} holds no text. Give a file that does.")


def _read_lines(path: Path) -> Iterator[tuple[Source, str]]:
    if path.is_dir():
        raise CorpusError(f"{path} is a directory. Give the file itself.")
    if path.exists() and not path.is_file():
        raise CorpusError(f"{path} is no file that can be read twice. Write it to one first.")
    number = 0
    try:
        with _open(path) as file:
            head = file.read(HEAD)
            check_is_text(head, path)
            if b"\0" in head:
                raise not_text(path)
            file.seek(0)
            for number, line in enumerate(io.TextIOWrapper(file, "utf-8-sig"), 1):
                yield Source(str(path), f"line {number}"), line.removesuffix("\n")
    except UnicodeDecodeError:
        with _open(path) as file:
            raise not_utf8(path, f"what follows line {number}", file) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise CorpusError(f"{path} is not packed by gzip, or is damaged. Pack or copy it again.") from None
    except OSError as err:
        raise CorpusError(f"Can't read {path}: {err.strerror}. Check it, and who may read it.") from None


def _open(path: Path) -> Any:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _parse(line: str, source: Source) -> str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as err:
        reason = err.msg if isinstance(err, json.JSONDecodeError) else type(err).__name__
        raise CorpusError(
            f"{source} is not valid JSON ({reason}). Give one object a line, or a .txt with one text a line."
        ) from None
    text = record.get("text") if isinstance(record, dict) else None
    if not isinstance(text, str):
        raise CorpusError(f'{source} is no JSON object with a string under "text". Give each line one.')
    return text
