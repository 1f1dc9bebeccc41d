"""The texts of files, each once, without those of a dev or test set."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..corpora.docs import read_docs
from ..corpora.records import Problem
from ..corpora.text import read_json_lines, read_text, split_lines
from ..errors import CorpusError

# A longer text is taken as several, so that of an endless line, too, a part can be held out
MAX_CHARS = 10_000
PACKED = ".gz"
DIGEST_SIZE = 16


@dataclass
class FileCount:
    """What became of the texts of a file.

    file (str): The file's name.
    texts (int): The texts that it holds.
    duplicates (int): Those dropped, as an earlier text is the same.
    left_out (int): Those left out, as they occur in a file that was given for that.
    """

    file: str
    texts: int = 0
    duplicates: int = 0
    left_out: int = 0


@dataclass
class Texts:
    """Texts to learn from, and such as are held out.

    learned (List[str]): Those to learn from.
    held_out (List[str]): Those held out.
    counts (List[FileCount]): What became of each file's.
    digest (str): What tells these texts from others.
    """

    learned: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)
    counts: list[FileCount] = field(default_factory=list)
    digest: str = ""

    def to_json(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): Counts and digest, without any text."""
        return {"files": [asdict(count) for count in self.counts], "digest": self.digest}


def read_texts(paths: Sequence[Path], without: Sequence[Path] = (), *, share: float = 0.0) -> Texts:
    """Read texts. White space at their edges doesn't count.

    paths (Sequence[Path]): Files with a text a line (.txt), JSON lines with "text" (.jsonl), both also packed
        by gzip (.gz), or DocBins (.spacy).
    without (Sequence[Path]): Such files, whose texts are left out.
    share (float): How many to hold out; which, their hashes tell. At least one, unless it is 0.
    RETURNS (Texts): The texts.
    RAISES (CorpusError): If a file can't be read or holds no text, or too few texts are left.
    """
    unwanted = {_digest(text) for path in without for text in _read_file(path)}
    seen: dict[bytes, str] = {}
    found = Texts()
    for path in paths:
        count = FileCount(path.name)
        for text in _read_file(path):
            count.texts += 1
            key = _digest(text)
            if key in unwanted:
                count.left_out += 1
            elif key in seen:
                count.duplicates += 1
            else:
                seen[key] = text
        found.counts.append(count)
    if not seen:
        raise CorpusError("No text is left: all occur in the files given with --without. Give more text.")
    found.digest = hashlib.blake2b(b"".join(seen), digest_size=DIGEST_SIZE).hexdigest()
    parts = (text[i : i + MAX_CHARS] for text in seen.values() for i in range(0, len(text), MAX_CHARS))
    stretches = list(dict.fromkeys(parts))
    if share:
        _hold_out(found, stretches, share)
    else:
        found.learned = stretches
    return found


def _hold_out(found: Texts, stretches: list[str], share: float) -> None:
    if len(stretches) < 2:
        raise CorpusError("There is one text only, and another is needed to hold out. Give more text.")
    places = [int.from_bytes(_digest(text)) / 256**DIGEST_SIZE for text in stretches]
    # At least one on either side
    ordered = sorted(places)
    limit = min(max(share, ordered[1]), ordered[-1])
    for text, place in zip(stretches, places, strict=True):
        (found.held_out if place < limit else found.learned).append(text)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=DIGEST_SIZE).digest()


def _read_file(path: Path) -> Iterator[str]:
    """The texts of a file that are not blank, as far as they are legal Unicode."""
    packed = path.suffix == PACKED
    suffix = Path(path.stem).suffix if packed else path.suffix
    if suffix not in READERS or (packed and suffix == ".spacy"):
        raise CorpusError(
            f"{path} has no suffix that is known. Give .txt with a text a line, .jsonl with a "
            '{"text": "…"} a line, either of them also with .gz, or .spacy.'
        )
    is_empty = True
    for text in READERS[suffix](path):
        stripped = text.encode("utf-8", "replace").decode().strip()
        if stripped:
            is_empty = False
            yield stripped
    if is_empty:
        raise CorpusError(f"{path} holds no text. Leave it out, or check that it was written whole.")


def _read_lines(path: Path) -> Iterator[str]:
    text = read_text(path, unpack=True)
    if "\0" in text:
        raise CorpusError(f"{path} is no text, but a binary file. Give a file with a text a line.")
    yield from split_lines(text)


def _read_json(path: Path) -> Iterator[str]:
    for source, record in read_json_lines(path, _refuse, unpack=True):
        text = record.get("text") if isinstance(record, dict) else None
        if not isinstance(text, str):
            _refuse(Problem("bad_record", source, detail='there is no string under "text"'))
        yield text


def _refuse(problem: Problem) -> NoReturn:
    raise CorpusError(f'{problem.sentence()} Expected a {{"text": "…"}} a line: mend it, or take it out.')


def _read_doc_bin(path: Path) -> Iterator[str]:
    docs, _ = read_docs(path)
    return (doc.text for doc in docs)


READERS = {".txt": _read_lines, ".jsonl": _read_json, ".spacy": _read_doc_bin}
