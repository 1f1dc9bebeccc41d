"""Who may read what is written."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o700
GROUP = 0o070


@contextmanager
def like_inputs(inputs: Iterable[Path], output: Path) -> Iterator[None]:
    """Let nobody read or write what is made in the block who may not read or write all that it is made of.
    Without inputs, of a database's answers, that is who runs it alone.

    inputs (Iterable[Path]): What is read: files, and the folders that they are in.
    output (Path): Where something is made.
    """
    found = [place.stat() for place in inputs if place.exists()]
    allowed, group = 0o777 if found else PRIVATE, _group_of(output)
    for status in found:
        mode = stat.S_IMODE(status.st_mode)
        # Who may read a file may enter a folder of what is made of it
        allowed &= mode if stat.S_ISDIR(status.st_mode) else mode | (mode & 0o444) >> 2
        if status.st_gid != group:
            allowed &= ~GROUP
    before = os.umask(0)
    os.umask(before | (0o777 & ~allowed) & ~PRIVATE)
    try:
        yield
    finally:
        os.umask(before)


def _group_of(output: Path) -> int:
    """The group that what is made will belong to: that of a folder which hands its own on, or the user's."""
    folder = next(place for place in (output, *output.absolute().parents) if place.is_dir())
    status = folder.stat()
    own: int = getattr(os, "getegid", lambda: status.st_gid)()
    return status.st_gid if status.st_mode & stat.S_ISGID else own
