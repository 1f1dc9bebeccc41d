"""Checks of single settings. A bool is a kind of int to Python; to a user it is a mistake."""

from numbers import Real
from typing import Any

# What torch and numpy hold: counts as int64, rows of a table as int32.
MAX_COUNT = 2**63 - 1
MAX_SIZE = 2**31 - 1


def check_count(name: str, value: Any, expected: str, *, least: int = 1, most: int = MAX_COUNT) -> None:
    """Refuse what is no whole number in a range.

    name (str): The setting.
    value (Any): What was given.
    expected (str): What to tell that is expected.
    least, most (int): The range, both included.
    RAISES (ValueError): If the value is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        above = f", and at most {most}" if is_number(value) and value > most else ""
        raise ValueError(f"Invalid {name}: {value!r}. Expected {expected}{above}.")


def check_dropout(rate: Any, name: str = "dropout") -> None:
    """Refuse what is no dropout rate.

    rate (Any): What was given.
    name (str): The setting.
    RAISES (ValueError): If the rate is not at least 0 and below 1.
    """
    if not is_number(rate) or not 0 <= rate < 1:
        raise ValueError(f"Invalid {name}: {rate!r}. Expected a rate of at least 0, below 1.")


def check_probability(name: str, value: Any) -> None:
    """Refuse what is no probability.

    name (str): The setting.
    value (Any): What was given.
    RAISES (ValueError): If the value is not in [0, 1].
    """
    if not is_number(value) or not 0 <= value <= 1:
        raise ValueError(f"Invalid {name}: {value!r}. Expected a probability between 0 and 1.")


def is_number(value: Any) -> bool:
    """Whether something is a real number, and not a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)
