"""The distillation loop: `spacy train`'s, with a teacher."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from timeit import default_timer as timer
from types import SimpleNamespace
from typing import IO, Any, Optional, cast

from spacy.language import Language
from spacy.schemas import ConfigSchemaTraining
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.training.loop import (
    DIR_MODEL_BEST,
    DIR_MODEL_LAST,
    create_before_to_disk_callback,
    create_evaluation_callback,
    create_train_batches,
    subdivide_batch,
    update_meta,
)
from spacy.util import load_model, minibatch, registry, resolve_dot_names, walk_dict
from thinc.api import Config, ConfigValidationError, Optimizer, fix_random_seed
from tqdm import tqdm
from wasabi import Printer

from ..files import atomic_directory
from ..pipeline.loss import DivergedError
from ..pipeline.span_globalpointer import SpanGlobalPointer
from ..scoring import score_spans
from .cache import VectorCache
from .checkpoint import (
    Progress,
    check_output,
    finish,
    load_checkpoint,
    random_state,
    restore_random,
    save_checkpoint,
)
from .config import ConfigSchemaDistill, resolve_distillation
from .errors import DistillationError
from .teacher import LinkedTeacher, token_vectors

# A joint teacher that falls so far below the unlinked one is worth a warning.
TEACHER_FELL = 0.005
FACTORY = "span_globalpointer"
TEACHER_SCORE = "teacher_f"
DISTILLATION_LOSS = "distill"
TEACHER_LOSS = "teacher"
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


def distill(
    nlp: Language,
    teacher_nlp: Language,
    output_path: Path,
    *,
    use_gpu: int = -1,
    resume: bool = False,
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> None:
    """Train a student under a teacher, as the `[distillation]` and `[training]` blocks of its config say.

    nlp (Language): The student's pipeline, initialized.
    teacher_nlp (Language): The teacher's pipeline.
    output_path (Path): Where to save the student (model-best, model-last), and checkpoints until then.
    use_gpu (int): GPU id, or -1 for CPU.
    resume (bool): Whether to go on from the last checkpoint there.
    stdout, stderr (IO[str]): Where messages and the progress bar go.
    RAISES (DistillationError): If teacher, corpus, cache or checkpoint don't fit, or a loss is not finite.
    """
    msg = Printer(no_print=True)

    def say(text: str) -> None:
        print(text, file=stdout, flush=True)

    run = _prepare(nlp, teacher_nlp)
    if not check_output(output_path, run.identity, resume=resume):
        say(msg.good("Already finished", output_path))
        return
    _fill_cache(run, say, stderr)
    unlinked = score_teacher(run)
    taught = ", ".join(run.teacher.labels)
    say(msg.info(f"Teacher: F {100 * unlinked:.2f} on the dev corpus; teaches {taught}"))
    if run.training["seed"] is not None:
        fix_random_seed(run.training["seed"])
    batches = create_train_batches(nlp, run.corpus, run.settings.batcher, run.settings.max_epochs)
    progress = Progress(0, [], random_state())
    if resume:
        progress = _resume(run, output_path, batches, progress, say)
    before_to_disk = create_before_to_disk_callback(run.training["before_to_disk"])

    def save(name: str) -> None:
        with run.averaged(), atomic_directory(output_path / name) as directory:
            before_to_disk(nlp).to_disk(directory)

    log_step, finalize_logger = run.training["logger"](_WithTeacher(nlp), stdout, stderr)
    warned = False
    try:
        for info, is_best in _distill_while_improving(run, batches, progress, unlinked):
            if is_best is None:
                log_step(None)
                continue
            update_meta(run.training, nlp, info)
            if is_best:
                save(DIR_MODEL_BEST)
            save_checkpoint(output_path, nlp, run.teacher, run.optimizer, progress, run.identity)
            log_step(info)
            joint = info["other_scores"][TEACHER_SCORE]
            if joint < unlinked - TEACHER_FELL and not warned:
                warned = True
                say(msg.warn(_fallen(unlinked, joint)))
    finally:
        finalize_logger()
    save(DIR_MODEL_LAST)
    finish(output_path, run.identity)
    say(msg.good("Saved pipeline to output directory", output_path / DIR_MODEL_LAST))


@dataclass
class _Run:
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


def _prepare(nlp: Language, teacher_nlp: Language) -> _Run:
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
        cache=VectorCache(**dict(settings.cache)),
    )
    (dev_corpus,) = resolve_dot_names(config, [training["dev_corpus"]])
    return _Run(
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


def _fill_cache(run: _Run, say: Callable[[str], None], stderr: IO[str]) -> None:
    if not run.teacher.cache.max_bytes or run.settings.max_epochs < 0:
        return
    texts = [eg.predicted.text for corpus in (run.corpus, run.dev_corpus) for eg in corpus(run.nlp)]
    with tqdm(
        total=len(set(texts)), desc="Teacher's vectors", unit=" texts", file=stderr, leave=False
    ) as bar:
        run.teacher.fill_cache(texts, bar.update)
    if run.teacher.cache.left_out:
        say(
            Printer(no_print=True).warn(
                f"{run.teacher.cache.left_out} of {len(set(texts))} texts are beyond the cache's max_gb and "
                "are encoded again in every epoch"
            )
        )


def _resume(
    run: _Run, output_path: Path, batches: Iterator[Any], new: Progress, say: Callable[[str], None]
) -> Progress:
    msg = Printer(no_print=True)
    loaded = load_checkpoint(output_path, run.nlp, run.teacher, run.optimizer)
    if loaded is None:
        say(msg.info(f"No checkpoint in {output_path}: starting from the beginning"))
        return new
    progress, state = loaded
    restore_random(progress.start)
    for _ in islice(batches, progress.step):
        pass
    restore_random(state)
    say(msg.info(f"Going on after step {progress.step}"))
    return progress


def _distill_while_improving(
    run: _Run, batches: Iterator[tuple[int, Any]], progress: Progress, unlinked: float
) -> Iterator[tuple[dict[str, Any], Optional[bool]]]:
    """As spaCy's `train_while_improving`: yields what a logger takes, and whether it is the best so far, if
    it was evaluated."""
    training, settings = run.training, run.settings
    evaluate = create_evaluation_callback(run.nlp, run.dev_corpus, training["score_weights"])
    losses: dict[str, float] = {}
    words_seen, start = 0, timer()
    for step, (epoch, batch) in enumerate(batches, progress.step):
        if _is_done(progress, settings):
            break
        if training["before_update"]:
            training["before_update"](run.nlp, {"step": step, "epoch": epoch})
        try:
            for subbatch in subdivide_batch(batch, training["accumulate_gradient"]):
                _update(run, subbatch, losses)
        except DivergedError as err:
            raise DistillationError(f"Step {step}: {err}") from None
        for name, pipe in run.nlp.pipeline:
            if name not in training["frozen_components"] and getattr(pipe, "is_trainable", False):
                cast(Any, pipe).finish_update(run.optimizer)
        run.teacher.finish_update(run.optimizer)
        run.optimizer.step_schedules()
        progress.step = step + 1
        words_seen += sum(len(eg) for eg in batch)
        score = scores = is_best = None
        if step % training["eval_frequency"] == 0:
            with run.averaged():
                score, scores = evaluate()
                scores[TEACHER_SCORE] = unlinked if run.teacher.linkage is None else score_teacher(run)
            progress.results.append((score, step))
            is_best = score == max(progress.results)[0]
        info = {
            "epoch": epoch,
            "step": step,
            "score": score,
            "other_scores": scores,
            "losses": losses,
            "checkpoints": progress.results,
            "seconds": int(timer() - start),
            "words": words_seen,
        }
        yield info, is_best
        if is_best is not None:
            losses = {}


def _is_done(progress: Progress, settings: ConfigSchemaDistill) -> bool:
    # As in spaCy, steps count from 0 and the last one is max_steps.
    if settings.max_steps and progress.step > settings.max_steps:
        return True
    best_step = -max(((score, -step) for score, step in progress.results), default=(0.0, 0))[1]
    return bool(settings.patience) and progress.step > best_step + settings.patience


def _update(run: _Run, examples: Iterable[Example], losses: dict[str, float]) -> None:
    """As `Language.update`, but that the student's `span_globalpointer` is distilled."""
    examples = [Example(eg.predicted.copy(), eg.reference) for eg in examples]
    drop = float(run.settings.dropout)
    for name, pipe in run.nlp.pipeline:
        if name not in run.training["frozen_components"] and hasattr(pipe, "update"):
            if pipe is run.student:
                run.student.distill(
                    run.teacher, examples, drop=drop, losses=losses, settings=run.settings.loss
                )
            else:
                pipe.update(examples, sgd=None, losses=losses, drop=drop)
        if name in run.training["annotating_components"]:
            for example, doc in zip(
                examples, cast(Any, pipe).pipe(eg.predicted for eg in examples), strict=True
            ):
                example.predicted = doc
    losses[DISTILLATION_LOSS] = losses[f"{run.student.name}_distillation"]
    losses[TEACHER_LOSS] = losses[f"{run.student.name}_teacher"]


