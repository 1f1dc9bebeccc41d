"""How one kind of scores is learned, read and compared."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, Optional, TypeVar, cast

from torch import Tensor

from .decoded import Cut, DecodedSpans
from .divergence import DistillationLoss
from .likely import FLOOR, LikelySpans
from .pairs import Allowed
from .scores import Scores
from .tiles import Window

S = TypeVar("S", bound=Scores)
UNREACHED = "longer than `window` tokens: learned, but can't be predicted. A wider window finds them"


class Objective(ABC, Generic[S]):
    """What a component asks of its scores. The methods that are not abstract are for objectives that can't
    learn or predict every span."""

    # Which spans can be predicted at all.
    window: Window = Window(None)
    # Whether there is a `span_divergence`, for teachers of other kinds.
    learns_spans: bool = False

    @property
    def reach(self) -> Optional[int]:
        """The most tokens of a span; None where there is no such bound."""
        return self.window.width

    @property
    def extent(self) -> Optional[int]:
        """The first tokens of a document, in which spans lie; None where they can lie anywhere."""
        return self.window.width if self.window.mode == "prefix" else None

    @abstractmethod
    def loss(self, scores: S, gold: Tensor) -> Tensor:
        """The loss of a batch.

        scores (Scores): The batch's scores.
        gold (Tensor): Gold spans, shape (G, 3): first token and last token (inclusive) in the flat batch,
            type. No span twice, and none that is refused.
        RETURNS (Tensor): The loss, a scalar.
        """

    @abstractmethod
    def decode(self, scores: S, cut: Cut) -> DecodedSpans:
        """Find spans.

        scores (Scores): The batch's scores.
        cut (Cut): Which spans to find; `cut.apply` chooses them where that can't be done on the way.
        RETURNS (DecodedSpans): The spans. The score of each is a log-odds.
        """

    def divergence(
        self, student: S, target: S, how: DistillationLoss, allowed: Optional[Allowed] = None
    ) -> Tensor:
        """How far a student's scores are from its teacher's, without the weight α.

        student, target (Scores): Their scores, of the same tokens and types. The gradient goes to the
            student alone.
        how (DistillationLoss): Which divergence, its temperature and reduction.
        allowed (Optional[Callable[[Tensor, Tensor], Tensor]]): Which spans to compare, by their first token
            and last token in the flat batch; None for all.
        RETURNS (Tensor): The divergence, a scalar.
        RAISES (ValueError): If scores of this kind are compared by the spans that they find likely alone.
        """
        raise ValueError(f"{type(self).__name__} is compared by the spans that it finds likely alone.")

    def log_odds(self, scores: S, spans: Tensor) -> Tensor:
        """The scores of single spans.

        scores (Scores): The batch's scores.
        spans (Tensor): First token and last token (inclusive) in the flat batch, type, shape (G, 3).
        RETURNS (Tensor): The log-odds, shape (G,).
        RAISES (ValueError): If scores of this kind don't tell them.
        """
        raise ValueError(f"{type(self).__name__} does not score single spans.")

    def compares(self, other: "Objective") -> bool:
        """Whether `divergence` compares these scores with those of another objective: those of its kind."""
        return type(self) is type(other)

    def likely(self, scores: S) -> LikelySpans:
        """The spans that are not all but impossible, which a student of another kind can learn from.

        scores (Scores): The batch's scores.
        RETURNS (LikelySpans): The spans.
        """
        found = self.decode(scores, Cut([FLOOR] * scores.num_types))
        return LikelySpans.of(found, scores.lengths)

    def span_divergence(
        self, student: S, target: LikelySpans, how: DistillationLoss, allowed: Optional[Allowed] = None
    ) -> Tensor:
        """How far a student's scores are from the spans that a teacher of another kind finds likely:
        Σ KL(Bernoulli(p) ‖ Bernoulli(q)), a mean over documents and types.

        student (Scores): Its scores.
        target (LikelySpans): The spans, of the same tokens and types.
        how (DistillationLoss): Its temperature and reduction.
        allowed (Optional[Callable[[Tensor, Tensor], Tensor]]): Which spans to compare, by their first token
            and last token in the flat batch; None for all.
        RETURNS (Tensor): The divergence, a scalar.
        RAISES (ValueError): If scores of this kind can't learn from single spans.
        """
        raise ValueError(
            f"{type(self).__name__} can't learn from single spans. Give a teacher whose scores are of the "
            "student's kind."
        )

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Tell which gold spans of a document can't be learned.

        spans (Sequence[Tuple[int, int, str]]): First token, the token after the last, and label of each.
        RETURNS (List[Optional[str]]): Why, as the end of "these spans are …"; None for those that can.
        """
        return [None] * len(spans)

    def miss(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Tell which gold spans of a document can't be predicted: those that can't be learned, and those that
        are longer than the window.

        spans (Sequence[Tuple[int, int, str]]): First token, the token after the last, and label of each.
        RETURNS (List[Optional[str]]): Why, as the end of "these spans are …"; None for those that can.
        """
        reach = self.reach
        return [
            UNREACHED if reason is None and reach is not None and end - start > reach else reason
            for (start, end, _), reason in zip(spans, self.refuse(spans), strict=True)
        ]

    def holds(self, start: Tensor, end: Tensor) -> Tensor:
        """Which spans can be predicted at all.

        start, end (Tensor): First token, and the token after the last, of the same shape.
        RETURNS (Tensor): Whether they can, of that shape.
        """
        inside: Tensor = cast(Any, self.window).holds(start, end)
        return inside

    def covers(self, other: "Objective") -> bool:
        """Whether all spans can be predicted that can be with another objective."""
        return self.window.covers(other.window)
