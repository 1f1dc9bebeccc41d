"""The distillation loop: `spacy train`'s, with a teacher."""

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from timeit import default_timer as timer
from types import SimpleNamespace
from typing import IO, Any, Optional, cast

from spacy.language import Language
from spacy.training import Example
from spacy.training.loop import (
    DIR_MODEL_BEST,
    DIR_MODEL_LAST,
    create_before_to_disk_callback,
    create_evaluation_callback,
    create_train_batches,
    subdivide_batch,
    update_meta,
)
from spacy.util import minibatch
from thinc.api import fix_random_seed
from tqdm import tqdm
from wasabi import Printer

from ..errors import DistillationError, DivergedError
from ..files import atomic_directory
from ..pipeline.scoring import score_spans
from ..training.checkpoint import (
    Progress,
    begin,
    check_output,
    finish,
    load_checkpoint,
    random_state,
    restore_random,
    save_checkpoint,
)
from .config import ConfigSchemaDistill
from .setup import Run, prepare
from .teacher import token_vectors

# A joint teacher that falls so far below the unlinked one is worth a warning.
TEACHER_FELL = 0.005
TEACHER_SCORE = "teacher_f"
DISTILLATION_LOSS = "distill"
TEACHER_LOSS = "teacher"


def distill(
    nlp: Language,
    teacher_nlp: Language,
    output_path: Path,
    *,
    resume: bool = False,
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> None:
    """Train a student under a teacher, as the `[distillation]` and `[training]` blocks of its config say.

    nlp (Language): The student's pipeline, initialized.
    teacher_nlp (Language): The teacher's pipeline.
    output_path (Path): Where to save the student (model-best, model-last), and checkpoints until then.
    resume (bool): Whether to go on from the last checkpoint there.
    stdout, stderr (IO[str]): Where messages and the progress bar go.
    RAISES (DistillationError): If teacher, corpus, cache or checkpoint don't fit, or a loss is not finite.
    """
    msg = Printer(no_print=True)

    def say(text: str) -> None:
        print(text, file=stdout, flush=True)

    run = prepare(nlp, teacher_nlp)
    if not check_output(output_path, run.identity, resume=resume):
        say(msg.good("Already finished", output_path))
        return
    begin(output_path)
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


def _fill_cache(run: Run, say: Callable[[str], None], stderr: IO[str]) -> None:
    if not run.teacher.cache.max_bytes:
        return
    msg = Printer(no_print=True)
    if run.settings.max_epochs < 0:
        say(msg.info("max_epochs = -1: nothing of the teacher is cached"))
        return
    n_texts = len(set(run.texts))
    with tqdm(total=n_texts, desc="Teacher's vectors", unit=" texts", file=stderr, leave=False) as bar:
        run.teacher.fill_cache(run.texts, bar.update)
    left_out = run.teacher.cache.left_out
    if left_out:
        say(
            msg.warn(
                f"{left_out} of {n_texts} texts are beyond the cache's max_gb and are encoded again in every "
                "epoch"
            )
        )


def _resume(
    run: Run, output_path: Path, batches: Iterator[Any], new: Progress, say: Callable[[str], None]
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
    run: Run, batches: Iterator[tuple[int, Any]], progress: Progress, unlinked: float
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
            raise DistillationError(
                f"Step {step}: {err} To start again, remove the output directory or give another."
            ) from None
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


def _update(run: Run, examples: Iterable[Example], losses: dict[str, float]) -> None:
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


def score_teacher(run: Run) -> float:
    """F of the joint teacher on the dev corpus, for the labels that it teaches."""
    key, own_key = run.student.key, run.teacher.pipe.key
    examples = []
    for batch in minibatch(run.dev_corpus(run.nlp), run.nlp.batch_size):
        docs = [eg.predicted for eg in batch]
        vectors = token_vectors(run.nlp, run.student.name, docs) if run.teacher.linkage is not None else []
        for doc, eg in zip(run.teacher.predict(docs, vectors), batch, strict=True):
            doc.spans[key] = [span for span in doc.spans[own_key] if span.label_ in run.teacher.labels]
            reference = eg.reference.copy()
            if key in reference.spans:
                gold = reference.spans[key]
                reference.spans[key] = [span for span in gold if span.label_ in run.teacher.labels]
            examples.append(run.teacher.example(doc, reference, key))
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
