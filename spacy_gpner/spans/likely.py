"""Likely spans: what scores of every kind can say, so that a student can learn from a teacher of another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from .decoded import DecodedSpans

# Spans that are less likely count as impossible
FLOOR = 0.01


@dataclass(frozen=True)
class LikelySpans:
    """Spans of a batch, G of them; all others count as impossible.

    spans (Tensor): First token and last token (inclusive) in the flat batch, type, shape (G, 3).
    logit (Tensor): The log-odds of each, shape (G,).
    lengths (Sequence[int]): Tokens of each document.
    """

    spans: Tensor
    logit: Tensor
    lengths: Sequence[int]

    @classmethod
    def of(cls, found: DecodedSpans, lengths: Sequence[int]) -> Self:
        """What was found in documents, in the flat batch.

        found (DecodedSpans): What was found.
        lengths (Sequence[int]): Tokens of each document.
        RETURNS (LikelySpans): The spans.
        """
        sizes = torch.tensor(lengths, dtype=torch.long)
        offset = (sizes.cumsum(0) - sizes)[found.doc]
        spans = torch.stack([offset + found.start, offset + found.end - 1, found.type], 1)
        return cls(spans, found.logit.double(), lengths)

    def on_tokens(self, starts: Tensor, ends: Tensor, lengths: Sequence[int]) -> Self:
        """The spans in other tokens, where these have their edges.

        starts, ends (Tensor): The other token that starts, and that ends, where each of these does, or -1,
            shape (N,).
        lengths (Sequence[int]): The other tokens of each document.
        RETURNS (LikelySpans): The spans.
        """
        first, last, types = self.spans.unbind(1)
        spans = torch.stack([starts[first], ends[last], types], 1)
        kept = (spans >= 0).all(1)
        return type(self)(spans[kept], self.logit[kept], lengths)

    @classmethod
    def of_groups(cls, groups: Sequence[tuple[Sequence[int], Self]], lengths: Sequence[int]) -> Self:
        """The spans of a batch from those of some of its documents each.

        groups (Sequence[Tuple[Sequence[int], LikelySpans]]): Which documents, and their spans.
        lengths (Sequence[int]): Tokens of each document of the batch.
        RETURNS (LikelySpans): The spans.
        """
        sizes = torch.tensor(lengths, dtype=torch.long)
        first = sizes.cumsum(0) - sizes
        found = []
        for index, likely in groups:
            own = sizes[list(index)]
            doc_of = torch.repeat_interleave(torch.arange(len(own)), own)
            moved = (first[list(index)] - (own.cumsum(0) - own))[doc_of[likely.spans[:, 0]]]
            found.append(likely.spans + torch.stack([moved, moved, torch.zeros_like(moved)], 1))
        return cls(torch.cat(found), torch.cat([likely.logit for _, likely in groups]), lengths)

    def softened(self, temperature: float) -> Self:
        """The same with the log-odds divided by a temperature."""
        return replace(self, logit=self.logit / temperature)

    def join(self, spans: Tensor) -> tuple[Tensor, Tensor]:
        """These spans and others, each once, and how likely they are by these.

        spans (Tensor): Others, shape (M, 3).
        RETURNS (Tuple[Tensor, Tensor]): The spans, shape (K, 3), and their probability, shape (K,): 0 for
            those that are not among these.
        """
        both, place = torch.cat([self.spans, spans]).unique(dim=0, return_inverse=True)
        p = self.logit.new_zeros(len(both))
        p[place[: len(self.spans)]] = self.logit.sigmoid()
        return both, p
