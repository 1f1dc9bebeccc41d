"""Several kinds of scores of the same tokens, which are learned together."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Optional, Self, get_args

import torch
from torch import Tensor

from .decoded import Cut, DecodedSpans
from .divergence import DistillationLoss
from .likely import LikelySpans
from .objective import Objective
from .pairs import Allowed
from .scores import Scores
from .tiles import Window

# The largest log-odds of a head, when heads are put together: a chain's spans can be certain, or impossible
MOST = 50.0
# How spans are found by all heads together; by one alone, it is named
Together = Literal["union", "vote", "mean"]


@dataclass(frozen=True)
class JointScores(Scores):
    """The scores of several heads.

    parts (Mapping[str, Scores]): The scores of each, of the same tokens and types.
    tasks (Tensor): Logarithms of what their losses weigh, before they are made to add up to 1, shape
        (heads,).
    lengths (Sequence[int]): Tokens of each document.
    """

    parts: Mapping[str, Scores]
    tasks: Tensor
    lengths: Sequence[int]

    @property
    def weights(self) -> Tensor:
        """What the loss of each head weighs: positive, and 1 together, shape (heads,)."""
        return self.tasks.softmax(0)

    @property
    def num_types(self) -> int:
        """T, the number of types."""
        return next(iter(self.parts.values())).num_types

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The tensors of all heads, and the weights of the tasks."""
        return (*(x for part in self.parts.values() for x in part.tensors), self.tasks)

    @property
    def by_token(self) -> bool:
        """Whether all numbers of all heads are a token's. See `Scores.by_token`."""
        return all(part.by_token for part in self.parts.values())

    @property
    def is_finite(self) -> bool:
        """Whether all heads' scores are."""
        return all(part.is_finite for part in self.parts.values())

    def with_tensors(self, *tensors: Tensor) -> Self:
        """The same documents with other numbers. See `Scores.with_tensors`."""
        left = iter(tensors)
        parts = {
            name: part.with_tensors(*(next(left) for _ in part.tensors)) for name, part in self.parts.items()
        }
        return replace(self, parts=parts, tasks=next(left))

    def _each(self, change: Callable[[Scores], Scores], **changes: Any) -> Self:
        return replace(self, parts={name: change(part) for name, part in self.parts.items()}, **changes)

    def types(self, index: Sequence[int]) -> Self:
        """The scores of some of the types. See `Scores.types`."""
        return self._each(lambda part: part.types(index))

    def weighted(self, weights: Tensor) -> Self:
        """Every score times the weight of its document. See `Scores.weighted`."""
        return self._each(lambda part: part.weighted(weights))

    @classmethod
    def mean(cls, parts: Sequence[Self]) -> Self:
        """The scores of an ensemble, head by head. See `Scores.mean`."""
        means = {
            name: type(own).mean([part.parts[name] for part in parts]) for name, own in parts[0].parts.items()
        }
        return replace(parts[0], parts=means, tasks=torch.stack([part.tasks for part in parts]).mean(0))

    def on_tokens(self, starts: Tensor, ends: Tensor, lengths: Sequence[int]) -> Self:
        """The scores of the same texts in other tokens. See `Scores.on_tokens`."""
        return self._each(lambda part: part.on_tokens(starts, ends, lengths), lengths=lengths)

    def flat(self) -> Tensor:
        """All numbers of a token in one row. See `Scores.flat`."""
        return torch.cat([part.flat() for part in self.parts.values()], dim=1)

    def of_flat(self, flat: Tensor, lengths: Sequence[int]) -> Self:
        """Scores of the same heads for other tokens. See `Scores.of_flat`."""
        widths = [part.flat().shape[1] for part in self.parts.values()]
        columns = iter(flat.split(widths, dim=1))
        return self._each(lambda part: part.of_flat(next(columns), lengths), lengths=lengths)


