"""Writing files so that a reader never meets half of one."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: what is written to the temporary path takes the file's place
    when the block ends, and is removed, with an earlier file left as it was, when the block fails.

    path (Path): The file to write. Missing parent directories are created.
    YIELDS (Path): The temporary path, in the same directory, to write to.
    RAISES (OSError): If the file can't be written, or is a directory. The error names the file, never the
        temporary path.
    """
    path = resolve(path)
    if path.is_dir():
        raise IsADirectoryError(f"Can't write {path}: it is a directory.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as err:
        if err.errno is None or err.filename not in (None, str(temporary)):
            raise
        raise OSError(err.errno, err.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Write a directory whole or not at all: what is written to the temporary one takes its place when
    the block ends, and is removed, with an earlier directory left as it was, when the block fails.

    path (Path): The directory to write. Missing parents are created.
    YIELDS (Path): The temporary directory, beside it, to write to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    replaced = path.with_name(f".{path.name}.old")
    if replaced.exists() and not path.exists():
        # A process was killed between the two renamings below.
        replaced.replace(path)
    for leftover in (temporary, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.replace(replaced)
        temporary.replace(path)
    finally:
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        for leftover in (temporary, replaced):
            shutil.rmtree(leftover, ignore_errors=True)


def resolve(path: Path) -> Path:
    """Follow a path's links.

    path (Path): The path.
    RETURNS (Path): The absolute path without links.
    RAISES (OSError): If the links form a loop.
    """
    try:
        return path.resolve()
    except RuntimeError:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None
