"""Span factors: what a head knows of each token."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class SpanFactors:
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
    def tensors(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """q, k, a and b."""
        return self.q, self.k, self.a, self.b

    @property
    def num_types(self) -> int:
        """T, the number of types."""
        return self.a.shape[1]

    @property
    def shared(self) -> bool:
        """Whether all types share q and k, so that a and b alone tell the types apart."""
        return self.q.shape[1] == self.k.shape[1] == 1

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

    def documents(self, keep: Sequence[bool]) -> Self:
        """The factors of some of the documents.

        keep (Sequence[bool]): Which documents to keep.
        RETURNS (SpanFactors): Their factors.
        """
        if all(keep):
            return self
        lengths = torch.tensor(self.lengths)
        rows = torch.repeat_interleave(torch.tensor(keep), lengths).to(self.q.device)
        q, k, a, b = (x[rows] for x in self.tensors)
        kept = [n for n, is_kept in zip(self.lengths, keep, strict=True) if is_kept]
        return replace(self, q=q, k=k, a=a, b=b, lengths=kept)

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

    def flat(self) -> Tensor:
        """All numbers of a token in one row, shape (N, (Q + K) d + 2 T)."""
        return torch.cat([x.flatten(1) for x in self.tensors], dim=1)

    def of_flat(self, flat: Tensor, lengths: Sequence[int]) -> Self:
        """Factors of the same shapes for other tokens.

        flat (Tensor): What `flat` gave.
        lengths (Sequence[int]): Tokens of each document.
        RETURNS (SpanFactors): The factors.
        """
        parts = flat.split([x.shape[1:].numel() for x in self.tensors], dim=1)
        q, k, a, b = (part.unflatten(1, x.shape[1:]) for part, x in zip(parts, self.tensors, strict=True))
        return replace(self, q=q, k=k, a=a, b=b, lengths=lengths)

    def __add__(self, other: Self) -> Self:
        """The sum of each number, as gradients are summed."""
        q, k, a, b = (x + y for x, y in zip(self.tensors, other.tensors, strict=True))
        return replace(self, q=q, k=k, a=a, b=b)

    def detach(self) -> Self:
        """The same numbers, without the way back to what they were made from."""
        q, k, a, b = (x.detach() for x in self.tensors)
        return replace(self, q=q, k=k, a=a, b=b)

    def full_precision(self) -> Self:
        """These factors with half-precision tensors converted to float32, which sums of exponentials need."""
        q, k, a, b = (x.float() if x.dtype in (torch.float16, torch.bfloat16) else x for x in self.tensors)
        return replace(self, q=q, k=k, a=a, b=b)
