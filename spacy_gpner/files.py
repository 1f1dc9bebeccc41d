"""Writing files so that a reader never meets half of one, and telling them from others."""

import errno
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Optional

import numpy
from safetensors import SafetensorError
from safetensors.numpy import save_file

# What a writer calls what it has not finished, or is about to replace or remove.
TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.(?P<kind>tmp|old)", re.DOTALL)
# What earlier versions called a checkpoint that they were removing.
REMOVED = re.compile(r"\.checkpoint-\d+\.old")


def visible_names(directory: Path) -> set[str]:
    """Names of what is in a directory, but for what is hidden, as our own locks and temporary files are.

    directory (Path): The directory; it need not be there.
    RETURNS (Set[str]): The names.
    """
    if not directory.is_dir():
        return set()
    return {path.name for path in directory.iterdir() if not path.name.startswith(".")}


def digest_files(digest: Any, path: Path, *, but: Collection[str] = ()) -> None:
    """Add the names and contents of the files of a directory to a digest, or those of one file.

    digest (hashlib._Hash): What to update.
    path (Path): The directory, or the file. Of one that is not there, nothing is added.
    but (Collection[str]): Names of files to leave out.
    RAISES (OSError): If a file can't be read.
    """
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.is_file() and file.name not in but and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as content:
                while part := content.read(1 << 20):
                    digest.update(part)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: what is written to the temporary path takes the file's place
    when the block ends, and is removed, with an earlier file left as it was, when the block fails.

    path (Path): The file to write. Missing parent directories are created.
    YIELDS (Path): The temporary path, in the same directory, to write to.
    RAISES (OSError): If the file can't be written, or is a directory or a device. The error names the file,
        never the temporary path.
    """
    if path.is_dir():
        raise IsADirectoryError(f"Can't write {path}: it is a directory. Give a file.")
    if path.exists() and not path.is_file():
        # To replace /dev/null, say, would take it away from all programs
        raise OSError(f"Can't write {path}: it is a device or a pipe. Give a file.")
    path = resolve(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    temporary = _beside(path, "tmp")
    try:
        with naming(path, temporary):
            yield temporary
            temporary.replace(path)
    finally:
        # Where nothing can be written, nothing was
        with suppress(OSError):
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
    with naming(path, path):
        path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path.parent, path.name)
    temporary, replaced = _beside(path, "tmp"), _beside(path, "old")
    try:
        with naming(path, temporary):
            temporary.mkdir()
            yield temporary
            if path.exists():
                path.replace(replaced)
            temporary.replace(path)
    finally:
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        _remove(temporary)
        _remove(replaced)


def remove_directory(path: Path) -> None:
    """Remove a directory, under another name: a process killed on the way leaves no half of it behind.

    path (Path): The directory.
    RAISES (OSError): If it can't be removed.
    """
    hidden = _beside(path, "tmp")
    path.replace(hidden)
    shutil.rmtree(hidden)


def remove_leftovers(directory: Path, name: Optional[str] = None) -> None:
    """Remove what writers left behind that were killed, and put back what one was killed on the way of
    replacing. What belongs to another process that runs stays. To be called before anything is written:
    this process's number may have been that of one that was killed.

    directory (Path): Where to look.
    name (Optional[str]): The file or directory that they wrote; None for all there.
    """
    with suppress(OSError):
        for path in list(directory.iterdir()):
            with suppress(OSError):
                _clear(path, name)


def _clear(path: Path, name: Optional[str]) -> None:
    found = TEMPORARY.fullmatch(path.name)
    if found is None:
        if name is None and REMOVED.fullmatch(path.name):
            _remove(path)
    elif name in (None, found["name"]) and not _is_running_elsewhere(int(found["pid"])):
        target = path.with_name(found["name"])
        if found["kind"] == "old" and not target.exists():
            path.replace(target)
        else:
            _remove(path)


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{kind}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_running_elsewhere(pid: int) -> bool:
    """Whether another process than this one has the number, or may have."""
    if pid == os.getpid():
        return False
    if os.name != "posix":
        # To ask would end it there.
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


@contextmanager
def naming(path: Path, temporary: Path) -> Iterator[None]:
    """See to it that an error names the path, and not a temporary one or none.

    path (Path): What the user knows.
    temporary (Path): What stands for it.
    RAISES (OSError): In place of one of the temporary path, or of none.
    """
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
    with safetensors_errors(path):
        save_file(arrays, path, metadata=metadata)


@contextmanager
def safetensors_errors(path: Path) -> Iterator[None]:
    """Turn the error of safetensors' own that a file can't be written into the usual one.

    path (Path): What is written.
    RAISES (OSError): In its place.
    """
    try:
        yield
    except SafetensorError as err:
        full = "No space" in str(err)
        code = errno.ENOSPC if full else errno.EIO
        raise OSError(code, os.strerror(code) if full else str(err), str(path)) from None


def check_writable(directory: Path) -> None:
    """See to it, before there is anything to write, that a directory can be written to, or made.

    directory (Path): The directory.
    RAISES (OSError): If it or the place for it is something else, or can't be written to.
    """
    place = next(path for path in (directory, *resolve(directory).parents) if path.exists())
    if not place.is_dir():
        raise NotADirectoryError(f"Can't write to {directory}: {place} is not a directory. Give another.")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"Can't write to {directory}: {place} is not writable. Give another.")


def sqlite_file(database: str) -> Path:
    """The file of an SQLite database.

    database (str): What SQLAlchemy's URL names as such: a path, or SQLite's `file:path?options`.
    RETURNS (Path): The file, whether it is there or not.
    """
    return Path(database.removeprefix("file:").partition("?")[0])


def lies_in(path: Path, directory: Path) -> bool:
    """Whether a path is a directory or below it. Both are to be resolved."""
    return directory in (path, *path.parents)


def resolve(path: Path) -> Path:
    """Follow a path's links.

    path (Path): The path.
    RETURNS (Path): The absolute path without links.
    RAISES (OSError): If the links form a loop.
    """
    loop = OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    try:
        resolved = path.resolve()
    except RuntimeError:
        raise loop from None
    # From Python 3.13 on, a loop is left as it is.
    try:
        resolved.stat()
    except OSError as err:
        if err.errno == errno.ELOOP:
            raise loop from None
    return resolved
