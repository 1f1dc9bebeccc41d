"""From a config and a trained pipeline to all that a distillation works with."""

import re
from collections.abc import Collection
from typing import IO, Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training.initialize import init_nlp
from spacy.util import load_model_from_config, registry, walk_dict
from thinc.api import Config, ConfigValidationError

from ..errors import DistillationError, GpnerError
from ..models.cache import VectorCache
from ..pipeline.find import span_pipes
from ..pipeline.span_pipe import SpanPipe
from .config import ConfigSchemaDistill, resolve_distillation
from .corpus import SPLIT, TOO_LONG, find_corpus, join_corpora, survey
from .course import DistillationCourse
from .folds import read_folds
from .teacher import LinkedTeacher

# What [distillation] has in place of [training]
OWN_TRAINING = ("batcher", "optimizer", "dropout", "max_epochs", "max_steps", "patience")


def check_overrides(config: Config, overrides: Collection[str]) -> None:
    """Refuse overrides of what a distillation takes from its own block, unless that refers to them, or its
    own are given too, as when one list of settings is for `spacy train` as well.

    config (Config): The student's config, not interpolated.
    overrides (Collection[str]): The dotted names of the settings that were given.
    RAISES (DistillationError): If one would have no effect.
    """
    block = str(config.get("distillation"))
    for key in overrides:
        section, name, *rest = key.split(".")
        own = ".".join(["distillation", name, *rest])
        is_meant = own in overrides or f"${{training.{name}" in block
        if section == "training" and name in OWN_TRAINING and not is_meant:
            raise DistillationError(
                f"--{key} has no effect: a distillation takes this from [distillation]. Give --{own}."
            )


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
    try:
        # Which component can be distilled shows when it is there.
        student = _find_student(load_model_from_config(config, auto_fill=True))
        labels = _find_teacher(teacher, student.name, settings).label_data
        if settings.corpus is None:
            config = config.copy()
            own = (
                config.setdefault("initialize", {}).setdefault("components", {}).setdefault(student.name, {})
            )
            own.setdefault("labels", labels)
        return init_nlp(config, use_gpu=use_gpu)
    except (ConfigValidationError, GpnerError):
        raise
    except ValueError as err:
        if TOO_LONG in str(err):
            raise DistillationError(
                f"[training] train_corpus has a document that is too long. {SPLIT}"
            ) from None
        # srsly quotes the line.
        reason = re.sub(r"(?s)(Invalid JSON on line \d+).*", r"\1", str(err))
        raise DistillationError(
            f"The student can't be initialized with [training] train_corpus and dev_corpus: {reason}"
        ) from None


def _find_student(nlp: Language) -> SpanPipe:
    found = span_pipes(nlp)
    if len(found) != 1:
        raise DistillationError(
            f"The student's pipeline ({', '.join(nlp.pipe_names) or 'empty'}) has {len(found)} span "
            "components. Exactly one can be distilled."
        )
    return found[0]


def _find_teacher(nlp: Language, student: str, settings: ConfigSchemaDistill) -> SpanPipe:
    """The component of the same name, or the one that `student_to_teacher` names; else the only one."""
    found = {pipe.name: pipe for pipe in span_pipes(nlp)}
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
            f"The teacher's pipeline ({', '.join(nlp.pipe_names) or 'empty'}) has no span component '{name}'. "
            + (
                "Train one first."
                if not found
                else "Name one in the config's [distillation.student_to_teacher]: "
                + " or ".join(f'{student} = "{other}"' for other in found)
            )
        )
    return next(iter(found.values()))


def prepare(nlp: Language, teacher_nlp: Language, **streams: IO[str]) -> DistillationCourse:
    """Make what the config of a student describes.

    nlp (Language): The student's pipeline, initialized.
    teacher_nlp (Language): The teacher's pipeline.
    streams (IO[str]): `stdout` and `stderr` of the course.
    RETURNS (DistillationCourse): What it learns.
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
    pipe = _find_teacher(teacher_nlp, student.name, settings)
    teacher = LinkedTeacher(
        teacher_nlp,
        pipe.name,
        student,
        linkage=settings.linkage,
        train_head=settings.train_teacher_head,
        lr_scale=settings.teacher_lr_scale,
        cache=VectorCache(**dict(settings.cache)),
        folds=None if settings.folds is None else read_folds(settings.folds, pipe.model),
    )
    if not teacher.is_comparable and settings.loss.divergence != "bernoulli":
        raise DistillationError(
            f"[distillation.loss] divergence is '{settings.loss.divergence}', and the teacher's component "
            f"'{pipe.name}' has scores of another kind than '{student.name}': they are compared span by span. "
            'Set divergence = "bernoulli".'
        )
    if teacher.is_comparable:
        try:
            student.objective.divergence(teacher.layout, teacher.layout, settings.loss)
        except ValueError as err:
            raise DistillationError(f"[distillation.loss] {err}") from None
    corpus = join_corpora(config, settings.corpus, settings.unlabelled_corpus, student.key)
    dev_corpus = find_corpus(config, training["dev_corpus"])
    # A corpus without an end is never read as a whole.
    texts, digest = survey((corpus, dev_corpus), nlp, student.key) if settings.max_epochs >= 0 else (None, "")
    return DistillationCourse(
        nlp=nlp,
        training={**training, **{name: getattr(settings, name) for name in OWN_TRAINING}},
        corpus=corpus,
        dev_corpus=dev_corpus,
        identity={
            **_settings(nlp.config),
            "the teacher": teacher.digest,
            "what the corpora contain": digest,
        },
        student=student,
        teacher=teacher,
        loss=settings.loss,
        texts=texts,
        **streams,
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
