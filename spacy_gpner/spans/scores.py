"""What all kinds of scores have in common: what a head knows of each token."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Self, cast

import torch
from torch import Tensor

from ..errors import DistillationError


class Scores:
    """Some numbers for each token of a ragged batch: N tokens, T types. A kind of scores is a frozen
    dataclass of tensors with one row a token and, unless it says otherwise, one column a type, and

    lengths (Sequence[int]): Tokens of each document; their sum is N.
    """

    lengths: Sequence[int]

    @property
    def by_token(self) -> bool:
        """Whether all numbers are a token's. If not, scores of several models can't be put together document
        by document, nor be told for other tokens."""
        return True

    @property
    def num_types(self) -> int:
        """T, the number of types: here of the first tensor's columns."""
        return self.tensors[0].shape[1]

    def types(self, index: Sequence[int]) -> Self:
        """The scores of some of the types: here these columns of each tensor.

        index (Sequence[int]): The types, in the order wanted.
        RETURNS (Scores): Their scores.
        """
        return self.with_tensors(*(x[:, list(index)] for x in self.tensors))

    def weighted(self, weights: Tensor) -> Self:
        """Every score times the weight of its document: here each number.

        weights (Tensor): The weight of each token's document, shape (N,).
        RETURNS (Scores): The scores.
        """
        return self.with_tensors(*(x * weights.view(-1, *[1] * (x.dim() - 1)) for x in self.tensors))

    @classmethod
    def mean(cls, parts: Sequence[Self]) -> Self:
        """The scores of an ensemble: here the mean of each number.

        parts (Sequence[Scores]): Its members' scores, of the same tokens and types.
        RETURNS (Scores): Their mean.
        """
        columns = zip(*(part.tensors for part in parts), strict=True)
        return parts[0].with_tensors(*(torch.stack(column).mean(0) for column in columns))

    def on_tokens(self, starts: Tensor, ends: Tensor, lengths: Sequence[int]) -> Self:
        """The scores of the same texts in other tokens, M of them.

        starts, ends (Tensor): The token that starts, and that ends, where each of the others does,
            shape (M,).
        lengths (Sequence[int]): The other tokens of each document.
        RETURNS (Scores): Their scores.
        RAISES (DistillationError): If scores of this kind can't be told for other tokens.
        """
        raise DistillationError(
            f"{type(self).__name__} can't be told for other tokens. Give teacher and student the same "
            "tokenizer."
        )

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors, in the order of the fields."""
        return tuple(getattr(self, name) for name in self._names)

    @property
    def _names(self) -> list[str]:
        return [field.name for field in fields(cast(Any, self)) if field.name != "lengths"]

    @property
    def is_finite(self) -> bool:
        """Whether neither these numbers nor what follows from them is infinite or not a number."""
        return all(math.isfinite(largest(x)) for x in self.tensors)

    def with_tensors(self, *tensors: Tensor) -> Self:
        """The same documents with other numbers.

        tensors (Tensor): The tensors, in the order of the fields.
        RETURNS (Scores): The scores.
        """
        return replace(cast(Any, self), **dict(zip(self._names, tensors, strict=True)))

    def documents(self, keep: Sequence[bool]) -> Self:
        """The scores of some of the documents.

        keep (Sequence[bool]): Which documents to keep.
        RETURNS (Scores): Their scores.
        """
        if all(keep):
            return self
        rows = torch.repeat_interleave(torch.tensor(keep), torch.tensor(self.lengths))
        kept = [n for n, is_kept in zip(self.lengths, keep, strict=True) if is_kept]
        flat = self.flat()
        return self.of_flat(flat[rows.to(flat.device)], kept)

    def flat(self) -> Tensor:
        """All numbers of a token in one row, shape (N, numbers)."""
        return torch.cat([x.flatten(1) for x in self.tensors], dim=1)

    def of_flat(self, flat: Tensor, lengths: Sequence[int]) -> Self:
        """Scores of the same shapes for other tokens.

        flat (Tensor): What `flat` gave.
        lengths (Sequence[int]): Tokens of each document.
        RETURNS (Scores): The scores.
        """
        shapes = [x.shape[1:] for x in self.tensors]
        parts = flat.split([shape.numel() for shape in shapes], dim=1)
        tensors = (part.unflatten(1, shape) for part, shape in zip(parts, shapes, strict=True))
        return replace(cast(Any, self.with_tensors(*tensors)), lengths=lengths)

    def __add__(self, other: Self) -> Self:
        """The sum of each number, as gradients are summed."""
        return self.with_tensors(*(x + y for x, y in zip(self.tensors, other.tensors, strict=True)))

    def __mul__(self, factor: float) -> Self:
        """Each number times a factor, as gradients are weighed."""
        return self.with_tensors(*(factor * x for x in self.tensors))

    def detach(self) -> Self:
        """The same numbers, without the way back to what they were made from."""
        return self.with_tensors(*(x.detach() for x in self.tensors))

    def full_precision(self) -> Self:
        """The same with half-precision tensors converted to float32, which sums of exponentials need."""
        half = (torch.float16, torch.bfloat16)
        return self.with_tensors(*(x.float() if x.dtype in half else x for x in self.tensors))


def largest(x: Tensor) -> float:
    """The largest magnitude in a tensor, nan where it has one; 0 without numbers."""
    if not x.numel():
        return 0.0
    low, high = x.detach().aminmax()
    # With nan in the tensor both are nan, and `max` keeps what comes first unless the next is larger.
    return max(-low.item(), high.item())
