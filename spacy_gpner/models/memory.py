"""Memory that glibc would keep."""

import ctypes
from functools import cache
from itertools import count
from typing import Any

# Passes from one time that memory is given back to the next
EVERY = 32
_passes = count(1)


def release_memory() -> None:
    """Give memory back that a transformer's training on a CPU has freed; called after each pass, it does so
    now and then. The batches are of ever other shapes, and glibc keeps what it can't use again between blocks
    that are still in use: a training of 30 M parameters grew to 24 GB in 800 steps."""
    if next(_passes) % EVERY == 0 and (trim := _find_trim()) is not None:
        trim(0)


@cache
def _find_trim() -> Any:
    """glibc's `malloc_trim`, or None where there is another C library."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, TypeError, AttributeError):
        return None
