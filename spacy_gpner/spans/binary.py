"""The objective of span factors that are learned one by one: each span is an entity of a type, or none."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .divergence import DistillationLoss
from .factors import SpanFactors
from .globalpointer import SpanObjective
from .likely import LikelySpans

# The log-odds of gold
CERTAIN = 50.0


@dataclass(frozen=True)
class BinarySpanObjective(SpanObjective):
    """The cross-entropy of each span in the window between a type and none (Eqs. 9 and 10 of paper 3, for one
    type at a time). All else is as of span factors.

    window (Window): The context shield window.
    """

    def loss(self, scores: SpanFactors, gold: Tensor) -> Tensor:
        """The loss, summed over the spans of a document and type, and its mean over both. See
        `Objective.loss`."""
        certain = torch.full((len(gold),), CERTAIN, dtype=torch.float64)
        return self.span_divergence(
            scores, LikelySpans(gold.cpu(), certain, scores.lengths), DistillationLoss()
        )
