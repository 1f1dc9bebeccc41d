"""What an encoder reads of a text: its pieces, in windows; and which of them a token is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy
from tokenizers import Encoding, Tokenizer

from ...errors import PipelineError

# Any text of which every vocabulary makes pieces, if only unknown ones
PROBE = "a"


class Window(NamedTuple):
    """A part of a text's pieces that the encoder reads at once.

    ids (List[int]): Its pieces, between those that the encoder wants around a text.
    kept (slice): The places in it whose vectors are used.
    """

    ids: list[int]
    kept: slice


@dataclass(frozen=True)
class Pieces:
    """The pieces of a text.

    ids (List[int]): Their numbers.
    edges (numpy.ndarray): First character of each and the one after its last, shape (pieces, 2).
    """

    ids: list[int]
    edges: numpy.ndarray


class PieceTokenizer:
    """Cuts texts into pieces, and these into windows.

    json (str): The tokenizer, as its file tokenizer.json describes it.
    size (int): The most pieces of a window, with those around it.
    stride (int): Pieces from the beginning of a window to that of the next. What two windows have in common
        is divided between them, so that each piece is read with text on both its sides.
    """

    def __init__(self, json: str, size: int, stride: int) -> None:
        self._tokenizer: Tokenizer = Tokenizer.from_str(json)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        around = self._tokenizer.encode(PROBE)
        text = [i for i, is_special in enumerate(around.special_tokens_mask) if not is_special]
        self._before, self._after = around.ids[: text[0]], around.ids[text[-1] + 1 :]
        self._room = size - len(self._before) - len(self._after)
        self._stride = min(stride, self._room)
        if self._room < 1:
            raise PipelineError(
                f"A window of {size} pieces has no room for text: the encoder wants "
                f"{len(self._before) + len(self._after)} around it. Give a larger `window`."
            )

    def cut(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of texts.

        texts (Sequence[str]): The texts.
        RETURNS (List[Pieces]): The pieces of each.
        """
        # Lone surrogates are legal in a Doc, and not in what the tokenizer takes.
        legal = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [_pieces(found) for found in self._tokenizer.encode_batch(legal, add_special_tokens=False)]

    def windows(self, pieces: Pieces) -> Iterator[Window]:
        """Cut pieces into windows, of which each piece is kept of one.

        pieces (Pieces): The pieces of a text.
        YIELDS (Window): The windows, in order.
        """
        n, overlap = len(pieces.ids), self._room - self._stride
        start = 0
        while n:
            stop = min(start + self._room, n)
            first = start + overlap // 2 if start else 0
            last = stop if stop == n else start + self._stride + overlap // 2
            offset = len(self._before) - start
            ids = [*self._before, *pieces.ids[start:stop], *self._after]
            yield Window(ids, slice(first + offset, last + offset))
            if stop == n:
                return
            start += self._stride


def tokens_of_pieces(
    tokens: Sequence[numpy.ndarray], pieces: Sequence[Pieces]
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Find which pieces a token has characters in common with.

    tokens (Sequence[numpy.ndarray]): First character of each token and the one after its last, for each text.
    pieces (Sequence[Pieces]): The pieces of each text.
    RETURNS (Tuple[numpy.ndarray, numpy.ndarray]): Token and piece of each pair, in the flat batch, sorted by
        token. A token without pieces, such as a line break, is in no pair.
    """
    firsts, counts, n_pieces = [], [], 0
    for edges, own in zip(tokens, pieces, strict=True):
        first = numpy.searchsorted(own.edges[:, 1], edges[:, 0], side="right")
        stop = numpy.searchsorted(own.edges[:, 0], edges[:, 1], side="left")
        firsts.append(first + n_pieces)
        counts.append((stop - first).clip(min=0))
        n_pieces += len(own.ids)
    count = numpy.concatenate(counts)
    token = numpy.repeat(numpy.arange(len(count)), count)
    before = numpy.repeat(count.cumsum() - count, count)
    piece = numpy.repeat(numpy.concatenate(firsts), count) + numpy.arange(len(token)) - before
    return token, piece


def _pieces(found: Encoding) -> Pieces:
    # Edges of a normalized text can go back by a character: they are looked up as if they did not.
    edges = numpy.array(found.offsets, dtype="int64").reshape(-1, 2)
    return Pieces(found.ids, numpy.maximum.accumulate(edges, axis=0))
