"""Which context shield window fits gold spans."""

from collections.abc import Sequence
from typing import Literal, Optional, Union

from .tiles import Window, WindowMode

WIDTHS = (4, 8, 16, 20, 32, 64, 128, 256, 512)
# A window that fits keeps so much of the gold
KEEP = 0.995
# The width where no gold spans have settled it
USUAL_WIDTH = 64


def make_window(width: Union[int, Literal["auto"], None], mode: WindowMode = "band") -> Window:
    """The context shield window of a component's settings.

    width (Union[int, str, None]): w, in tokens; "auto" where no data have settled it yet.
    mode (str): "band" or "prefix".
    RETURNS (Window): The window.
    RAISES (ValueError): If the settings are out of range.
    """
    return Window(USUAL_WIDTH if width == "auto" else width, mode)


def fit_window(
    spans: Sequence[tuple[int, int]], mode: WindowMode = "band", *, keep: float = KEEP
) -> Optional[int]:
    """Find the smallest window that keeps nearly all spans.

    spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of each.
    mode (str): "band" or "prefix".
    keep (float): The share of them to keep.
    RETURNS (Optional[int]): The smallest of `WIDTHS` that keeps so many; None where none does.
    """
    for width in WIDTHS:
        window = Window(width, mode)
        if sum(window.holds(start, end) for start, end in spans) >= keep * len(spans):
            return width
    return None


def fit_whole_window(spans: Sequence[tuple[int, int]]) -> int:
    """Find the smallest usual window that keeps all spans.

    spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of each; at least one.
    RETURNS (int): The smallest of `WIDTHS`, or beyond these the length of the longest span.
    """
    return fit_window(spans, keep=1.0) or max(end - start for start, end in spans)
