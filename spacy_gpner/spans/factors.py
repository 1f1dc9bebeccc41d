"""Span factors: scores from which every span's score follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from .scores import Scores, largest


@dataclass(frozen=True)
class SpanFactors(Scores):
    """One row of numbers for each token of a ragged batch, from which every span's score follows:

        s_t(i, j) = <q_t(i), k_t(j)> + a_t(i) + b_t(j)

    for type t and a span from token i to token j, both inclusive. N tokens, T types, d the head size;
    Q and K are T, or 1 where all types share the projection.

    q (Tensor): Start projections, shape (N, Q, d).
    k (Tensor): End projections, shape (N, K, d).
    a (Tensor): Start scores, shape (N, T).
    b (Tensor): End scores, shape (N, T).
    lengths (Sequence[int]): Tokens of each document; their sum is N.
    """

    q: Tensor
    k: Tensor
    a: Tensor
    b: Tensor
    lengths: Sequence[int]

    @property
    def num_types(self) -> int:
        """T, the number of types."""
        return self.a.shape[1]

    @property
    def shared(self) -> bool:
        """Whether all types share q and k, so that a and b alone tell the types apart."""
        return self.q.shape[1] == self.k.shape[1] == 1

    @property
    def is_finite(self) -> bool:
        """Whether all factors and all scores are finite, by a bound: no sum in a score is larger in magnitude
        than the head size times the largest of q and k, plus the largest of a and b."""
        q, k, a, b = (largest(x) for x in self.tensors)
        dtype = torch.promote_types(self.q.dtype, torch.float32)
        return q * k * self.q.shape[2] + a + b <= torch.finfo(dtype).max

    def of_type(self, t: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """q and k, shape (N, d), and a and b, shape (N,), of one type."""
        q = self.q[:, t if self.q.shape[1] > 1 else 0]
        k = self.k[:, t if self.k.shape[1] > 1 else 0]
        return q, k, self.a[:, t], self.b[:, t]

    def score(self, first: Tensor, last: Tensor, types: Tensor) -> Tensor:
        """Score single spans.

        first, last, types (Tensor): First token, last token (inclusive) and type of each span, shape (S,).
        RETURNS (Tensor): The scores, shape (S,).
        """
        q = self.q[first, types if self.q.shape[1] > 1 else torch.zeros_like(types)]
        k = self.k[last, types if self.k.shape[1] > 1 else torch.zeros_like(types)]
        return (q * k).sum(-1) + self.a[first, types] + self.b[last, types]

    def types(self, index: Sequence[int]) -> Self:
        """The factors of some of the types.

        index (Sequence[int]): The types, in the order wanted.
        RETURNS (SpanFactors): Their factors.
        """
        if list(index) == list(range(self.num_types)):
            return self
        chosen = torch.tensor(index, dtype=torch.long, device=self.q.device)
        q, k = (x[:, chosen] if x.shape[1] > 1 else x for x in (self.q, self.k))
        return replace(self, q=q, k=k, a=self.a[:, chosen], b=self.b[:, chosen])

    def weighted(self, weights: Tensor) -> Self:
        """Factors of every score times the weight of its document: q, a and b times it, and k as it is.

        weights (Tensor): The weight of each token's document, shape (N,).
        RETURNS (SpanFactors): Their factors.
        """
        row = weights[:, None]
        return replace(self, q=self.q * row[:, None], a=self.a * row, b=self.b * row)

    def softened(self, temperature: float) -> Self:
        """Factors of every score divided by a temperature.

        temperature (float): What to divide by.
        RETURNS (SpanFactors): Their factors.
        """
        if temperature == 1:
            return self
        return replace(self, q=self.q / temperature, a=self.a / temperature, b=self.b / temperature)

    @classmethod
    def mean(cls, parts: Sequence[Self]) -> Self:
        """Factors of the mean of all scores, exactly: q and k side by side, q divided by the number of parts;
        a and b averaged.

        parts (Sequence[SpanFactors]): Factors of the same tokens and types.
        RETURNS (SpanFactors): Their mean.
        """
        q, k = (_side_by_side([getattr(part, name) for part in parts]) for name in "qk")
        a, b = (torch.stack([getattr(part, name) for part in parts]).mean(0) for name in "ab")
        return replace(parts[0], q=q / len(parts), k=k, a=a, b=b)

    def on_tokens(self, starts: Tensor, ends: Tensor, lengths: Sequence[int]) -> Self:
        """The factors of the spans that begin and end where other tokens do.

        starts, ends (Tensor): The token that starts, and that ends, where each of the others does,
            shape (M,).
        lengths (Sequence[int]): The other tokens of each document.
        RETURNS (SpanFactors): Their factors.
        """
        return replace(
            self, q=self.q[starts], k=self.k[ends], a=self.a[starts], b=self.b[ends], lengths=lengths
        )


def _side_by_side(parts: Sequence[Tensor]) -> Tensor:
    """Shapes (N, 1 or T, d) to (N, 1 or T, Σ d)."""
    n_types = max(part.shape[1] for part in parts)
    return torch.cat([part.expand(-1, n_types, -1) for part in parts], dim=2)
