"""One step of distillation: what a student learns from a batch, and from its teacher."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional

from spacy.training import Example
from thinc.api import Optimizer, set_dropout_rate

from ..pipeline.learning import differentiate, gold_loss
from ..spans import divergence
from .config import DistillationLoss

if TYPE_CHECKING:
    from ..pipeline.span_globalpointer import SpanGlobalPointer
    from .teacher import LinkedTeacher


def distill_batch(
    student: "SpanGlobalPointer",
    teacher: "LinkedTeacher",
    examples: Sequence[Example],
    settings: DistillationLoss,
    *,
    drop: float,
    sgd: Optional[Optimizer],
    losses: dict[str, float],
) -> None:
    """Learn from the gold spans of a batch, where there are any, and from the teacher; the teacher's linkage
    learns from the gold spans.

    student (SpanGlobalPointer): The student.
    teacher (LinkedTeacher): The teacher.
    examples (Sequence[Example]): The batch.
    settings (DistillationLoss): What is added to the student's loss.
    drop (float): The dropout rate of the student's thinc layers.
    sgd (Optional[Optimizer]): The optimizer.
    losses (Dict[str, float]): Record of the losses, updated under the student's name: its own, the divergence
        under `{name}_distillation` and the joint teacher's under `{name}_teacher`.
    """
    docs = [eg.predicted for eg in examples]
    set_dropout_rate(student.model, drop)
    vectors, backprop_vectors = student.model.get_ref("tok2vec").begin_update(docs)
    factors, backprop_factors = student.model.get_ref("output_layer").begin_update(vectors)
    loss, d_factors = student.get_loss(examples, factors)
    losses[student.name] += loss

    lesson = teacher.teach(docs, vectors, is_train=True)
    if settings.alpha:
        types = [student.labels.index(label) for label in teacher.labels]
        value, d_divergence = differentiate(
            factors,
            lambda f: (
                settings.alpha
                * divergence(
                    f.types(types),
                    lesson.target,
                    student.window,
                    settings.divergence,
                    temperature=settings.temperature,
                    reduction=settings.reduction,
                    allowed=lesson.allowed,
                )
            ),
            name=f"{student.name}, distillation",
        )
        losses[f"{student.name}_distillation"] += value
        d_factors = d_factors + d_divergence
    d_vectors = backprop_factors(d_factors)

    if lesson.backprop is not None:
        types = [teacher.pipe.labels.index(label) for label in teacher.labels]
        label_ids = {label: i for i, label in enumerate(teacher.labels)}
        on_teacher = teacher.on_own_tokens(examples, lesson.tokens, student.key)
        value, d_lesson = differentiate(
            lesson.factors,
            lambda f: gold_loss(f.types(types), on_teacher, student.key, label_ids, teacher.window),
            name=f"{student.name}, teacher",
        )
        losses[f"{student.name}_teacher"] += value
        d_linked = lesson.backprop(d_lesson)
        d_vectors = [own + linked for own, linked in zip(d_vectors, d_linked, strict=True)]
    backprop_vectors(d_vectors)
    if sgd is not None:
        student.finish_update(sgd)
        teacher.finish_update(sgd)
