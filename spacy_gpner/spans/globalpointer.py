"""The objective of span factors: every span in the window is scored by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

from torch import Tensor

from .decode import decode
from .decoded import Cut, DecodedSpans
from .divergence import DistillationLoss, divergence
from .factors import SpanFactors
from .loss import zlpr_loss
from .objective import Objective
from .pairs import Allowed
from .tiles import Window


@dataclass(frozen=True)
class SpanObjective(Objective[SpanFactors]):
    """The multi-label loss (Eq. 14 of the main paper), thresholds for decoding, and divergences over spans.

    window (Window): The context shield window.
    """

    window: Window

    @property
    def reach(self) -> Optional[int]:  # type: ignore[override]
        """The most tokens of a span: the window's width."""
        return self.window.width

    @property
    def extent(self) -> Optional[int]:  # type: ignore[override]
        """The first tokens of a document, in which spans lie: the window's width, if it is a prefix."""
        return self.window.width if self.window.mode == "prefix" else None

    def loss(self, scores: SpanFactors, gold: Tensor) -> Tensor:
        """The loss (Eq. 14 of the main paper), a mean over documents and types. See `Objective.loss`."""
        return zlpr_loss(scores, gold, self.window)

    def decode(self, scores: SpanFactors, cut: Cut) -> DecodedSpans:
        """Find the spans in the window above their thresholds. See `Objective.decode`."""
        return decode(scores, self.window, cut)

    def divergence(
        self,
        student: SpanFactors,
        target: SpanFactors,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """The divergence over the spans in the window. See `Objective.divergence`."""
        return divergence(student, target, self.window, how, allowed)

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Refuse spans outside the window. See `Objective.refuse`."""
        reason = (
            f"outside the context shield window (window = {self.window.width}, window_mode = "
            f"'{self.window.mode}'): can't be learned or predicted. A larger window keeps more"
        )
        return [None if self.window.holds(start, end) else reason for start, end, _ in spans]

    def holds(self, start: Tensor, end: Tensor) -> Tensor:
        """Which spans lie in the window. See `Objective.holds`."""
        if self.window.width is None:
            return super().holds(start, end)
        inside: Tensor = cast(Any, self.window).holds(start, end)
        return inside

    def covers(self, other: Objective) -> bool:
        """Whether the window holds all spans of another's. See `Objective.covers`."""
        return isinstance(other, SpanObjective) and self.window.covers(other.window)
