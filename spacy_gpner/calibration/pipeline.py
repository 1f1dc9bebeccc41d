"""Calibrated pipelines on disk."""

import json
from pathlib import Path

from spacy.language import Language

from ..files import atomic_directory
from ..pipeline.find import find_pipe
from ..pipeline.settings import check_calibration
from .setting import Setting


def write_calibrated(nlp: Language, setting: Setting, path: Path) -> None:
    """Write a pipeline with another calibration and other thresholds.

    nlp (Language): The pipeline. Its first span component is changed in place.
    setting (Setting): The calibration and the thresholds.
    path (Path): The directory to write.
    RAISES (OSError): If the directory can't be written.
    """
    pipe = find_pipe(nlp).show_in(nlp)
    pipe.threshold = setting.threshold
    by_label = dict(zip(pipe.labels, setting.thresholds.tolist(), strict=True))
    pipe.thresholds = {label: t for label, t in by_label.items() if t != setting.threshold} or None
    pipe.calibration = dict(zip(pipe.labels, map(tuple, setting.calibration.tolist()), strict=True))
    # What it scored with the old threshold.
    nlp.meta["performance"] = {}
    with atomic_directory(path) as directory:
        nlp.to_disk(directory)


def is_calibrated(path: Path) -> bool:
    """Whether a component of a pipeline is calibrated.

    path (Path): The pipeline's directory.
    RETURNS (bool): Whether the settings of one have a calibration. Damaged ones have none.
    """
    return any(_has_calibration(file.read_bytes()) for file in path.glob("*/cfg") if file.is_file())


def _has_calibration(cfg: bytes) -> bool:
    try:
        calibration = json.loads(cfg)["calibration"]
        check_calibration(calibration)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False
    return bool(calibration)
