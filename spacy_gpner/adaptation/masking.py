"""Windows of pieces, and whole words of them masked (Cui et al., 2021)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy
from spacy.util import minibatch
from tqdm import tqdm

from ..errors import CorpusError
from ..models.transformers.pieces import Pieces, PieceTokenizer
from .words import Cutter, number_words

# How many pieces are to be told, and how many of these are masked, or another piece put in their place
SHARE, MASKED, RANDOM = 0.15, 0.8, 0.1
# No word: pieces around a text, and unknown ones
NO_WORD = -1
BATCH_SIZE = 256


@dataclass(frozen=True)
class Window:
    """What an encoder reads at once.

    ids (numpy.ndarray): Its pieces.
    words (numpy.ndarray): The number of each one's word in the text; `NO_WORD` for those never masked.
    """

    ids: numpy.ndarray
    words: numpy.ndarray

    def __len__(self) -> int:
        return len(self.ids)


class Windows(Sequence[Window]):
    """Windows, kept in few arrays.

    windows (List[Window]): The windows.
    unknown (float): The share of the texts' characters that no piece of theirs tells, of those that are no
        spaces.
    """

    def __init__(self, windows: Sequence[Window], unknown: float = 0.0) -> None:
        self.unknown = unknown
        self._ids = numpy.concatenate([window.ids for window in windows])
        self._words = numpy.concatenate([window.words for window in windows])
        self._bounds = numpy.cumsum([0, *map(len, windows)])

    @property
    def n_pieces(self) -> int:
        """Pieces of all windows, with those around them."""
        return len(self._ids)

    def __len__(self) -> int:
        return len(self._bounds) - 1

    @overload
    def __getitem__(self, index: int) -> Window: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Window]: ...
    def __getitem__(self, index: int | slice) -> Window | Sequence[Window]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        own = slice(self._bounds[index], self._bounds[index + 1])
        return Window(self._ids[own], self._words[own])


class MaskedBatch(NamedTuple):
    """Windows with masks, padded.

    ids (numpy.ndarray): Their pieces, shape (windows, longest).
    lengths (numpy.ndarray): How many are no padding, shape (windows,).
    places (numpy.ndarray): Which are to be told, in the flat batch, shape (masked,).
    targets (numpy.ndarray): What they were, shape (masked,).
    """

    ids: numpy.ndarray
    lengths: numpy.ndarray
    places: numpy.ndarray
    targets: numpy.ndarray


@dataclass(frozen=True)
class Masking:
    """Masks whole words.

    mask (int): The piece that stands for a masked one.
    padding (int): The piece that a batch is padded with.
    ordinary (numpy.ndarray): The pieces that text is made of.
    """

    mask: int
    padding: int
    ordinary: numpy.ndarray

    def __call__(self, batch: Sequence[Window], rng: numpy.random.Generator) -> MaskedBatch:
        """Mask words of a batch.

        batch (Sequence[Window]): The batch.
        rng (numpy.random.Generator): What chooses them.
        RETURNS (MaskedBatch): The batch with masks. At least one word has them.
        """
        lengths = numpy.array([len(window) for window in batch])
        shape = len(batch), int(lengths.max())
        ids = numpy.full(shape, self.padding, dtype="int64")
        words = numpy.full(shape, NO_WORD, dtype="int64")
        n_words = 0
        for i, window in enumerate(batch):
            ids[i, : len(window)] = window.ids
            words[i, : len(window)] = numpy.where(window.words < 0, NO_WORD, window.words + n_words)
            n_words += int(window.words.max(initial=0)) + 1
        places = choose_words(words.reshape(-1), rng)
        flat = ids.reshape(-1)
        targets = flat[places]
        lot = rng.random(len(places))
        flat[places[lot < MASKED]] = self.mask
        others = places[lot >= 1 - RANDOM]
        flat[others] = rng.choice(self.ordinary, len(others))
        return MaskedBatch(ids, lengths, places, targets)


def choose_words(words: numpy.ndarray, rng: numpy.random.Generator) -> numpy.ndarray:
    """Choose words at random until `SHARE` of all pieces belong to them.

    words (numpy.ndarray): The number of each piece's word, or `NO_WORD`.
    rng (numpy.random.Generator): What chooses.
    RETURNS (numpy.ndarray): The places of their pieces, ascending.
    """
    sizes = numpy.bincount(words[words >= 0])
    order = rng.permutation(numpy.flatnonzero(sizes))
    chosen = numpy.zeros(len(sizes), dtype=bool)
    n_chosen = numpy.searchsorted(sizes[order].cumsum(), SHARE * sizes.sum()) + 1
    chosen[order[:n_chosen]] = True
    return numpy.flatnonzero((words >= 0) & chosen[words])


def cut_windows(
    texts: Sequence[str], pieces: PieceTokenizer, cut: Cutter, special: frozenset[int], what: str
) -> Windows:
    """Cut texts into windows without overlap. Those of which nothing can be masked are left out.

    texts (Sequence[str]): The texts.
    pieces (PieceTokenizer): The encoder's tokenizer, with a stride of a window.
    cut (Callable[[str], numpy.ndarray]): What finds words.
    special (FrozenSet[int]): The pieces that are never masked.
    what (str): Which texts they are, for an error.
    RETURNS (Windows): The windows.
    RAISES (CorpusError): If there are none.
    """
    bar = tqdm(texts, desc="Pieces", unit=" texts", delay=2, leave=False, disable=None)
    windows: list[Window] = []
    n_known = 0
    never_masked = numpy.array(sorted(special), dtype="int64")
    for batch in minibatch(bar, BATCH_SIZE):
        for text, own in zip(batch, pieces.cut(batch), strict=True):
            is_special = numpy.isin(own.ids, never_masked)
            n_known += _count("".join(text[start:end] for start, end in own.edges[~is_special].tolist()))
            windows += [x for x in _windows(text, own, pieces, cut, is_special) if x.words.max() >= 0]
    if not windows:
        raise CorpusError(
            f"The encoder knows no piece of the texts {what} ({len(texts):,}). Give more text, of its "
            "language, or another encoder."
        )
    return Windows(windows, 1 - min(1.0, n_known / max(1, sum(map(_count, texts)))))


def _count(text: str) -> int:
    """The characters of a text that are no spaces."""
    return sum(map(len, text.split()))


def _windows(
    text: str, own: Pieces, pieces: PieceTokenizer, cut: Cutter, is_special: numpy.ndarray
) -> Iterator[Window]:
    numbers = number_words(own.edges, cut(text))
    # A word with an unknown piece is never masked: there is nothing to be told.
    numbers[numpy.isin(numbers, numbers[is_special])] = NO_WORD
    start = 0
    for ids, _, kept in pieces.windows(own):
        words = numpy.full(len(ids), NO_WORD, dtype="int32")
        stop = start + kept.stop - kept.start
        words[kept] = numbers[start:stop]
        start = stop
        yield Window(numpy.array(ids, dtype="int32"), words)
