"""Thresholds of single labels, as they are given."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Optional

from thinc.api import Config

from ..checks import check_probability
from ..entities import show_label

# A label and its threshold. A label may hold both signs.
PAIR = re.compile(r"(.+?)=([^=,]*)(?:,|$)", re.DOTALL)
FORM = 'such as {"dru": 0.3} or "dru=0.3,sym=0.4"'


def read_thresholds(given: Any) -> Optional[dict[str, float]]:
    """Read thresholds as a config or an override gives them: by label, or as a string. spaCy takes a
    dictionary that overrides a setting apart into settings of its own, a string not.

    given (Any): The thresholds by label, a string such as "dru=0.3,sym=0.4", or None.
    RETURNS (Optional[Dict[str, float]]): The thresholds by label.
    RAISES (ValueError): If they are something else, or one is no probability.
    """
    by_label = _parse(given) if isinstance(given, str) else given
    check_thresholds(by_label)
    if not isinstance(given, str):
        for label in by_label or {}:
            if not is_key(label):
                raise ValueError(
                    f"Invalid thresholds: a config can't have '{show_label(label)}' as a name. Give them as "
                    'a string: "label=0.3,other=0.4".'
                )
    return None if by_label is None else dict(by_label)


def _parse(text: str) -> dict[str, float]:
    by_label: dict[str, float] = {}
    pairs = [(label.strip(), value) for label, value in PAIR.findall(text)]
    for label, value in pairs:
        try:
            by_label[label] = float(value)
        except ValueError:
            raise ValueError(
                f"Invalid thresholds of '{show_label(label)}': {value!r}. Expected a probability between 0 "
                "and 1."
            ) from None
    if PAIR.sub("", text) or not by_label or "" in by_label or len(by_label) < len(pairs):
        raise ValueError(f"Invalid thresholds: {text!r}. Expected each label once, {FORM}.")
    return by_label


@cache
def is_key(label: str) -> bool:
    """Whether a config can have a label as a name: whether it comes back from the file as it was.

    label (str): The label.
    """
    config = Config({"thresholds": {label: 0.5}})
    try:
        return bool(Config().from_str(config.to_str()) == config)
    except ValueError:
        return False


def check_thresholds(by_label: Optional[Mapping[str, float]]) -> None:
    """Refuse thresholds of single labels that are no probabilities.

    RAISES (ValueError): If one is not in [0, 1], or they are not by label.
    """
    if by_label is not None and not isinstance(by_label, Mapping):
        raise ValueError(f"Invalid thresholds: {by_label!r}. Expected them by label, {FORM}, or null.")
    for label, value in (by_label or {}).items():
        check_probability(f"thresholds of '{show_label(label)}'", value)
