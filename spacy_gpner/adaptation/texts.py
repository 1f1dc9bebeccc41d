"""The texts of files, each once, without those of a dev or test set."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..corpora.raw_text import read_texts as read_raw_texts
from ..errors import CorpusError

# A longer text is taken as several, so that of an endless line, too, a part can be held out
MAX_CHARS = 10_000
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
    """The texts of a file, as far as they are legal Unicode."""
    return (text.encode("utf-8", "replace").decode().strip() for text in read_raw_texts(path))
