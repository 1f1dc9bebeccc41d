"""The objective of span factors: every span in the window is scored by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

import torch
from torch import Tensor
from torch.nn.functional import softplus

from .chain import Edges
from .decode import decode
from .decoded import Cut, DecodedSpans
from .divergence import DistillationLoss, divergence
from .factors import SpanFactors
from .likely import LikelySpans
from .loss import zlpr_loss
from .objective import Objective
from .pairs import Allowed, document_weights
from .tiles import Window

# The log-odds of what a teacher does not name
UNLIKELY = -50.0


@dataclass(frozen=True)
class SpanObjective(Objective[SpanFactors]):
    """The multi-label loss (Eq. 14 of the main paper), thresholds for decoding, and divergences over spans.

    window (Window): The context shield window.
    """

    window: Window = field()
    learns_spans = True

    def loss(self, scores: SpanFactors, gold: Tensor) -> Tensor:
        """The loss (Eq. 14 of the main paper), a mean over documents and types. See `Objective.loss`."""
        return zlpr_loss(scores, gold, self.window)

    def decode(self, scores: SpanFactors, cut: Cut) -> DecodedSpans:
        """Find the spans in the window above their thresholds. See `Objective.decode`."""
        return decode(scores, self.window, cut)

    def log_odds(self, scores: SpanFactors, spans: Tensor) -> Tensor:
        """The scores of single spans. See `Objective.log_odds`."""
        return scores.full_precision().score(*spans.unbind(1))

    def divergence(
        self,
        student: SpanFactors,
        target: SpanFactors,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """The divergence over the spans in the window. See `Objective.divergence`."""
        return divergence(student, target, self.window, how, allowed)

    def span_divergence(
        self,
        student: SpanFactors,
        target: LikelySpans,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """The divergence over the spans in the window. See `Objective.span_divergence`."""
        student = student.full_precision().softened(how.temperature)
        none, unlikely = student.a.new_zeros(len(student.a), 1, 0), torch.full_like(student.a, UNLIKELY)
        nothing = SpanFactors(none, none, unlikely, torch.zeros_like(unlikely), student.lengths)
        plain = DistillationLoss("bernoulli", reduction=how.reduction)
        from_nothing = divergence(student, nothing, self.window, plain, allowed)

        first, last, _ = target.spans.unbind(1)
        begin = Edges(student.lengths, first.device).begin[first]
        held = self.holds(first - begin, last + 1 - begin)
        if allowed is not None:
            device = student.a.device
            held = held & allowed(first.to(device), last.to(device)).to(held.device)
        spans, t = target.spans[held].to(student.a.device), target.logit[held].to(student.a) / how.temperature
        p = t.sigmoid()
        entropy = p * softplus(-t) + (1 - p) * softplus(t)
        weights = document_weights(student.lengths, student.num_types, how.reduction).to(student.a)
        sizes = torch.tensor(student.lengths, device=weights.device)
        of_span = weights.repeat_interleave(sizes)[spans[:, 0]]
        return from_nothing - (of_span * (p * student.score(*spans.unbind(1)) + entropy)).sum()

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Refuse spans outside the window. See `Objective.refuse`."""
        reason = (
            f"outside the context shield window (window = {self.window.width}, window_mode = "
            f"'{self.window.mode}'): can't be learned or predicted. A larger window keeps more"
        )
        return [None if self.window.holds(start, end) else reason for start, end, _ in spans]
