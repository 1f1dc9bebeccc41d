"""The loss of a batch's gold spans, and gradients of scores."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import torch
from spacy.training import Example
from torch import Tensor

from ..errors import DivergedError
from ..spans import DistillationLoss, LikelySpans, Objective, Scores
from .gold import gold_spans
from .teaching import Lesson

S = TypeVar("S", bound=Scores)


def gold_loss(
    scores: S, examples: Sequence[Example], key: str, label_ids: Mapping[str, int], objective: Objective[S]
) -> Tensor:
    """The loss of the annotated documents of a batch: those whose reference has the span group.

    scores (Scores): The batch's scores.
    examples (Sequence[Example]): The batch.
    key (str): Key of the span group.
    label_ids (Mapping[str, int]): The type of each label.
    objective (Objective): How scores are learned.
    RETURNS (Tensor): The loss, a scalar; 0 without annotated text.
    """
    annotated = [key in eg.reference.spans for eg in examples]
    scores = scores.documents(annotated)
    if not sum(scores.lengths):
        return scores.flat().sum()
    known = [eg for eg, has in zip(examples, annotated, strict=True) if has]
    return objective.loss(scores, gold_spans(known, key, label_ids, objective))


def lesson_divergence(
    student: S, lesson: Lesson[S], objective: Objective[S], how: DistillationLoss
) -> Tensor:
    """How far a student's scores are from what its teacher makes of a batch.

    student (Scores): The student's scores for the labels that are taught.
    lesson (Lesson): What the teacher makes of it.
    objective (Objective): The student's.
    how (DistillationLoss): How they are compared.
    RETURNS (Tensor): The divergence, a scalar.
    RAISES (ValueError): If scores of this kind, or of two kinds, can't be compared so.
    """
    if not isinstance(lesson.target, LikelySpans):
        return objective.divergence(student, lesson.target, how, lesson.allowed)
    if how.divergence != "bernoulli":
        raise ValueError(
            f"Invalid divergence: {how.divergence!r}. Teacher and student have scores of different kinds, "
            "tags of different tokens, or the teacher's folds have chains of their own: these are compared "
            "span by span. Set divergence to 'bernoulli'."
        )
    return objective.span_divergence(student, lesson.target, how, lesson.allowed)


def differentiate(scores: S, loss: Callable[[S], Tensor], *, name: str) -> tuple[float, S]:
    """Value and gradient of a loss.

    scores (Scores): Where to take them.
    loss (Callable[[Scores], Tensor]): The loss.
    name (str): What to call it in an error.
    RETURNS (Tuple[float, Scores]): The loss and its gradient.
    RAISES (DivergedError): If the loss is not finite.
    """
    leaves = scores.with_tensors(*(x.detach().requires_grad_() for x in scores.tensors))
    value = loss(leaves)
    if not value.isfinite():
        raise DivergedError(name, value.item())
    value.backward()
    gradient = (torch.zeros_like(x) if x.grad is None else x.grad for x in leaves.tensors)
    return float(value.detach()), scores.with_tensors(*gradient)
