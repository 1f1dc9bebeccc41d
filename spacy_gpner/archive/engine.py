"""Annotating shards by workers, some of which may die."""

import warnings
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Protocol, TypeVar

from ..errors import ArchiveError, GpnerWarning
from .annotator import Annotation
from .shards import Done, Shard, Task

# Shards that wait for each worker, so that none is idle
WAITING = 2
# How often workers are started that end while they load the pipeline
STARTS = 3
CRASHED = "the process ended"
Annotated = Generator[tuple[Shard, Done], None, None]
Engine = Callable[[Task, Iterable[Shard]], Annotated]
Given = TypeVar("Given")
Result = TypeVar("Result")


class Pool(Protocol):
    """Workers, each of which has the task and loads the pipeline once."""

    size: int
    died: type[Exception]

    def submit(self, function: Callable[[Task, Given], Result], given: Given) -> Future[Result]:
        """Let a worker call a function. If it dies, the result is an exception of the kind `died`."""

    def restart(self) -> None:
        """Start new workers in the place of dead ones."""

    def stop(self) -> None:
        """End the workers."""


def run_shards(start: Callable[[Task], Pool], task: Task, shards: Iterable[Shard]) -> Annotated:
    """Annotate shards. A worker that dies costs what it was at a second try, each shard alone; what ends a
    worker again is annotated document by document, and costs the documents that do.

    start (Callable[[Task], Pool]): Starts workers.
    task (Task): How.
    shards (Iterable[Shard]): The shards, which are taken as they are needed.
    YIELDS (Tuple[Shard, Done]): A shard that is written, and what became of it, in any order.
    RAISES (ArchiveError): If workers end while they load the pipeline.
    """
    pool, running = start(task), dict[Future[Done], Shard]()
    waiting = iter(shards)
    try:
        # While the first shard is read
        pool.submit(load, None)
        while True:
            while len(running) < WAITING * pool.size and (shard := next(waiting, None)) is not None:
                running[pool.submit(annotate_shard, shard)] = shard
            if not running:
                return
            ready, _ = wait(running, return_when=FIRST_COMPLETED)
            if any(isinstance(future.exception(), pool.died) for future in ready):
                # Others may have been at work in the same process, or end with it
                ready, _ = wait(running)
                _restart(pool)
            for future in ready:
                shard = running.pop(future)
                if isinstance(future.exception(), pool.died):
                    yield shard, _annotate_alone(pool, task, shard)
                else:
                    yield shard, future.result()
    finally:
        pool.stop()


def load(task: Task, _: None) -> None:
    """Load the pipeline, in a worker.

    task (Task): How.
    """
    task.annotator([])


def _restart(pool: Pool) -> None:
    """Start new workers, and let them load the pipeline: if they end at that, no document is to blame."""
    for _ in range(STARTS):
        pool.restart()
        loaded, _ = wait([pool.submit(load, None) for _ in range(pool.size)])
        if not any(isinstance(future.exception(), pool.died) for future in loaded):
            warnings.warn(
                "A worker's process ended, as where memory is short. What it was at is annotated once more.",
                GpnerWarning,
                stacklevel=2,
            )
            return
    raise ArchiveError(
        "Workers end while they load the pipeline. Where memory is short, give fewer (--workers); else see "
        "what the pipeline does as it is loaded (and --code). The same command goes on then."
    )


def annotate_shard(task: Task, shard: Shard) -> Done:
    """Annotate a shard, in a worker.

    task (Task): How.
    shard (Shard): The shard.
    RETURNS (Done): What became of it.
    """
    return task(shard)


def annotate_texts(task: Task, texts: Sequence[str]) -> list[Annotation]:
    """Annotate texts, in a worker.

    task (Task): How.
    texts (Sequence[str]): The texts.
    RETURNS (List[Annotation]): What was found in each.
    """
    return task.annotator(texts)


def _annotate_alone(pool: Pool, task: Task, shard: Shard) -> Done:
    """Annotate a shard that was at work when a worker died: whole, and if it dies again, bit by bit."""
    try:
        return pool.submit(annotate_shard, shard).result()
    except pool.died:
        _restart(pool)
    found: list[Annotation] = []
    for row in shard.rows:
        try:
            found += pool.submit(annotate_texts, [row.text]).result()
        except pool.died:
            _restart(pool)
            found.append(Annotation([], CRASHED))
    return task.write(shard, found)
