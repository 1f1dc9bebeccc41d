"""What all span components can be set to: checks, and how settings are saved."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ..checks import check_count, check_probability
from ..entities import is_unicode, show_label
from .ents import EntsPolicy, check_ents_policy
from .stretches import MIN_STRETCH
from .thresholds import read_thresholds

DEFAULT_SPANS_KEY = "sc"
MAX_SPANS_PER_TOKEN = 10
DEFAULT_STRETCH = 24_000

CalibrationByLabel = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Settings:
    """The settings that all span components have.

    spans_key (str): Key of the span group to predict, and to learn from.
    threshold (float): Score above which a span is predicted, in [0, 1].
    thresholds (Union[Dict[str, float], str, None]): Thresholds of single labels, in its place. As a string,
        such as "dru=0.3,sym=0.4", they can be given where spaCy would take a dictionary apart.
    max_spans (Optional[int]): The most spans for each document; None for ten times its tokens. The best are
        kept, the rest counted and warned of.
    ents_policy (Optional[str]): How to set `doc.ents` too, without overlap: by "score", "longest",
        "outermost" or "innermost" spans first. None leaves `doc.ents` as they are.
    overwrite_ents (bool): Whether these take the place of entities that the document has already, where they
        overlap. If not, what is there stays.
    stretch (Optional[int]): Documents of more tokens are predicted in overlapping stretches of so many, so
        that memory hardly grows with them; None for none. Where spans can have any length, or the vectors
        come from a shared encoder, documents are not cut.
    RAISES (ValueError): If a setting is out of range or unknown.
    """

    spans_key: str = DEFAULT_SPANS_KEY
    threshold: float = 0.5
    thresholds: Union[dict[str, float], str, None] = None
    max_spans: Optional[int] = None
    ents_policy: Optional[EntsPolicy] = None
    overwrite_ents: bool = False
    stretch: Optional[int] = DEFAULT_STRETCH

    def __post_init__(self) -> None:
        if not isinstance(self.spans_key, str) or not self.spans_key or not is_unicode(self.spans_key):
            raise ValueError(
                f"Invalid spans_key: {self.spans_key!r}. Expected a string of valid Unicode that is not "
                "empty. The usual one is 'sc'."
            )
        check_probability("threshold", self.threshold)
        object.__setattr__(self, "thresholds", read_thresholds(self.thresholds))
        if self.max_spans is not None:
            expected = f"a number of spans of at least 1, or null for {MAX_SPANS_PER_TOKEN} times the tokens"
            check_count("max_spans", self.max_spans, expected)
        if self.ents_policy is not None:
            check_ents_policy(self.ents_policy)
        if self.stretch is not None:
            expected = f"at least {MIN_STRETCH} tokens, or null to predict documents of any length at once"
            check_count("stretch", self.stretch, expected, least=MIN_STRETCH)


def check_calibration(by_label: Optional[Mapping[str, tuple[float, float]]]) -> None:
    """Refuse a calibration that doesn't keep the order of scores.

    RAISES (ValueError): If a slope is not positive, or a number not finite.
    """
    for label, (slope, offset) in (by_label or {}).items():
        if not (0 < slope < math.inf and math.isfinite(offset)):
            raise ValueError(
                f"Invalid calibration of '{show_label(label)}': slope {slope}, offset {offset}. "
                "Expected a slope above 0, and finite numbers."
            )


def dump_cfg(cfg: Mapping[str, Any], given: Mapping[str, Any]) -> bytes:
    """What is saved of a component beside its weights. Settings come from the pipeline's config: a saved copy
    would hide later overrides. Only those that were changed since are saved, with what they were changed
    from.

    cfg (Mapping[str, Any]): The labels, settings and calibration of the component.
    given (Mapping[str, Any]): The settings as its config gave them.
    RETURNS (bytes): JSON.
    """
    changed = {name: {"from": value, "to": cfg[name]} for name, value in given.items() if cfg[name] != value}
    own = {name: cfg[name] for name in ("threshold", "thresholds", "calibration")}
    # srsly's JSON rounds numbers, which then differ from those in the config.
    saved = {"labels": cfg["labels"], "changed": changed, **own}
    return json.dumps(saved, ensure_ascii=False, indent=2).encode()


def load_cfg(cfg: dict[str, Any], given: Mapping[str, Any], json_bytes: bytes) -> None:
    """Take over what `dump_cfg` saved.

    cfg (Dict[str, Any]): The labels, settings and calibration of the component, modified in place.
    given (Mapping[str, Any]): The settings as its config gives them now.
    json_bytes (bytes): What was saved.
    RAISES (ValueError, KeyError, TypeError, AttributeError): If that is something else.
    """
    saved = json.loads(json_bytes)
    labels = saved["labels"]
    if not isinstance(labels, list) or not all(isinstance(x, str) for x in labels):
        raise TypeError("labels that are none")
    if len(set(labels)) < len(labels):
        raise ValueError("a label twice")
    cfg["labels"] = labels
    for name, change in saved["changed"].items():
        if given[name] == change["from"]:
            cfg[name] = change["to"]
    cfg["calibration"] = saved.get("calibration")
    # A threshold that is given now, and was not when these thresholds were saved, holds for all labels.
    if cfg["thresholds"] == saved.get("thresholds") and cfg["threshold"] != saved.get("threshold"):
        cfg["thresholds"] = None
