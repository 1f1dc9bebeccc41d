"""What a student knows of its teacher."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Optional, Protocol, TypeVar, Union

from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model, Optimizer
from thinc.types import Floats2d

from ..spans import Allowed, LikelySpans, Scores

S = TypeVar("S", bound=Scores)

# From a batch and the key of its gold to the teacher's own loss and the gradient of the student's vectors.
Joint = Callable[[Sequence[Example], str], tuple[float, list[Floats2d]]]


@dataclass(frozen=True)
class Lesson(Generic[S]):
    """What a teacher makes of a batch.

    target (Union[Scores, LikelySpans]): Its scores for the labels that it teaches, on the student's tokens,
        detached; or of a teacher of another kind the spans that it finds likely.
    allowed (Optional[Callable[[Tensor, Tensor], Tensor]]): Which spans it has an opinion of, by their first
        token and last token in the flat batch; None for all.
    joint (Optional[Joint]): Gives the teacher's own loss on the gold of the batch and what of its gradient
        reaches the student's vectors; None where nothing of the teacher learns.
    """

    target: Union[S, LikelySpans]
    allowed: Optional[Allowed] = None
    joint: Optional[Joint] = None


class Teacher(Protocol[S]):
    """Whatever can teach a component: a trained pipeline, alone or linked to its student.

    labels (List[str]): The labels that it teaches, all of which the student has.
    """

    labels: list[str]

    def teach(self, docs: Sequence[Doc], vectors: list[Floats2d], *, is_train: bool) -> Lesson[S]:
        """Score a batch.

        docs (Sequence[Doc]): The batch on the student's tokens.
        vectors (List[Floats2d]): The student's vectors of its tokens.
        is_train (bool): Whether what learns of the teacher is to be trained.
        RETURNS (Lesson): What it makes of it.
        """
        ...

    @property
    def learning(self) -> Mapping[str, Model]:
        """What of it learns, by name."""
        ...

    def finish_update(self, sgd: Optimizer) -> None:
        """Update what of it learns.

        sgd (Optimizer): The optimizer.
        """
        ...