def score_teacher(run: _Run) -> float:
    """F of the joint teacher on the dev corpus, for the labels that it teaches."""
    key, own_key = run.student.key, run.teacher.pipe.key
    examples = []
    for batch in minibatch(run.dev_corpus(run.nlp), run.nlp.batch_size):
        docs = [eg.predicted for eg in batch]
        vectors = token_vectors(run.nlp, run.student.name, docs) if run.teacher.linkage is not None else []
        for doc, eg in zip(run.teacher.predict(docs, vectors), batch, strict=True):
            doc.spans[key] = [span for span in doc.spans[own_key] if span.label_ in run.teacher.labels]
            if key in eg.reference.spans:
                gold = eg.reference.spans[key]
                eg.reference.spans[key] = [span for span in gold if span.label_ in run.teacher.labels]
            examples.append(run.teacher.example(doc, eg.reference, key))
    score = score_spans(examples, spans_key=key)[f"spans_{key}_f"]
    if score is None:
        raise DistillationError(
            f"The dev corpus '{run.nlp.config['training']['dev_corpus']}' has no gold spans under "
            f"doc.spans['{key}'], so that no model can be chosen on it."
        )
    return float(score)


class _WithTeacher:
    """The pipeline as a logger should see it: with columns for the teacher."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        trained = SimpleNamespace(is_trainable=True)
        self.pipeline = [*nlp.pipeline, (DISTILLATION_LOSS, trained), (TEACHER_LOSS, trained)]
        self.config = nlp.config.copy()
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