@dataclass(frozen=True)
class JointObjective(Objective[JointScores]):
    """The weighted sum of several heads' losses (Eq. 11 of paper 3).

    heads (Mapping[str, Objective]): The objective of each.
    decoding (str): The head that finds spans; or all of them: their "union", a "vote" of more than half of
        them, or the "mean" of their log-odds.
    RAISES (ValueError): If there is no such head, or one finds spans in a text's beginning alone.
    """

    heads: Mapping[str, Objective]
    decoding: str

    def __post_init__(self) -> None:
        if any(head.extent is not None for head in self.heads.values()):
            raise ValueError("Invalid window: heads that learn together find spans anywhere in a text.")
        known = (*self.heads, *get_args(Together))
        if self.decoding not in known:
            raise ValueError(f"Invalid decoding: {self.decoding!r}. Expected one of {known}.")

    @property
    def deciding(self) -> tuple[str, ...]:
        """The heads that find spans."""
        return (self.decoding,) if self.decoding in self.heads else tuple(self.heads)

    @property
    def learns_spans(self) -> bool:  # type: ignore[override]
        """Whether a head that finds spans learns from single ones."""
        return any(self.heads[name].learns_spans for name in self.deciding)

    @property
    def window(self) -> Window:  # type: ignore[override]
        """The widest of the heads that find spans."""
        widths = [self.heads[name].window.width for name in self.deciding]
        return Window(None if None in widths else max(n for n in widths if n is not None))

    def loss(self, scores: JointScores, gold: Tensor) -> Tensor:
        """The weighted sum of the heads' losses, each of the gold that the head can learn. See
        `Objective.loss`."""
        losses = [
            self.heads[name].loss(part, _learned_by(self.heads[name], gold))
            for name, part in scores.parts.items()
        ]
        return (scores.weights * torch.stack(losses).to(scores.tasks)).sum()

    def decode(self, scores: JointScores, cut: Cut) -> DecodedSpans:
        """Find spans. See `Objective.decode`."""
        if self.decoding in self.heads:
            return self.heads[self.decoding].decode(scores.parts[self.decoding], cut)
        # What all say of a span is never above the highest that one says of it.
        own = Cut.above(cut.minimum, starts=cut.starts)
        found = [
            LikelySpans.of(self.heads[name].decode(part, own), scores.lengths).spans
            for name, part in scores.parts.items()
        ]
        spans = torch.cat(found).unique(dim=0).to(scores.tasks.device)
        return cut.apply(DecodedSpans.of_flat(spans, self.log_odds(scores, spans).float(), scores.lengths))

    def log_odds(self, scores: JointScores, spans: Tensor) -> Tensor:
        """The scores of single spans. See `Objective.log_odds`."""
        if self.decoding in self.heads:
            return self.heads[self.decoding].log_odds(scores.parts[self.decoding], spans)
        of_heads = [self.heads[name].log_odds(part, spans).double() for name, part in scores.parts.items()]
        logits = torch.stack(of_heads).clamp(-MOST, MOST)
        if self.decoding == "union":
            return logits.amax(0)
        if self.decoding == "mean":
            return logits.mean(0)
        # A vote passes where the last whose yes is needed says yes.
        return logits.sort(0, descending=True).values[len(logits) // 2]

    def compares(self, other: Objective) -> bool:
        """None: they are compared by the spans that they find likely alone."""
        return False

    def span_divergence(
        self,
        student: JointScores,
        target: LikelySpans,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """The weighted sum over the heads that learn from single spans, with weights that add up to 1 without
        the others'. See `Objective.span_divergence`.
        """
        learning = [i for i, name in enumerate(student.parts) if self.heads[name].learns_spans]
        of_heads = [
            self.heads[name].span_divergence(part, target, how, allowed)
            for name, part in student.parts.items()
            if self.heads[name].learns_spans
        ]
        return (student.tasks[learning].softmax(0) * torch.stack(of_heads).to(student.tasks)).sum()

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Refuse spans that all heads refuse. See `Objective.refuse`."""
        return _reasons([objective.refuse(spans) for objective in self.heads.values()], needed=1)

    def miss(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Tell which gold spans the deciding heads can't predict. See `Objective.miss`."""
        by_head = [self.heads[name].miss(spans) for name in self.deciding]
        needed = {"vote": len(by_head) // 2 + 1, "mean": len(by_head)}.get(self.decoding, 1)
        return _reasons(by_head, needed)


def _learned_by(objective: Objective, gold: Tensor) -> Tensor:
    """The gold of a flat batch, in which spans of two documents never overlap, that is not refused."""
    spans = [(first, last + 1, str(kind)) for first, last, kind in gold.tolist()]
    return gold[[reason is None for reason in objective.refuse(spans)]]


def _reasons(by_head: Sequence[Sequence[Optional[str]]], needed: int) -> list[Optional[str]]:
    """The first reason against each span that a head has, unless so many as are needed have none."""
    return [
        None if reasons.count(None) >= needed else next(filter(None, reasons))
        for reasons in zip(*by_head, strict=True)
    ]
