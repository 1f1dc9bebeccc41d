"""Which context shield window suits a corpus."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Optional

from ..entities import show_label
from ..spans import Window
from ..spans.tiles import WindowMode
from .counts import WIDTHS, Counts, EntityCounts, share

# A window is advised that keeps so much of the gold
KEEP = 0.995


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
    width, every_label = (
        next((w for w in WIDTHS if all(_suits(Window(w, mode), x) for x in groups)), None)
        for groups in ([counts.total], counts.labels.values())
    )
    window = Window(width, mode)
    lost = Counter({label: len(own) - own.held(window) for label, own in counts.labels.items()})
    kept = share(counts.total.held(window), len(counts.total))
    return Advice(width, kept, {label: n for label, n in lost.most_common() if n}, every_label)


def _suits(window: Window, entities: EntityCounts) -> bool:
    return entities.held(window) >= KEEP * len(entities)
