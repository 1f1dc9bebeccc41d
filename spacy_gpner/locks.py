"""Keeping two processes from writing to one output."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import LockedError
from .files import naming, resolve


@contextmanager
def locked(output: Path) -> Iterator[None]:
    """Keep other processes out of an output while the block runs. The lock is the operating system's: it ends
    with the process, however that ends. Its file is beside the output, hidden, and goes when the block ends;
    it is inside an output whose parent can't be written to.

    output (Path): The file or directory, which need not exist. Missing parents are created.
    RAISES (LockedError): If another process has locked it.
    RAISES (OSError): If the lock can't be written. The error names the output.
    """
    path = resolve(output)
    inside = path.is_dir() and not os.access(path.parent, os.W_OK)
    file = (path if inside else path.parent) / f".{path.name}.lock"
    lock = FileLock(file, timeout=0)
    with naming(path, file):
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            # In /proc, say, a file that can't be made is just not there, which the lock waits for.
            file.touch()
            raise LockedError(
                f"{output} is being written by {_holder(file)}. Wait for it, or give another output."
            ) from None
    try:
        with suppress(OSError):
            file.write_text(f"process {os.getpid()}, since {datetime.now():%Y-%m-%d %H:%M:%S}")
        yield
    finally:
        # While it is still held: once released, the file may be another process's.
        with suppress(OSError):
            file.unlink()
        lock.release()


def is_locked(output: Path) -> bool:
    """Whether a process writes to an output.

    output (Path): The file or directory.
    RETURNS (bool): Whether it is locked; not where no lock could be written.
    """
    try:
        with locked(output):
            return False
    except LockedError:
        return True
    except OSError:
        return False


def _holder(file: Path) -> str:
    """What the process that holds a lock wrote into it."""
    with suppress(OSError):
        return file.read_text(errors="replace") or "another process"
    return "another process"
