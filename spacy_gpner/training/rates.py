"""Learning rates by part of a model."""

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ..checks import is_number


def check_lr_scale(lr_scale: Mapping[str, float]) -> None:
    """Refuse factors of the learning rate that are none.

    RAISES (ValueError): If one is no number of at least 0.
    """
    for pattern, scale in lr_scale.items():
        if not is_number(scale) or not 0 <= scale < math.inf:
            raise ValueError(f"Invalid lr_scale of {pattern!r}: {scale!r}. Expected a factor of at least 0.")


def check_not_negative(name: str, value: Any) -> None:
    """Refuse a number below 0, as a rate that would go uphill. What is no number, as a schedule, passes.

    name (str): The setting.
    value (Any): What was given.
    RAISES (ValueError): If it is below 0, or not finite.
    """
    if is_number(value) and not 0 <= value < math.inf:
        raise ValueError(f"Invalid {name}: {value!r}. Expected a number of at least 0, or a schedule.")


def scale_of(name: str, lr_scale: Mapping[str, float]) -> float:
    """The factor of a parameter's learning rate: that of the first pattern that its name fits, or 1."""
    return next((scale for pattern, scale in lr_scale.items() if fnmatchcase(name, pattern)), 1.0)
