"""Writing files so that a reader never meets half of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write a file whole or not at all: what is written to the temporary path takes the file's place
    when the block ends, and is removed, with an earlier file left as it was, when the block fails.

    path (Path): The file to write. Missing parent directories are created.
    YIELDS (Path): The temporary path, in the same directory, to write to.
    RAISES (IsADirectoryError): If the path is a directory.
    """
    path = path.resolve()
    if path.is_dir():
        raise IsADirectoryError(f"Can't write {path}: it is a directory.")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
