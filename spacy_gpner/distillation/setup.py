"""From a config and a trained pipeline to all that a distillation works with."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.util import load_model, registry, resolve_dot_names, walk_dict
from thinc.api import Config, ConfigValidationError, Optimizer

from ..pipeline.span_globalpointer import SpanGlobalPointer
from .cache import VectorCache
from .config import ConfigSchemaDistill, resolve_distillation
from .errors import DistillationError
from .teacher import LinkedTeacher

FACTORY = "span_globalpointer"
Corpus = Callable[[Language], Iterable[Example]]


def load_teacher(name: str) -> Language:
    """Load a teacher.

    name (str): Its directory or package.
    RETURNS (Language): Its pipeline.
    RAISES (DistillationError): If it is damaged.
    RAISES (OSError): If there is none.
    """
    try:
        return load_model(name)
    except OSError:
        raise
    except Exception as err:
        raise DistillationError(f"Can't load the teacher {name} ({type(err).__name__}: {err})") from err


def init_nlp_student(config: Config, teacher: Language, *, use_gpu: int = -1) -> Language:
    """Make and initialize a student. Without gold to take labels from, it gets its teacher's.

    config (Config): Its config, not interpolated.
    teacher (Language): The teacher's pipeline.
    use_gpu (int): GPU id, or -1 for CPU.
    RETURNS (Language): The student's pipeline.
    RAISES (ConfigValidationError): If the config is not valid.
    RAISES (DistillationError): If the student can't be initialized, or the teacher is none.
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
        raise DistillationError(
            f"The student can't be initialized with [training] train_corpus and dev_corpus: {err}"
        ) from err


def _find_student(nlp: Language) -> SpanGlobalPointer:
    found = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, SpanGlobalPointer)]
    if len(found) != 1:
        raise DistillationError(
            f"The student's pipeline ({', '.join(nlp.pipe_names) or 'empty'}) has {len(found)} components of "
            f"the factory {FACTORY}. Exactly one can be distilled."
        )
    return found[0]


def _find_teacher(nlp: Language, student: str, settings: ConfigSchemaDistill) -> SpanGlobalPointer:
    """The component of the same name, or the one that `student_to_teacher` names; else the only one."""
    found = {name: pipe for name, pipe in nlp.pipeline if isinstance(pipe, SpanGlobalPointer)}
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
                else f"Set [distillation] student_to_teacher: {', '.join(found)}."
            )
        )
    return next(iter(found.values()))


@dataclass
class Run:
    """What a run works with."""

    nlp: Language
    student: SpanGlobalPointer
    teacher: LinkedTeacher
    corpus: Corpus
    dev_corpus: Corpus
    settings: ConfigSchemaDistill
    training: dict[str, Any]
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
    (dev_corpus,) = resolve_dot_names(config, [training["dev_corpus"]])
    return Run(
        nlp=nlp,
        student=student,
        teacher=teacher,
        corpus=_make_corpus(config, settings, student.key),
        dev_corpus=dev_corpus,
        settings=settings,
        training=training,
        identity={**_settings(config), "teacher": teacher.digest},
    )


def _settings(config: Config) -> dict[str, Any]:
    """Every setting that the weights depend on, by its dotted name."""
    left_out = (["distillation", "cache"], ["training", "logger"])
    return {
        ".".join(keys): value
        for keys, value in walk_dict(config)
        if keys[0] != "paths" and keys[:2] not in left_out
    }


def _make_corpus(config: Config, settings: ConfigSchemaDistill, key: str) -> Corpus:
    """The training corpus: labelled examples first, then unlabelled ones, without what gold they may have."""
    if settings.corpus is None and settings.unlabelled_corpus is None:
        raise DistillationError(
            "Nothing to learn from: both corpus and unlabelled_corpus are null in the [distillation] block."
        )
    labelled, unlabelled = (
        resolve_dot_names(config, [name])[0] if name is not None else None
        for name in (settings.corpus, settings.unlabelled_corpus)
    )

    def read(nlp: Language) -> Iterator[Example]:
        has_gold = False
        for example in labelled(nlp) if labelled is not None else ():
            has_gold = has_gold or key in example.reference.spans
            yield example
        if labelled is not None and not has_gold:
            raise DistillationError(
                f"The corpus '{settings.corpus}' has no gold spans under doc.spans['{key}']. Check the "
                "student's spans_key; or name it as unlabelled_corpus, with corpus = null, to learn from the "
                "teacher alone."
            )
        for example in unlabelled(nlp) if unlabelled is not None else ():
            if key in example.reference.spans:
                del example.reference.spans[key]
            yield example

    return read
