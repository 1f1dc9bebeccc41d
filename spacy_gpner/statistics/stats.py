"""What the files of a corpus hold and share, and which window suits them. Counts and labels, no text."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, permutations
from pathlib import Path
from typing import Any, Optional

from spacy.tokens import Doc
from tqdm import tqdm

from ..corpora.docs import read_docs, require_spans
from ..errors import CorpusError
from ..files import atomic_write, resolve
from ..spans import Window
from ..spans.tiles import WindowMode
from .counts import WIDTHS, Counts, Document, Entities, Found, count_docs, share

# A window is advised that keeps so much of the gold
KEEP = 0.995
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
                mode: vars(advise(self.together, mode)) if len(self.together.total) else None
                for mode in ("band", "prefix")
            },
        }


@dataclass(frozen=True)
class Advice:
    """A window for a corpus.

    width (Optional[int]): The smallest of `WIDTHS` that keeps 99.5 % of the entities. None where none does.
    kept_share (Optional[float]): The share of the entities that it keeps.
    lost (dict[str, int]): How many entities of each label it loses, most first.
    every_label (Optional[int]): The smallest that keeps 99.5 % of each label's entities.
    """

    width: Optional[int]
    kept_share: Optional[float]
    lost: dict[str, int]
    every_label: Optional[int]


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
    docs = {name: _read(path, spans_key) for name, path in zip(names, paths, strict=True)}
    files = {name: count_docs(part) for name, part in docs.items()}
    together = count_docs(chain.from_iterable(docs.values()))
    overlaps = [_compare(files, *pair) for pair in permutations(files, 2)]
    return CorpusStats(files, together, overlaps, spans_key)


def _read(path: Path, spans_key: str) -> list[Document]:
    docs, _ = read_docs(path)
    if not docs:
        raise CorpusError(f"{path} holds no documents. Convert its corpus again, or leave the file out.")
    require_spans(docs, spans_key, path, REMEDY)
    bar = tqdm(docs, unit=" docs", delay=2, leave=False, disable=None)
    return [Document(doc.text, len(doc), _find_entities(doc, spans_key)) for doc in bar]


def _find_entities(doc: Doc, spans_key: str) -> Optional[list[Found]]:
    if spans_key not in doc.spans:
        return None
    return [Found(span.start, span.end, span.label_, span.text) for span in doc.spans[spans_key]]


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


def advise(counts: Counts, mode: WindowMode) -> Advice:
    """Find the smallest window that keeps nearly all entities.

    counts (Counts): What the corpus holds.
    mode (str): "band" or "prefix".
    RETURNS (Advice): The window, and what it costs.
    """
    width, every_label = (
        next((w for w in WIDTHS if all(_suits(Window(w, mode), x) for x in groups)), None)
        for groups in ([counts.total], counts.labels.values())
    )
    window = Window(width, mode)
    lost = Counter({label: len(own) - own.held(window) for label, own in counts.labels.items()})
    kept = share(counts.total.held(window), len(counts.total))
    return Advice(width, kept, {label: n for label, n in lost.most_common() if n}, every_label)


def _suits(window: Window, entities: Entities) -> bool:
    return entities.held(window) >= KEEP * len(entities)


def write_json(stats: CorpusStats, path: Path) -> None:
    """Write the counts as JSON.

    stats (CorpusStats): The counts.
    path (Path): The file.
    """
    text = json.dumps(stats.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")
