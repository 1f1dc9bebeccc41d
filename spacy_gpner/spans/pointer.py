"""Starts, ends and matches: entities as pairs of pointers (Li et al., 2020, A Unified MRC Framework for Named
Entity Recognition)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from .binary import BinarySpanObjective
from .decoded import Cut, DecodedSpans
from .factors import SpanFactors
from .likely import LikelySpans
from .objective import Objective
from .scores import Scores
from .tiles import Window

# Starts, ends and matches weigh the same
TASKS = 3


@dataclass(frozen=True)
class PointerScores(Scores):
    """Whether a token is the first of an entity, or the last, and whether two tokens belong to one entity. A
    span's score is the least of the three: it is found where all are likely. N tokens, T types.

    starts, ends (Tensor): Scores of first and of last tokens, shape (N, T).
    first, last (Tensor): What the two tokens of a pair add to the score of their match, shape (N, T).
    lengths (Sequence[int]): Tokens of each document; their sum is N.
    """

    starts: Tensor
    ends: Tensor
    first: Tensor
    last: Tensor
    lengths: Sequence[int]

    @property
    def matches(self) -> SpanFactors:
        """The scores of all matches."""
        none = self.first.new_zeros(len(self.first), 1, 0)
        return SpanFactors(none, none, self.first, self.last, self.lengths)

    def score(self, first: Tensor, last: Tensor, types: Tensor) -> Tensor:
        """Score single spans. See `SpanFactors.score`."""
        matches = self.first[first, types] + self.last[last, types]
        return torch.minimum(torch.minimum(self.starts[first, types], self.ends[last, types]), matches)


@dataclass(frozen=True)
class PointerObjective(Objective[PointerScores]):
    """The mean of three cross-entropies: of starts, of ends, and of matches.

    window (Window): Which spans can be found.
    """

    window: Window = field()

    @property
    def matching(self) -> BinarySpanObjective:
        """The objective of matches."""
        return BinarySpanObjective(self.window)

    def loss(self, scores: PointerScores, gold: Tensor) -> Tensor:
        """The loss, summed over tokens and spans, and its mean over documents and types. See
        `Objective.loss`."""
        scores = scores.full_precision()
        gold = gold.to(scores.starts.device)
        first, last, types = gold.unbind(1)
        n_cells = max(1, len(scores.lengths) * scores.num_types)
        total = self.matching.loss(scores.matches, gold)
        for given, places in ((scores.starts, first), (scores.ends, last)):
            target = torch.zeros_like(given)
            target[places, types] = 1.0
            total = total + cross_entropy(given, target, reduction="sum") / n_cells
        return total / TASKS

    def decode(self, scores: PointerScores, cut: Cut) -> DecodedSpans:
        """Find spans whose start, end and match are all above the threshold. See `Objective.decode`."""
        scores = scores.full_precision()
        matched = self.matching.decode(scores.matches, Cut.above(cut.minimum, starts=cut.starts))
        spans = LikelySpans.of(matched, scores.lengths).spans.to(scores.starts.device)
        return cut.apply(replace(matched, logit=scores.score(*spans.unbind(1)).float().cpu()))

    def log_odds(self, scores: PointerScores, spans: Tensor) -> Tensor:
        """The scores of single spans. See `Objective.log_odds`."""
        return scores.full_precision().score(*spans.unbind(1))

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Refuse spans outside the window. See `Objective.refuse`."""
        return self.matching.refuse(spans)
