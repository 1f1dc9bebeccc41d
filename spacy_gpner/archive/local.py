"""Annotating shards in processes of this machine."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Optional, TypeVar

from .annotator import Annotation
from .shards import Done, Shard, Task

# Shards that wait for each worker, so that none is idle
WAITING = 2
CRASHED = "the process ended"
Given = TypeVar("Given")
Result = TypeVar("Result")

_task: Optional[Task] = None


class LocalEngine:
    """Workers that load the pipeline once. One that dies costs its shards a second try, each alone; what ends
    a worker again is annotated document by document, and costs the documents that do."""

    def __init__(self, workers: int = 1) -> None:
        """Settle how many there are.

        workers (int): The number of processes.
        """
        self.workers = workers

    def run(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Done]]:
        """Annotate shards.

        task (Task): How.
        shards (Iterable[Shard]): The shards, which are taken as they are needed.
        YIELDS (Tuple[Shard, Done]): A shard that is written, and what became of it, in any order.
        """
        pool, running = _Pool(task, self.workers), dict[Future[Done], Shard]()
        waiting = iter(shards)
        try:
            while True:
                while len(running) < WAITING * self.workers and (shard := next(waiting, None)) is not None:
                    running[pool.submit(_run, shard)] = shard
                if not running:
                    return
                ready, _ = wait(running, return_when=FIRST_COMPLETED)
                broken = [future for future in ready if isinstance(future.exception(), BrokenProcessPool)]
                if broken:
                    # All that ran in the pool ended with it
                    wait(running)
                    pool.restart()
                    ready = set(running)
                for future in ready:
                    shard = running.pop(future)
                    if isinstance(future.exception(), BrokenProcessPool):
                        yield shard, _run_alone(pool, task, shard)
                    else:
                        yield shard, future.result()
        finally:
            pool.stop()


class _Pool:
    """Worker processes, which can be started anew."""

    def __init__(self, task: Task, workers: int) -> None:
        self.task, self.workers = task, workers
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.workers, context, initializer=_begin, initargs=(self.task,))

    def submit(self, function: Callable[[Given], Result], given: Given) -> Future[Result]:
        """Let a worker call a function."""
        try:
            return self._pool.submit(function, given)
        except BrokenProcessPool as err:
            # It died while it was idle: who waits for the result is to learn of it in the usual way
            future = Future[Result]()
            future.set_exception(err)
            return future

    def restart(self) -> None:
        """Start new workers in the place of dead ones."""
        self.stop()
        self._pool = self._start()

    def stop(self) -> None:
        """End the workers, after what they are at."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _run_alone(pool: _Pool, task: Task, shard: Shard) -> Done:
    """Annotate a shard that was at work when a worker died: whole, and if it dies again, bit by bit."""
    start = time.perf_counter()
    try:
        return pool.submit(_run, shard).result()
    except BrokenProcessPool:
        pool.restart()
    found: list[Annotation] = []
    for row in shard.rows:
        try:
            found += pool.submit(_annotate, [row.text]).result()
        except BrokenProcessPool:
            pool.restart()
            found.append(Annotation([], CRASHED))
    return task.write(shard, found, start)


def _begin(task: Task) -> None:
    """Make a process a worker: it leaves Ctrl-C to who started it, and ends with that one."""
    global _task
    _task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(shard: Shard) -> Done:
    assert _task is not None
    return _task(shard)


def _annotate(texts: Sequence[str]) -> list[Annotation]:
    assert _task is not None
    return _task.annotator(texts)
