"""Writing files so that a reader never meets half of one."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

import numpy
from safetensors import SafetensorError
from safetensors.numpy import save_file


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
        with _naming(path, temporary):
            yield temporary
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Write a directory whole or not at all: what is written to the temporary one takes its place when
    the block ends, and is removed, with an earlier directory left as it was, when the block fails.

    path (Path): The directory to write. Missing parents are created.
    YIELDS (Path): The temporary directory, beside it, to write to.
    RAISES (OSError): If it can't be written. The error names the directory, never the temporary one.
    """
    path = resolve(path)
    with _naming(path, path):
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    replaced = path.with_name(f".{path.name}.old")
    if replaced.exists() and not path.exists():
        # A process was killed between the two renamings below.
        replaced.replace(path)
    for leftover in (temporary, replaced):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with _naming(path, temporary):
            temporary.mkdir()
            yield temporary
            if path.exists():
                path.replace(replaced)
            temporary.replace(path)
    finally:
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        for leftover in (temporary, replaced):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _naming(path: Path, temporary: Path) -> Iterator[None]:
    """See to it that an error names the path, and not a temporary one or none."""
    try:
        yield
    except OSError as err:
        if err.errno is None or (err.filename is not None and str(temporary) not in str(err.filename)):
            raise
        raise OSError(err.errno, err.strerror, str(path)) from None


def save_arrays(
    arrays: dict[str, numpy.ndarray], path: Path, metadata: Optional[dict[str, str]] = None
) -> None:
    """Write arrays as safetensors.

    arrays (Dict[str, numpy.ndarray]): The arrays.
    path (Path): The file.
    metadata (Optional[Dict[str, str]]): What else to store.
    RAISES (OSError): If the file can't be written: safetensors has an error of its own for that.
    """
    try:
        save_file(arrays, path, metadata=metadata)
    except SafetensorError as err:
        full = "No space" in str(err)
        code = errno.ENOSPC if full else errno.EIO
        raise OSError(code, os.strerror(code) if full else str(err), str(path)) from None


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
