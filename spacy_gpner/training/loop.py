"""The loop: spaCy's, but that it can be interrupted, and that anything can learn in it."""

from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from timeit import default_timer as timer
from typing import Any, Optional

from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST

from ..errors import DivergedError, TrainingError
from ..files import atomic_directory
from .checkpoint import Progress, begin, check_output, finish, load_checkpoint, save_checkpoint
from .course import Course
from .randomness import RandomState
from .slots import keep_apart

Info = dict[str, Any]
# What spaCy's loggers give: what is called with the numbers of each evaluation, or with None after a step
# without one; and what is called at the end.
Logger = tuple[Callable[[Optional[Info]], None], Callable[[], None]]


def run(
    course: Course,
    output: Path,
    *,
    resume: bool = False,
    logger: Callable[[], Logger],
    say: Callable[[str], Any] = print,
) -> bool:
    """Learn, and write model-best, model-last and, until then, checkpoints.

    course (Course): What to learn.
    output (Path): The directory to write to.
    resume (bool): Whether to go on from the last checkpoint there.
    logger (Callable[[], Logger]): Sets up a logger as spaCy has them, when the first step is near.
    say (Callable[[str], Any]): Where other messages go.
    RETURNS (bool): Whether there was anything to do: a course that was done before is left alone.
    RAISES (TrainingError): If the output directory is of another run, a checkpoint is damaged, or a loss is
        not finite.
    RAISES (OSError): If the output can't be written.
    """
    if not check_output(output, course.done, course.identity, resume=resume):
        return False
    if resume and (output / course.done).is_file():
        say(f"{output} holds a finished run of other settings or texts: another begins in its place")
    begin(output, course.done)
    course.prepare()
    keep_apart(course.learning)
    batches = course.batches()
    progress = Progress(0, [], RandomState.now())
    if resume:
        progress = _resume(course, output, batches, progress, say)
    log_step, finalize_logger = logger()
    try:
        for info, is_best in _learn_while_improving(course, batches, progress):
            if is_best:
                _save(course, output / DIR_MODEL_BEST)
            if is_best is not None:
                save_checkpoint(output, course, progress)
            log_step(None if is_best is None else info)
    finally:
        finalize_logger()
    _save(course, output / DIR_MODEL_LAST)
    finish(output, course.done, course.identity)
    return True


def _resume(
    course: Course, output: Path, batches: Iterator[Any], new: Progress, say: Callable[[str], Any]
) -> Progress:
    loaded = load_checkpoint(output, course)
    if loaded is None:
        say(f"No checkpoint in {output}: starting from the beginning")
        return new
    progress, random = loaded
    progress.start.restore()
    for _ in islice(batches, progress.step):
        pass
    random.restore()
    say(f"Going on after step {progress.step}")
    return progress


def _learn_while_improving(
    course: Course, batches: Iterator[tuple[int, Sequence[Sized]]], progress: Progress
) -> Iterator[tuple[Info, Optional[bool]]]:
    """As spaCy's `train_while_improving`: yields what a logger takes, and whether it is the best so far, if
    it was evaluated."""
    losses: dict[str, float] = {}
    n_words, start = 0, timer()
    for step, (epoch, batch) in enumerate(batches, progress.step):
        if course.pace.is_over(step, progress.results):
            break
        try:
            course.step(batch, losses, number=step, epoch=epoch)
        except DivergedError as err:
            raise TrainingError(
                f"Step {step}: {err} To start again, remove the output directory or give another."
            ) from None
        course.optimizer.step_schedules()
        progress.step = step + 1
        n_words += sum(map(len, batch))
        score = scores = is_best = None
        if step % course.pace.eval_frequency == 0:
            with _averaged(course):
                score, scores = course.evaluate(losses)
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
            "words": n_words,
        }
        yield info, is_best
        if is_best is not None:
            losses = {}


def _save(course: Course, path: Path) -> None:
    with _averaged(course), atomic_directory(path) as directory:
        course.save(directory)


@contextmanager
def _averaged(course: Course) -> Iterator[None]:
    """With the averages of all weights, if the optimizer keeps them."""
    with ExitStack() as stack:
        if course.optimizer.averages:
            for model in course.learning.values():
                stack.enter_context(model.use_params(course.optimizer.averages))
        yield
