"""From a config and a trained pipeline to all that a distillation works with."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training.initialize import init_nlp
from spacy.util import registry, walk_dict
from thinc.api import Config, ConfigValidationError, Optimizer

from ..errors import DistillationError
from ..pipeline.span_pipe import SpanPipe
from .cache import VectorCache
from .config import ConfigSchemaDistill, resolve_distillation
from .corpus import Corpus, find_corpus, join_corpora, survey
from .teacher import LinkedTeacher

FACTORY = "span_globalpointer"


def init_nlp_student(config: Config, teacher: Language, *, use_gpu: int = -1) -> Language:
    """Make and initialize a student. Without gold to take labels from, it gets its teacher's.

    config (Config): Its config, not interpolated.
    teacher (Language): The teacher's pipeline.
    use_gpu (int): GPU id, or -1 for CPU.
    RETURNS (Language): The student's pipeline.
    RAISES (ConfigValidationError): If the config is not valid.
    RAISES (DistillationError): If the student can't be initialized, or the teacher has no fitting
        component.
    """
    settings = resolve_distillation(config)
    names = [name for name, block in config["components"].items() if block.get("factory") == FACTORY]
    pipes = {name: _find_teacher(teacher, name, settings) for name in names}
    if settings.corpus is None:
        config = config.copy()
        for name, pipe in pipes.items():
            own = config.setdefault("initialize", {}).setdefault("components", {}).setdefault(name, {})
            own.setdefault("labels", pipe.label_data)
    try:
        return init_nlp(config, use_gpu=use_gpu)
    except ConfigValidationError:
        raise
    except ValueError as err:
        # srsly quotes the line.
        reason = re.sub(r"(?s)(Invalid JSON on line \d+).*", r"\1", str(err))
        raise DistillationError(
            f"The student can't be initialized with [training] train_corpus and dev_corpus: {reason}"
        ) from None


def _find_student(nlp: Language) -> SpanPipe:
    found = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, SpanPipe)]
    if len(found) != 1:
        raise DistillationError(
            f"The student's pipeline ({', '.join(nlp.pipe_names) or 'empty'}) has {len(found)} components of "
            f"the factory {FACTORY}. Exactly one can be distilled."
        )
    return found[0]


def _find_teacher(nlp: Language, student: str, settings: ConfigSchemaDistill) -> SpanPipe:
    """The component of the same name, or the one that `student_to_teacher` names; else the only one."""
    found = {name: pipe for name, pipe in nlp.pipeline if isinstance(pipe, SpanPipe)}
    mapping = settings.student_to_teacher
    if set(mapping) - {student}:
        raise DistillationError(
            f"student_to_teacher names {', '.join(sorted(set(mapping) - {student}))}, but the student's "
            f"component is {student}."
        )
    name = mapping.get(student, student)
    if name in found:
        return found[name]
    if student in mapping or len(found) != 1:
        raise DistillationError(
            f"The teacher's pipeline ({', '.join(nlp.pipe_names) or 'empty'}) has no {FACTORY} '{name}'. "
            + (
                "Train one first."
                if not found
                else "Name one in the config's [distillation.student_to_teacher]: "
                + " or ".join(f'{student} = "{other}"' for other in found)
            )
        )
    return next(iter(found.values()))


@dataclass
class Run:
    """What a run works with.

    texts (List[str]): All that its corpora hold, training and dev; none if a corpus has no end.
    identity (Dict[str, Any]): What a run that goes on must have in common with the one before.
    """

    nlp: Language
    student: SpanPipe
    teacher: LinkedTeacher
    corpus: Corpus
    dev_corpus: Corpus
    settings: ConfigSchemaDistill
    training: dict[str, Any]
    texts: list[str]
    identity: dict[str, Any]

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of the student and of what the teacher learns."""
        return self.settings.optimizer

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """With the averages of all weights, if the optimizer keeps them."""
        with ExitStack() as stack:
            if self.optimizer.averages:
                stack.enter_context(self.nlp.use_params(self.optimizer.averages))
                for model in self.teacher.learning.values():
                    stack.enter_context(model.use_params(self.optimizer.averages))
            yield


def prepare(nlp: Language, teacher_nlp: Language) -> Run:
    """Make what the config of a student describes.

    nlp (Language): The student's pipeline, initialized.
    teacher_nlp (Language): The teacher's pipeline.
    RETURNS (Run): What the run works with.
    RAISES (DistillationError): If teacher, student and corpora don't fit.
    """
    config = nlp.config.interpolate()
    settings = resolve_distillation(config)
    student = _find_student(nlp)
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    if training["eval_frequency"] < 1:
        raise DistillationError("[training] eval_frequency: expected at least 1 step.")
    if student.name in training["frozen_components"]:
        raise DistillationError(f"'{student.name}' can't learn: it is one of [training] frozen_components.")
    teacher = LinkedTeacher(
        teacher_nlp,
        _find_teacher(teacher_nlp, student.name, settings).name,
        student,
        linkage=settings.linkage,
        train_head=settings.train_teacher_head,
        lr_scale=settings.teacher_lr_scale,
        cache=VectorCache(**dict(settings.cache)),
    )
    corpus = join_corpora(config, settings.corpus, settings.unlabelled_corpus, student.key)
    dev_corpus = find_corpus(config, training["dev_corpus"])
    # A corpus without an end is never read as a whole.
    texts, digest = survey((corpus, dev_corpus), nlp, student.key) if settings.max_epochs >= 0 else ([], "")
    return Run(
        nlp=nlp,
        student=student,
        teacher=teacher,
        corpus=corpus,
        dev_corpus=dev_corpus,
        settings=settings,
        training=training,
        texts=texts,
        identity={
            **_settings(nlp.config),
            "the teacher": teacher.digest,
            "what the corpora contain": digest,
        },
    )


def _settings(config: Config) -> dict[str, Any]:
    """Every setting that the weights depend on, by its dotted name. Where it is a variable, that is compared,
    so that files can move."""
    left_out = (["distillation", "cache"], ["training", "logger"])
    return {
        ".".join(keys): value
        for keys, value in walk_dict(config)
        if keys[0] != "paths" and keys[:2] not in left_out
    }
