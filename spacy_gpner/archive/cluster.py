"""Workers that are actors of a Ray cluster.

They get the shards that processes get, in place of a job of Ray Data: what is to be annotated is settled row
by row from the ledger, a shard's files appear whole or not at all, and the ledger alone says that it is done.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Optional

from ..errors import ArchiveError
from ..locks import is_locked, locked
from .engine import Engine, Given, Result, run_shards
from .extras import require
from .shards import Task

# Seconds in which a cluster has to answer
PATIENCE = 10
# What the folder of a cluster on this machine alone is called, in that of temporary files
PREFIX = "gpner-ray-"


def ray_engine(workers: int = 1, address: Optional[str] = None) -> Engine:
    """Make an engine of a cluster. Model, output and this package have to be at the same place on all nodes.

    workers (int): How many actors, at most one for each of the cluster's processors.
    address (Optional[str]): The cluster's address; None for one on this machine alone.
    RETURNS (Engine): The engine.
    RAISES (ArchiveError): If Ray is not installed.
    """
    # Read when Ray is imported: nothing is sent anywhere
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray = require("ray", "ray", "an engine of a cluster")
    return partial(run_shards, partial(_Actors, ray, workers=workers, address=address))


class _Actors:
    """Actors, which can be started anew, and Ray itself where no cluster is given."""

    def __init__(self, ray: Any, task: Task, *, workers: int, address: Optional[str]) -> None:
        # Where an actor's paths begin is Ray's matter
        self.task = replace(task, output=task.output.absolute())
        self.ray, self.workers = ray, workers
        self.died: type[Exception] = ray.exceptions.RayActorError
        self._folder: Optional[str] = None
        self._held = ExitStack()
        quiet = {"log_to_driver": False, "configure_logging": False}
        try:
            if address is None:
                # For this user alone: what does not fit in memory is spilled there, and it has the workers'
                # logs. Ray opens the folder itself to all.
                remove_left()
                self._folder = tempfile.mkdtemp(prefix=PREFIX)
                self._held.enter_context(locked(Path(self._folder)))
                own = f"{self._folder}/ray"
                ray.init("local", num_cpus=workers, include_dashboard=False, _temp_dir=own, **quiet)
            else:
                _connect(ray, address, quiet)
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        has = self.ray.cluster_resources()
        self.size = max(1, min(self.workers, int(has.get("CPU", 0))))
        gpus = 0.0
        if self.task.annotator.gpu_id >= 0:
            if not has.get("GPU"):
                raise ArchiveError("The cluster has no GPU. Leave --gpu-id out.")
            gpus = min(1.0, has["GPU"] / self.size)
        kind = self.ray.remote(_Worker).options(num_cpus=1, num_gpus=gpus, scheduling_strategy="SPREAD")
        self._actors = [kind.remote(self.task, _umask()) for _ in range(self.size)]
        self._at_work = [0] * self.size

    def submit(self, function: Callable[[Task, Given], Result], given: Given) -> Future[Result]:
        number = min(range(self.size), key=self._at_work.__getitem__)
        at_work, future = self._at_work, Future[Result]()
        at_work[number] += 1

        def tell(own: Future[Result]) -> None:
            at_work[number] -= 1
            if (err := own.exception()) is None:
                future.set_result(own.result())
            else:
                # What a worker raised is wrapped, with the traceback in its message
                future.set_exception(getattr(err, "cause", None) or err)

        self._actors[number].call.remote(function, given).future().add_done_callback(tell)
        return future

    def restart(self) -> None:
        for actor in self._actors:
            self.ray.kill(actor)
        self._start()

    def stop(self) -> None:
        self.ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._held.close()


class _Worker:
    """An actor. What it writes is no less private than what its driver does."""

    def __init__(self, task: Task, mask: int) -> None:
        os.umask(mask)
        self.task = task

    def call(self, function: Callable[[Task, Given], Result], given: Given) -> Result:
        return function(self.task, given)


def _connect(ray: Any, address: str, options: dict[str, bool]) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        # Ray would try for many minutes
        if host and port.isdecimal():
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()
        ray.init(address, **options)
    except (OSError, ValueError, RuntimeError) as err:
        raise ArchiveError(
            f"There is no Ray cluster at {address} ({type(err).__name__}). Check --address, or leave it out "
            "for one on this machine."
        ) from None


def remove_left() -> None:
    """Remove the folders of this user's runs that were killed: what was spilled there may be text."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.stat().st_uid == os.geteuid() and not is_locked(path):
                shutil.rmtree(path, ignore_errors=True)


def _umask() -> int:
    os.umask(mask := os.umask(0o077))
    return mask
