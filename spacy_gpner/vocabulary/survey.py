"""What a vocabulary makes of texts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from pathlib import Path

import numpy
from spacy.util import minibatch

from ..corpora.raw_text import read_texts
from ..models.transformers.pieces import Pieces, PieceTokenizer
from .pieces import Vocabulary
from .scripts import is_visible, script_of

BATCH_SIZE = 1000
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
    for texts in minibatch(chain.from_iterable(map(read_texts, paths)), BATCH_SIZE):
        for text, pieces in zip(texts, tokenizer.cut(texts), strict=True):
            found.used.update(pieces.ids)
            found.n_pieces += len(pieces.ids)
            found.characters.update(text)
            found.unknown.update(compress(text, _is_unknown(pieces, len(text), vocabulary.unknown)))
    for counts in (found.characters, found.unknown):
        for character in [x for x in counts if not is_visible(x)]:
            del counts[character]
    return found


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
