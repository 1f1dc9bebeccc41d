"""Workers that are processes of this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Optional

from .engine import Engine, Given, Result, run_shards
from .shards import Task

_task: Optional[Task] = None


def local_engine(workers: int = 1) -> Engine:
    """Make an engine of processes.

    workers (int): How many.
    RETURNS (Engine): The engine.
    """
    return partial(run_shards, partial(_Processes, workers=workers))


class _Processes:
    """Processes, which can be started anew."""

    died: type[Exception] = BrokenProcessPool

    def __init__(self, task: Task, *, workers: int) -> None:
        self.task, self.size = task, workers
        self._pool = self._start()

    def _start(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.size, context, initializer=_begin, initargs=(self.task,))

    def submit(self, function: Callable[[Task, Given], Result], given: Given) -> Future[Result]:
        try:
            return self._pool.submit(_call, function, given)
        except BrokenProcessPool as err:
            # It died while it was idle: who waits for the result is to learn of it in the usual way
            future = Future[Result]()
            future.set_exception(err)
            return future

    def restart(self) -> None:
        self.stop()
        self._pool = self._start()

    def stop(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


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


def _call(function: Callable[[Task, Given], Result], given: Given) -> Result:
    assert _task is not None
    return function(_task, given)
