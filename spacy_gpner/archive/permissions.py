"""Who may read what is written."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o700
GROUP = 0o070


@contextmanager
def like_inputs(inputs: Sequence[Path]) -> Iterator[None]:
    """Let nobody read or write what is made in the block who may not read or write all inputs, and the
    folders of those that are files. Without inputs, of a database's answers, that is who runs it alone.

    inputs (Sequence[Path]): Files and folders.
    """
    folders = [path if path.is_dir() else path.absolute().parent for path in inputs]
    allowed = 0o777 if inputs else PRIVATE
    for found in (place.stat() for place in {*inputs, *folders} if place.exists()):
        # Who may read a file may enter the folder of what is made of it
        allowed &= stat.S_IMODE(found.st_mode) | (found.st_mode & 0o444) >> 2
        if found.st_gid != getattr(os, "getegid", lambda: 0)():
            # What is made belongs to another group
            allowed &= ~GROUP
    before = os.umask(0)
    os.umask(before | (0o777 & ~allowed) & ~PRIVATE)
    try:
        yield
    finally:
        os.umask(before)
