"""Contests: each contestant in a process of its own, run in turns, so that both meet the same machine."""

import ctypes
import gc
import importlib
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Optional

# What takes less is run again and again for so many seconds in each round, or it would be measured as it is
# after a pause, with cold caches and sleeping threads.
SHORTEST_ROUND = 0.25


@dataclass(frozen=True)
class Contestant:
    """One side of a contest.

    name (str): What tables call it.
    prepare (str): "module:function" that makes, from `settings`, the function to be timed.
    settings (Dict[str, Any]): Its arguments.
    """

    name: str
    prepare: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What was measured of a contestant.

    name (str): The contestant.
    seconds (List[float]): The time of a run, in each round.
    memory (Optional[int]): The most bytes that a run had beyond what the process had before it; None where
        that can't be read.
    """

    name: str
    seconds: list[float]
    memory: Optional[int]

    @property
    def median(self) -> float:
        """Median time in seconds."""
        return statistics.median(self.seconds)


def compete(contestants: Sequence[Contestant], *, rounds: int, threads: int, device: str) -> list[Result]:
    """Let contestants run in turns.

    contestants (Sequence[Contestant]): The contestants.
    rounds (int): How many timed rounds each has. One before warms up, and one run measures memory.
    threads (int): Threads of torch.
    device (str): "cpu" or "cuda".
    RETURNS (List[Result]): What was measured of each.
    RAISES (RuntimeError): If a contestant fails.
    """
    context = multiprocessing.get_context("spawn")
    workers = []
    for contestant in contestants:
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, contestant, threads, device), daemon=True)
        process.start()
        theirs.close()
        workers.append((contestant, process, ours))
    try:
        for worker in workers:
            _ask(*worker, "prepare")
        for worker in workers:
            _ask(*worker, "time")
        memory = [_ask(*worker, "memory") for worker in workers]
        times: list[list[float]] = [[] for _ in workers]
        for _ in range(rounds):
            for own, worker in zip(times, workers, strict=True):
                own.append(_ask(*worker, "time"))
    finally:
        for _, process, connection in workers:
            connection.close()
            process.join(5)
            process.terminate()
    return [Result(c.name, t, m) for (c, _, _), t, m in zip(workers, times, memory, strict=True)]


def _ask(contestant: Contestant, process: Any, connection: Connection, task: str) -> Any:
    try:
        connection.send(task)
        error, answer = connection.recv()
    except (EOFError, BrokenPipeError):
        raise RuntimeError(f"{contestant.name}: the process ended (exit code {process.exitcode}).") from None
    if error is not None:
        raise RuntimeError(f"{contestant.name}: {error}")
    return answer


def _work(connection: Connection, contestant: Contestant, threads: int, device: str) -> None:
    import torch

    torch.set_num_threads(threads)
    run: Callable[[], Any] = list
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            if task == "prepare":
                module, function = contestant.prepare.split(":")
                run = getattr(importlib.import_module(module), function)(**contestant.settings, device=device)
                answer = None
            else:
                answer = (_time if task == "time" else _measure_memory)(run, device)
            connection.send((None, answer))
        except Exception as err:
            connection.send((f"{type(err).__name__}: {err}", None))


def _time(run: Callable[[], Any], device: str) -> float:
    _finish(device)
    start, runs = time.perf_counter(), 0
    while not runs or time.perf_counter() - start < SHORTEST_ROUND:
        run()
        runs += 1
        _finish(device)
    return (time.perf_counter() - start) / runs


def _finish(device: str) -> None:
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def _measure_memory(run: Callable[[], Any], device: str) -> Optional[int]:
    gc.collect()
    if device == "cuda":
        import torch

        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    reset = Path("/proc/self/clear_refs")
    if not os.access(reset, os.W_OK):
        return None
    # What earlier runs have freed goes back to the system, or this run would take it unseen.
    ctypes.CDLL(None).malloc_trim(0)
    reset.write_text("5")
    before = _memory("VmRSS")
    run()
    return max(0, _memory("VmHWM") - before)


def _memory(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise KeyError(name)
