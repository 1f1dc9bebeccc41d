"""The context shield window, and the tiles that cover the spans it lets through.

The valid spans (i, j) of a batch form a band along the diagonal of each document. Tiles are equal
rectangles laid along it, so that the products of all their rows and columns are one batched matrix
product, whose size is linear in the text where there is a window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Optional, get_args

import torch
from torch import Tensor

from ..checks import check_count

WindowMode = Literal["band", "prefix"]

# Bounds the rows of a tile where the window is wide or there is none: a part of a long document is a tile.
MAX_TILE_CELLS = 2**21


@dataclass(frozen=True)
class Window:
    """The context shield window (section III-D of the main paper): which spans can be entities at all.

    The paper's Eq. 15, 1 <= i <= j <= w, read literally lets through the spans within the first w tokens of
    a text; its prose and figure describe a filter of entities that are too long.

    width (Optional[int]): w, in tokens. None lets every span through.
    mode (str): "band" lets through the spans of at most w tokens, "prefix" those that end within
        the first w tokens of their document.
    RAISES (ValueError): If the width is not positive or the mode unknown.
    """

    width: Optional[int] = 64
    mode: WindowMode = "band"

    def __post_init__(self) -> None:
        if self.width is not None:
            check_count("window", self.width, "a number of tokens of at least 1, or null for none")
        if self.mode not in get_args(WindowMode):
            raise ValueError(f"Invalid window_mode: '{self.mode}'. Expected one of {get_args(WindowMode)}.")

    def holds(self, start: int, end: int) -> bool:
        """Whether a span of a document lies inside the window.

        start, end (int): First token, and the token after the last. Tensors of them work as well.
        """
        if self.width is None:
            return end > start
        return (end > start) & ((end if self.mode == "prefix" else end - start) <= self.width)

    def count(self, length: int) -> int:
        """How many spans of a document it holds.

        length (int): The document's tokens.
        """
        width = min(length, self.width or length)
        if self.mode == "prefix":
            return width * (width + 1) // 2
        return width * length - width * (width - 1) // 2

    def covers(self, other: "Window") -> bool:
        """Whether it holds every span that another window holds."""
        if self.width is None:
            return True
        return other.width is not None and other.width <= self.width and other.mode == self.mode


@dataclass(frozen=True)
class Tiles:
    """Equal rectangles of spans. Tile n has the rows (first tokens) starts[n], starts[n] + 1, … and
    the columns (last tokens) starts[n], starts[n] + 1, …; B tiles of R rows and C columns.

    starts (Tensor): First token of each tile in the flat batch, ascending, shape (B,).
    stops (Tensor): The token after each tile's last row, shape (B,).
    valid (Tensor): The spans that exist and that the window lets through, shape (B, R, C).
    is_band (bool): Whether each row's valid cells lie within C - R + 1 columns, counted from its own token.
    """

    starts: Tensor
    stops: Tensor
    valid: Tensor
    is_band: bool = False

    def rows(self, x: Tensor) -> Tensor:
        """Take the rows of per-token values: shape (N, …) to (B, R, …)."""
        return self._take(x, self.valid.shape[1])

    def cols(self, x: Tensor) -> Tensor:
        """Take the columns of per-token values: shape (N, …) to (B, C, …)."""
        return self._take(x, self.valid.shape[2])

    def band(self, x: Tensor) -> Tensor:
        """The part of the cells, shape (…, B, R, C), that can be valid: in a band the columns of each row
        from its own token on, shape (…, B, R, W), as a view; else all of them."""
        if not self.is_band:
            return x
        *_, rows, cols = x.shape
        *outer, row_stride, col_stride = x.stride()
        return x.as_strided((*x.shape[:-1], cols - rows + 1), (*outer, row_stride + col_stride, col_stride))

    def unband(self, x: Tensor) -> Tensor:
        """Back from what `band` gives to all cells, the others 0: shape (…, B, R, W) to (…, B, R, C)."""
        if not self.is_band:
            return x
        cells = x.new_zeros(*x.shape[:-1], self.valid.shape[-1])
        self.band(cells).copy_(x)
        return cells

    def add_to_rows(self, x: Tensor, values: Tensor) -> None:
        """Add values of the rows, shape (B, R, …), to per-token values, shape (N, …), in place."""
        x.index_add_(0, self._tokens(self.valid.shape[1], len(x)).flatten(), values.flatten(0, 1))

    def add_to_cols(self, x: Tensor, values: Tensor) -> None:
        """Add values of the columns, shape (B, C, …), to per-token values, shape (N, …), in place."""
        x.index_add_(0, self._tokens(self.valid.shape[2], len(x)).flatten(), values.flatten(0, 1))

    def _take(self, x: Tensor, size: int) -> Tensor:
        tokens = self._tokens(size, len(x))
        return x.index_select(0, tokens.flatten()).unflatten(0, tokens.shape)

    def _tokens(self, size: int, n_tokens: int) -> Tensor:
        # Tokens past the end are never valid, so that any token can stand in for them.
        return (self.starts[:, None] + torch.arange(size, device=self.starts.device)).clamp(max=n_tokens - 1)

    def locate(self, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find spans in the tiles.

        first, last (Tensor): First and last token of each span in the flat batch, shape (S,).
        RETURNS (Tuple[Tensor, Tensor, Tensor, Tensor]): Which spans lie in these tiles, shape (S,), and
            for these alone tile, row and column.
        """
        tile = (torch.searchsorted(self.starts, first, right=True) - 1).clamp(min=0)
        inside = (first >= self.starts[tile]) & (first < self.stops[tile])
        inside &= (last >= first) & (last < self.starts[tile] + self.valid.shape[2])
        tile, first, last = tile[inside], first[inside], last[inside]
        return inside, tile, first - self.starts[tile], last - self.starts[tile]

    def split(self, max_cells: int) -> Iterator["Tiles"]:
        """Yield the same tiles in parts of at most `max_cells` cells (as `band` takes them), and of at least
        one tile."""
        _, rows, cols = self.band(self.valid).shape
        size = max(1, max_cells // (rows * cols))
        for i in range(0, len(self.starts), size):
            part = slice(i, i + size)
            yield Tiles(self.starts[part], self.stops[part], self.valid[part], self.is_band)


def make_tiles(lengths: Sequence[int], window: Window, device: torch.device) -> Iterator[Tiles]:
    """Cover every valid span of a ragged batch by exactly one cell of a tile.

    lengths (Sequence[int]): Tokens of each document.
    window (Window): The context shield window.
    device (torch.device): Where the tiles are needed.
    YIELDS (Tiles): Tiles of one size with a window; without, of a size for each class of lengths.
    """
    if not sum(lengths):
        return
    starts = torch.tensor([0, *lengths]).cumsum(0)[:-1]
    ends = starts + torch.tensor(lengths)
    width = min(window.width or max(lengths), max(lengths))
    if window.mode == "prefix":
        ends = torch.minimum(ends, starts + width)
    if window.width is None or window.mode == "prefix":
        yield from _document_tiles(starts, ends, device)
    else:
        yield _band_tiles(ends, torch.tensor(lengths), width, device)


def _band_tiles(ends: Tensor, lengths: Tensor, width: int, device: torch.device) -> Tiles:
    # Cut the flat batch in blocks of `width` rows (of fewer where that is wide): a row's partners lie in its
    # own block or the next.
    n_tokens = int(ends[-1])
    height = min(width, max(1, MAX_TILE_CELLS // (2 * width)))
    starts = torch.arange(0, n_tokens, height)
    token_ends = torch.repeat_interleave(ends, lengths).to(device)
    stops = (starts + height).clamp(max=n_tokens)
    return replace(
        _tiles(starts, stops, token_ends, (height, height + width - 1), width, device), is_band=True
    )


def _document_tiles(starts: Tensor, ends: Tensor, device: torch.device) -> Iterator[Tiles]:
    # A row's partners are all tokens up to its document's end. Documents of similar length go together,
    # and long ones are cut in bands of rows, each of which needs only the columns from its start on.
    n_tokens = int(ends[-1])
    token_ends = torch.zeros(n_tokens, dtype=torch.long)
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        token_ends[start:end] = end
    token_ends = token_ends.to(device)
    lengths = ends - starts
    size_class = torch.ceil(torch.log2(lengths.clamp(min=1)))
    for one_class in size_class[lengths > 0].unique():
        members = (size_class == one_class) & (lengths > 0)
        longest = int(lengths[members].max())
        height = min(longest, max(1, MAX_TILE_CELLS // longest))
        for offset in range(0, longest, height):
            part = members & (lengths > offset)
            first = starts[part] + offset
            stops = torch.minimum(first + height, ends[part])
            shape = (min(height, longest - offset), longest - offset)
            yield _tiles(first, stops, token_ends, shape, None, device)


def _tiles(
    starts: Tensor,
    stops: Tensor,
    token_ends: Tensor,
    shape: tuple[int, int],
    width: Optional[int],
    device: torch.device,
) -> Tiles:
    rows, cols = shape
    starts, stops = starts.to(device), stops.to(device)
    row = torch.arange(rows, device=device)
    col = torch.arange(cols, device=device)
    first = (starts[:, None] + row).clamp(max=len(token_ends) - 1)
    # The columns that a row reaches end with its document; rows of padding reach none.
    reach = torch.where(starts[:, None] + row < stops[:, None], token_ends[first] - starts[:, None], 0)
    distance = col - row[:, None]
    in_window = distance >= 0
    if width is not None:
        in_window &= distance < width
    return Tiles(starts, stops, in_window & (col < reach[:, :, None]))
