"""What a vocabulary makes of texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from pathlib import Path

import numpy

from ..corpora.raw_text import read_texts
from ..models.transformers.pieces import Pieces, PieceTokenizer
from .pieces import Vocabulary
from .scripts import is_visible, script_of

# Characters that are cut at once, and the longest stretch of a text, with what is read on behind it: a
# tokenizer takes some 600 bytes for each
BATCH_SIZE, STRETCH, OVERLAP = 200_000, 100_000, 1000
# Texts are cut whole: a window's size does not matter here.
WINDOW = 512


@dataclass
class Survey:
    """What a vocabulary makes of texts.

    used (Set[int]): The numbers of the pieces that they are cut into.
    n_pieces (int): How many pieces they have.
    characters (Counter[str]): Their characters.
    unknown (Counter[str]): Those in no piece, or in the one for what is unknown.
    """

    used: set[int] = field(default_factory=set)
    n_pieces: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def scripts(self) -> Counter[str]:
        """How many characters are of each script."""
        return _by_script(self.characters)

    @property
    def unknown_scripts(self) -> Counter[str]:
        """How many unknown characters are of each script."""
        return _by_script(self.unknown)


def survey(vocabulary: Vocabulary, paths: Sequence[Path]) -> Survey:
    """See what a vocabulary makes of texts.

    vocabulary (Vocabulary): The vocabulary.
    paths (Sequence[Path]): The files of the texts.
    RETURNS (Survey): What was seen.
    RAISES (CorpusError): If a file can't be read, or holds no text.
    """
    tokenizer = PieceTokenizer(vocabulary.json, WINDOW, WINDOW)
    found = Survey()
    for texts in _batches(chain.from_iterable(map(read_texts, paths))):
        for text, pieces in zip(texts, tokenizer.cut(texts), strict=True):
            found.used.update(pieces.ids)
            # What follows is of the next stretch
            is_own = pieces.edges[:, 0] < STRETCH
            found.n_pieces += int(is_own.sum())
            is_unknown = _is_unknown(pieces, len(text), vocabulary.unknown)[:STRETCH]
            found.characters.update(text[:STRETCH])
            found.unknown.update(compress(text, is_unknown))
    for counts in (found.characters, found.unknown):
        for character in [x for x in counts if not is_visible(x)]:
            del counts[character]
    return found


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts, some characters at once; of an endless one stretches, which overlap, so that no piece is cut."""
    batch: list[str] = []
    size = 0
    for text in texts:
        for start in range(0, len(text), STRETCH):
            batch.append(text[start : start + STRETCH + OVERLAP])
            size += len(batch[-1])
            if size >= BATCH_SIZE:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _is_unknown(pieces: Pieces, length: int, unknown: int | None) -> numpy.ndarray:
    is_lost = numpy.array([number == unknown for number in pieces.ids], dtype=bool)
    lost, known = (_covered(pieces.edges[which], length) for which in (is_lost, ~is_lost))
    return lost | ~known


def _covered(edges: numpy.ndarray, length: int) -> numpy.ndarray:
    change = numpy.zeros(length + 1, dtype="int64")
    numpy.add.at(change, edges[:, 0], 1)
    numpy.add.at(change, edges[:, 1], -1)
    return change[:-1].cumsum() > 0


def _by_script(counts: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for character, count in counts.items():
        found[script_of(character)] += count
    return found
