"""Distillation as a course: `spacy train`'s steps, with a teacher."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Optional, cast

from spacy.language import Language
from spacy.training import Example
from spacy.util import minibatch
from thinc.api import Model
from tqdm import tqdm
from wasabi import Printer

from ..entities import show_label
from ..errors import DistillationError
from ..pipeline.scoring import score_spans
from ..pipeline.span_pipe import SpanPipe
from ..spans import DistillationLoss
from ..training.loop import Info, Logger
from ..training.pipeline import PipelineCourse
from .encoder import token_vectors
from .teacher import LinkedTeacher

# A joint teacher that falls so far below the unlinked one is worth a warning.
TEACHER_FELL = 0.005
TEACHER_SCORE = "teacher_f"
DISTILLATION_LOSS = "distill"
TEACHER_LOSS = "teacher"


@dataclass(kw_only=True)
class DistillationCourse(PipelineCourse):
    """A pipeline one of whose components learns from a teacher.

    student (SpanPipe): The component.
    teacher (LinkedTeacher): Its teacher.
    loss (DistillationLoss): What is added to the student's loss.
    texts (Optional[List[str]]): All that the corpora hold, training and dev; None if the one has no end.
    unlinked (float): F of the teacher on the dev corpus, before anything has learned.
    """

    done: ClassVar[str] = "distilled.json"

    student: SpanPipe
    teacher: LinkedTeacher
    loss: DistillationLoss
    texts: Optional[list[str]]
    unlinked: float = field(default=0.0, init=False)

    @property
    def learning(self) -> dict[str, Model]:
        """The models of the pipeline, and what of the teacher learns."""
        return super().learning | {f"teacher.{name}": model for name, model in self.teacher.learning.items()}

    def prepare(self) -> None:
        """Fill the cache, and score the teacher. See `Course`."""
        self._say_folds()
        self._fill_cache()
        self.unlinked = score_teacher(self)
        taught = ", ".join(map(show_label, self.teacher.labels))
        score = f"F {100 * self.unlinked:.2f} on the dev corpus"
        self.say(Printer(no_print=True).info(f"Teacher: {score}; teaches {taught}"))
        super().prepare()

    def _say_folds(self) -> None:
        folds = self.teacher.folds
        if folds is None or self.texts is None:
            return
        texts = set(self.texts)
        n_taught = sum(text in folds.members for text in texts)
        if not n_taught:
            raise DistillationError(
                "[distillation] folds: no text of the corpora is in one. Give the files that the corpora "
                "were divided into."
            )
        self.say(
            Printer(no_print=True).info(
                f"Out of fold: one member of the teacher alone teaches {n_taught} of {len(texts)} texts"
            )
        )

    def _fill_cache(self) -> None:
        if not self.teacher.cache.max_bytes:
            return
        msg = Printer(no_print=True)
        if self.texts is None:
            self.say(msg.info("max_epochs = -1: nothing of the teacher is cached"))
            return
        n_texts = len(set(self.texts))
        with tqdm(
            total=n_texts,
            desc="Teacher's vectors",
            unit=" texts",
            file=self.stderr,
            leave=False,
            disable=None,
        ) as bar:
            self.teacher.fill_cache(self.texts, bar.update)
        left_out = self.teacher.cache.left_out
        if left_out:
            self.say(
                msg.warn(
                    f"{left_out} of {n_texts} texts are beyond the cache's max_gb and are encoded again in "
                    "every epoch"
                )
            )

    def learn(self, pipe: Any, examples: Sequence[Example], losses: dict[str, float]) -> None:
        """Let a component learn from a batch: the student from its teacher too. See `PipelineCourse`."""
        if pipe is not self.student:
            super().learn(pipe, examples, losses)
            return
        drop = float(self.training["dropout"])
        self.student.distill(self.teacher, examples, drop=drop, losses=losses, settings=self.loss)
        losses[DISTILLATION_LOSS] = losses[f"{self.student.name}_distillation"]
        losses[TEACHER_LOSS] = losses[f"{self.student.name}_teacher"]

    def step(self, batch: Sequence[Example], losses: dict[str, float], *, number: int, epoch: int) -> None:
        """Update the pipeline, and what of the teacher learns. See `Course`."""
        super().step(batch, losses, number=number, epoch=epoch)
        self.teacher.finish_update(self.optimizer)

    def score(self) -> tuple[float, dict[str, Any]]:
        """RETURNS (Tuple[float, Dict[str, Any]]): The student's scores, and that of the joint teacher."""
        score, scores = super().score()
        joint = self.unlinked if self.teacher.linkage is None else score_teacher(self)
        return score, {**scores, TEACHER_SCORE: joint}

    def make_logger(self, nlp: Language) -> Logger:
        """Set up the logger with columns for the teacher, and a warning when it falls.

        nlp (Language): The pipeline as it should see it.
        RETURNS (Logger): The logger.
        """
        log_step, finalize = super().make_logger(cast(Language, _WithTeacher(nlp)))
        has_fallen = False

        def log_and_warn(info: Optional[Info]) -> None:
            nonlocal has_fallen
            log_step(info)
            if info is None or has_fallen:
                return
            joint = info["other_scores"][TEACHER_SCORE]
            if joint < self.unlinked - TEACHER_FELL:
                has_fallen = True
                self.say(Printer(no_print=True).warn(_fallen(self.unlinked, joint)))

        return log_and_warn, finalize

    def to_disk(self, directory: Path) -> None:
        """Write what of the pipeline and of the teacher can change on the way.

        directory (Path): Where to.
        """
        super().to_disk(directory)
        for name, model in self.teacher.learning.items():
            (directory / name).write_bytes(model.to_bytes())

    def from_disk(self, directory: Path) -> None:
        """Load what `to_disk` wrote.

        directory (Path): Where it is.
        """
        super().from_disk(directory)
        for name in self.teacher.learning:
            self.teacher.load_learned(name, (directory / name).read_bytes())


