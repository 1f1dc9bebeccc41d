"""What an encoder reads of a text: its pieces, in windows; and which of them a token is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

import numpy
from tokenizers import Encoding, Tokenizer

from ...errors import PipelineError

# Any text of which every vocabulary makes pieces, if only unknown ones
PROBE = "a"
# The part of a window that has to be left for text
LEAST_ROOM = 4
# So many characters of a query are shown in an error
SHOWN = 20


class Window(NamedTuple):
    """A part of a text's pieces that the encoder reads at once.

    ids (List[int]): Its pieces, and before and after them what frames the text.
    segments (List[int]): The segment of each: 1 for a second text, else 0.
    kept (slice): The places in it whose vectors are used.
    """

    ids: list[int]
    segments: list[int]
    kept: slice


@dataclass(frozen=True)
class Pieces:
    """The pieces of a text.

    ids (List[int]): Their numbers.
    edges (numpy.ndarray): First character of each and the one after its last, shape (pieces, 2).
    """

    ids: list[int]
    edges: numpy.ndarray


@dataclass(frozen=True)
class Frame:
    """What the encoder reads before and after the pieces of a text.

    before, after (Tuple[int, ...]): The pieces.
    segments (Tuple[Tuple[int, ...], int, Tuple[int, ...]]): The segments of what is before, of the text, and
        of what is after.
    """

    before: tuple[int, ...]
    after: tuple[int, ...]
    segments: tuple[tuple[int, ...], int, tuple[int, ...]]

    def around(self, ids: list[int], kept: slice) -> Window:
        """Put the frame around pieces.

        ids (List[int]): The pieces.
        kept (slice): Which of them are used.
        RETURNS (Window): The window.
        """
        n = len(self.before)
        before, own, after = self.segments
        segments = [*before, *[own] * len(ids), *after]
        return Window([*self.before, *ids, *self.after], segments, slice(kept.start + n, kept.stop + n))


class PieceTokenizer:
    """Cuts texts into pieces, and these into windows.

    json (str): The tokenizer, as its file tokenizer.json describes it.
    size (int): The most pieces of a window, with those around it.
    stride (int): Pieces from the beginning of a window to that of the next. What two windows have in common
        is divided between them, so that each piece is read with text on both its sides. Where a query leaves
        less than half of that in common, it is the same part of the room as it is of the window.
    """

    def __init__(self, json: str, size: int, stride: int) -> None:
        self._tokenizer: Tokenizer = Tokenizer.from_str(json)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._size, self._stride = size, stride
        ids, texts = self._encode(PROBE)
        before, after = ids[: texts.index(0)], ids[_last(texts, 0) + 1 :]
        self.alone = _frame(before, 0, after, [0] * len(after))
        self._check_room(self.alone, "the encoder wants")

    def _encode(self, *texts: str) -> tuple[list[int], list[Optional[int]]]:
        """Pieces, and which text each is of."""
        found = self._tokenizer.encode(*texts)
        return found.ids, found.sequence_ids

    def _check_room(self, frame: Frame, what: str, remedy: str = "") -> None:
        n = len(frame.before) + len(frame.after)
        if self._size - n < max(1, self._size // LEAST_ROOM):
            raise PipelineError(
                f"A window of {self._size} pieces has no room for text: {what} {n} around it. Give a larger "
                f"`window`{remedy}."
            )

    def with_query(self, query: str, *, first: bool = False) -> Frame:
        """What frames a text that is read together with a query.

        query (str): The query.
        first (bool): Whether it stands before the text.
        RETURNS (Frame): The frame.
        RAISES (PipelineError): If a window has no room for the query and text.
        """
        ids, texts = self._encode(PROBE, PROBE)
        between = ids[_last(texts, 0) + 1 : texts.index(1)]
        before, after = ids[: texts.index(0)], ids[_last(texts, 1) + 1 :]
        (own,) = self.cut([query])
        if first:
            frame = _frame([*before, *own.ids, *between], 1, after, [1] * len(after))
        else:
            segments = [0] * len(between) + [1] * (len(own.ids) + len(after))
            frame = _frame(before, 0, [*between, *own.ids, *after], segments)
        what = f"the query '{query[:SHOWN]}{'…' * (len(query) > SHOWN)}' and what the encoder wants are"
        self._check_room(frame, what, " or a shorter query")
        return frame

    def cut(self, texts: Sequence[str]) -> list[Pieces]:
        """The pieces of texts.

        texts (Sequence[str]): The texts.
        RETURNS (List[Pieces]): The pieces of each.
        """
        # Lone surrogates are legal in a Doc, and not in what the tokenizer takes.
        legal = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [_pieces(found) for found in self._tokenizer.encode_batch(legal, add_special_tokens=False)]

    def windows(self, pieces: Pieces, frame: Optional[Frame] = None) -> Iterator[Window]:
        """Cut pieces into windows, of which each piece is kept of one.

        pieces (Pieces): The pieces of a text.
        frame (Optional[Frame]): What stands around each window; None for what the encoder wants.
        YIELDS (Window): The windows, in order.
        """
        frame = frame or self.alone
        room = self._size - len(frame.before) - len(frame.after)
        stride = min(self._stride, room)
        if room - stride < (self._size - self._stride) // 2:
            stride = max(1, room * self._stride // self._size)
        n, overlap = len(pieces.ids), room - stride
        start = 0
        while n:
            stop = min(start + room, n)
            first = start + overlap // 2 if start else 0
            last = stop if stop == n else start + stride + overlap // 2
            yield frame.around(pieces.ids[start:stop], slice(first - start, last - start))
            if stop == n:
                return
            start += stride


def _frame(before: list[int], segment: int, after: list[int], segments: list[int]) -> Frame:
    """A frame that begins with the first segment."""
    return Frame(tuple(before), tuple(after), ((0,) * len(before), segment, tuple(segments)))


def _last(values: list[Any], value: Any) -> int:
    return len(values) - 1 - values[::-1].index(value)


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
