"""Learning rates by part of a model."""

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase

from ..checks import is_number


def check_lr_scale(lr_scale: Mapping[str, float]) -> None:
    """Refuse factors of the learning rate that are none.

    RAISES (ValueError): If one is no number of at least 0.
    """
    for pattern, scale in lr_scale.items():
        if not is_number(scale) or not 0 <= scale < math.inf:
            raise ValueError(f"Invalid lr_scale of {pattern!r}: {scale!r}. Expected a factor of at least 0.")


def scale_of(name: str, lr_scale: Mapping[str, float]) -> float:
    """The factor of a parameter's learning rate: that of the first pattern that its name fits, or 1."""
    return next((scale for pattern, scale in lr_scale.items() if fnmatchcase(name, pattern)), 1.0)
