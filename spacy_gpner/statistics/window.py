"""Which context shield window suits a corpus."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Optional

from ..entities import show_label
from ..spans import Window
from ..spans.fitting import fit_window
from ..spans.tiles import WindowMode
from .counts import Counts, share


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

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The advice, ready for JSON."""
        return {**vars(self), "lost": {show_label(label): n for label, n in self.lost.items()}}


def advise(counts: Counts, mode: WindowMode) -> Advice:
    """Find the smallest window that keeps nearly all entities.

    counts (Counts): What the corpus holds.
    mode (str): "band" or "prefix".
    RETURNS (Advice): The window, and what it costs.
    """
    width = fit_window(counts.total.spans, mode)
    widths = [fit_window(own.spans, mode) for own in counts.labels.values()] or [width]
    every_label = None if None in widths else max(w for w in widths if w is not None)
    window = Window(width, mode)
    lost = Counter({label: len(own) - own.held(window) for label, own in counts.labels.items()})
    kept = share(counts.total.held(window), len(counts.total))
    return Advice(width, kept, {label: n for label, n in lost.most_common() if n}, every_label)
