"""Who may read what is written."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o700


@contextmanager
def like_inputs(inputs: Sequence[Path]) -> Iterator[None]:
    """Let nobody read or write what is made in the block who may not read or write the folders of all inputs.
    Without inputs, of a database's answers, that is who runs it alone.

    inputs (Sequence[Path]): Files and folders.
    """
    folders = [path if path.is_dir() else path.absolute().parent for path in inputs]
    modes = [stat.S_IMODE(folder.stat().st_mode) for folder in folders if folder.is_dir()] or [PRIVATE]
    allowed = 0o777
    for mode in modes:
        allowed &= mode
    before = os.umask(0)
    os.umask(before | (0o777 & ~allowed) & ~PRIVATE)
    try:
        yield
    finally:
        os.umask(before)
