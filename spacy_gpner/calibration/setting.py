"""How a component reads scores: calibration and thresholds."""

from dataclasses import dataclass
from typing import Optional

import numpy
from scipy.special import expit, logit
from spacy.language import Language

from ..pipeline.find import find_pipe
from .candidates import Candidates

# Slope and offset that leave scores as they are
IDENTITY = (1.0, 0.0)


@dataclass(frozen=True)
class Setting:
    """How scores are read.

    calibration (numpy.ndarray): Slope and offset of each label, shape (T, 2).
    threshold (float): The common threshold.
    thresholds (numpy.ndarray): The threshold of each label, shape (T,).
    """

    calibration: numpy.ndarray
    threshold: float
    thresholds: numpy.ndarray

    @property
    def uncalibrated(self) -> numpy.ndarray:
        """The thresholds in terms of uncalibrated scores, shape (T,)."""
        slope, offset = self.calibration.T
        cut: numpy.ndarray = expit((logit(self.thresholds) - offset) / slope)
        return cut


def setting_of(nlp: Language) -> Setting:
    """How a pipeline's first span component reads scores.

    nlp (Language): The pipeline.
    RETURNS (Setting): Its calibration and thresholds.
    RAISES (PipelineError): If there is no such component.
    """
    pipe = find_pipe(nlp)
    calibration, thresholds = pipe.calibration or {}, pipe.thresholds or {}
    return Setting(
        numpy.array([calibration.get(label, IDENTITY) for label in pipe.labels], dtype=float),
        pipe.threshold,
        numpy.array([thresholds.get(label, pipe.threshold) for label in pipe.labels], dtype=float),
    )


def f_score(candidates: Candidates, setting: Setting) -> Optional[float]:
    """F1 of the candidates above their label's threshold.

    candidates (Candidates): The candidates.
    setting (Setting): How to read their scores.
    RETURNS (Optional[float]): F1 over all labels; None where there is neither a prediction nor gold.
    """
    above = expit(candidates.calibrated(setting.calibration)) > setting.thresholds[candidates.type]
    n = int(above.sum() + candidates.gold.sum())
    return float(2 * (above & candidates.right).sum() / n) if n else None
