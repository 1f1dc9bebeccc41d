"""What the files of a corpus hold and share. Counts and labels, no text."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, Optional

from spacy.tokens import Doc
from tqdm import tqdm

from ..corpora.docs import read_docs, require_spans
from ..errors import CorpusError
from ..files import atomic_write, resolve
from .counts import Counts, share
from .window import advise

REMEDY = "Give the key of the gold spans with --spans-key, or convert the corpus with its annotation."


@dataclass(frozen=True)
class Overlap:
    """What of a file stands in another one, too.

    file, other (str): The files.
    documents (int): The documents of `file` whose text `other` has.
    documents_share (Optional[float]): Their share of the file's documents.
    surfaces_share (Optional[float]): Of the file's pairs of label and text, each counted once, the share that
        `other` has. None without entities.
    entities_share (Optional[float]): The same of its entities, each counted.
    """

    file: str
    other: str
    documents: int
    documents_share: Optional[float]
    surfaces_share: Optional[float]
    entities_share: Optional[float]


@dataclass(frozen=True)
class CorpusStats:
    """What the files of a corpus hold.

    files (dict[str, Counts]): What each file holds, by its name, or its path where names are the same.
    together (Counts): What they hold together.
    overlaps (list[Overlap]): What each has in common with each other one.
    spans_key (str): The key of the entities in `doc.spans`.
    """

    files: dict[str, Counts]
    together: Counts
    overlaps: list[Overlap]
    spans_key: str

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The counts, without any text, ready for JSON."""
        return {
            "spans_key": self.spans_key,
            "files": [{"file": name, **counts.to_dict()} for name, counts in self.files.items()],
            "together": self.together.to_dict(),
            "overlaps": [vars(overlap) for overlap in self.overlaps],
            "advice": {
                mode: advise(self.together, mode).to_dict() if len(self.together.total) else None
                for mode in ("band", "prefix")
            },
        }


def count_files(paths: Sequence[Path], spans_key: str = "sc") -> CorpusStats:
    """Count what .spacy files hold.

    paths (Sequence[Path]): The files.
    spans_key (str): The key of the entities in `doc.spans`. A document without it is unlabelled.
    RETURNS (CorpusStats): The counts.
    RAISES (CorpusError): If a file can't be read, is given twice, is empty, or has no spans under the key.
    """
    given = Counter(map(resolve, paths))
    for path in paths:
        if given[resolve(path)] > 1:
            raise CorpusError(f"{path} is given twice. Give each file once.")
    names = [path.name for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    together = Counts()
    files = {}
    for name, path in zip(names, paths, strict=True):
        files[name] = Counts()
        for doc in _read(path, spans_key):
            files[name].add_doc(doc, spans_key)
            together.add_doc(doc, spans_key)
    overlaps = [_compare(files, *pair) for pair in permutations(files, 2)]
    return CorpusStats(files, together, overlaps, spans_key)


def _read(path: Path, spans_key: str) -> Iterable[Doc]:
    docs, _ = read_docs(path)
    if not docs:
        raise CorpusError(f"{path} holds no documents. Convert its corpus again, or leave the file out.")
    require_spans(docs, spans_key, path, REMEDY)
    bar: Iterable[Doc] = tqdm(docs, unit=" docs", delay=2, leave=False, disable=None)
    return bar


def _compare(files: dict[str, Counts], file: str, other: str) -> Overlap:
    counts = files[file]
    surfaces, known = counts.total.surfaces, files[other].total.surfaces.keys()
    documents = sum(n for text, n in counts.texts.items() if text in files[other].texts)
    return Overlap(
        file,
        other,
        documents,
        share(documents, counts.documents),
        share(len(surfaces.keys() & known), len(surfaces)),
        share(sum(n for surface, n in surfaces.items() if surface in known), surfaces.total()),
    )


def write_json(stats: CorpusStats, path: Path) -> None:
    """Write the counts as JSON.

    stats (CorpusStats): The counts.
    path (Path): The file.
    """
    text = json.dumps(stats.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