def score_teacher(course: DistillationCourse) -> float:
    """F of the joint teacher on the dev corpus, for the labels that it teaches.

    course (DistillationCourse): What learns from it.
    RETURNS (float): F.
    RAISES (DistillationError): If the dev corpus has no gold.
    """
    nlp, teacher = course.nlp, course.teacher
    key, own_key = course.student.key, teacher.pipe.key
    examples = []
    for batch in minibatch(course.dev_corpus(nlp), nlp.batch_size):
        docs = [eg.predicted for eg in batch]
        vectors = token_vectors(nlp, course.student.name, docs) if teacher.linkage is not None else []
        for doc, eg in zip(teacher.predict(docs, vectors), batch, strict=True):
            doc.spans[key] = [span for span in doc.spans[own_key] if span.label_ in teacher.labels]
            reference = eg.reference.copy()
            if key in reference.spans:
                gold = reference.spans[key]
                reference.spans[key] = [span for span in gold if span.label_ in teacher.labels]
            examples.append(teacher.example(doc, reference, key))
    score = score_spans(examples, spans_key=key)[f"spans_{key}_f"]
    if score is None:
        raise DistillationError(
            f"The dev corpus '{nlp.config['training']['dev_corpus']}' has no gold spans under "
            f"doc.spans['{key}'], so that no model can be chosen on it."
        )
    return float(score)


class _WithTeacher:
    """The pipeline as a logger should see it: with columns for the teacher."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        trained = SimpleNamespace(is_trainable=True)
        self.pipeline = [*nlp.pipeline, (DISTILLATION_LOSS, trained), (TEACHER_LOSS, trained)]
        self.config = nlp.config.interpolate()
        self.config["training"]["score_weights"][TEACHER_SCORE] = 0.0
        self.config["training"]["max_steps"] = self.config["distillation"]["max_steps"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nlp, name)


def _fallen(unlinked: float, joint: float) -> str:
    return (
        f"The joint teacher has fallen from F {100 * unlinked:.2f} to {100 * joint:.2f} on the dev corpus. "
        "If it stays there, it may go by its memory of the training corpus. What helps then: "
        "train_teacher_head = false, dropout in [distillation.linkage], a lower learning rate, more text."
    )
