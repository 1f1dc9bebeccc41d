"""What makes probabilities of a component's scores, and the threshold that is best for F1 then.

The threshold is one for all labels: where scores are probabilities, F1 is highest at half of the highest F1
(Lipton, Elkan and Naryanaswamy 2014, Optimal thresholding of classifiers to maximize F1 measure). What that
is in terms of scores differs from label to label.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

import numpy
from scipy.optimize import minimize
from scipy.special import expit, logit
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import minibatch
from tqdm import tqdm
from wasabi import msg

from ..entities import show_label
from ..errors import CorpusError
from ..evaluation.predictions import FLOOR
from ..files import atomic_directory
from ..loading import load_pipeline
from ..pipeline.find import find_pipe

BINS = 15
# What the fit of all labels counts in that of one: the precision of a prior, by which slope and offset are
# known to 0.1 before there is data. Anything between 30 and 300 does as well (docs/results/calibration.md).
WEIGHT = 100.0
IDENTITY = (1.0, 0.0)
DIGITS = 4


@dataclass(frozen=True)
class Candidates:
    """The spans of a corpus that a component may predict, C of them, of T labels.

    labels (Tuple[str, ...]): The labels.
    type (numpy.ndarray): The label's place, shape (C,).
    score (numpy.ndarray): What the head gives, before the sigmoid, shape (C,).
    right (numpy.ndarray): Whether it is gold, shape (C,).
    gold (numpy.ndarray): Gold spans by label, shape (T,), whether they are candidates or not.
    unknown (Counter): Gold spans of labels that the component does not have. They are not in `gold`.
    changed (int): Documents whose text the pipeline's tokenizer changes. They are left out.
    """

    labels: tuple[str, ...]
    type: numpy.ndarray
    score: numpy.ndarray
    right: numpy.ndarray
    gold: numpy.ndarray
    unknown: Counter[str]
    changed: int

    def of_label(self, t: int) -> "Candidates":
        """Those of one label alone.

        t (int): The label's place.
        RETURNS (Candidates): Its candidates, of the same labels, and its gold.
        """
        own = self.type == t
        gold = numpy.where(numpy.arange(len(self.gold)) == t, self.gold, 0)
        return replace(self, type=self.type[own], score=self.score[own], right=self.right[own], gold=gold)


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


def find_candidates(nlp: Language, docs: Sequence[Doc], *, show_progress: bool = False) -> Candidates:
    """Find the spans that a pipeline's first `span_globalpointer` may predict.

    nlp (Language): The pipeline. The component's calibration and thresholds are lost.
    docs (Sequence[Doc]): The documents with gold spans. Those without the span group are not looked at.
    show_progress (bool): Whether to show a progress bar.
    RETURNS (Candidates): The spans.
    RAISES (PipelineError): If there is no such component.
    """
    pipe = find_pipe(nlp)
    pipe.calibration, pipe.threshold = None, FLOOR
    rows: list[tuple[int, float, bool]] = []
    n_gold: Counter[str] = Counter()
    changed = 0
    pairs = [(doc.text, doc) for doc in docs if pipe.key in doc.spans]
    bar = tqdm(total=len(pairs), disable=not show_progress, unit=" texts", leave=False)
    with bar, nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(pipe.name)]):
        for batch in minibatch(nlp.pipe(pairs, as_tuples=True), nlp.batch_size):
            same = [(doc, reference) for doc, reference in batch if doc.text == reference.text]
            changed += len(batch) - len(same)
            gold = [_spans(reference, pipe.key) for _, reference in same]
            n_gold.update(label for own in gold for *_, label in own)
            found = pipe.predict([doc for doc, _ in same])
            columns = (found.doc, found.start, found.end, found.type, found.logit)
            for i, start, end, t, score in zip(*(x.tolist() for x in columns), strict=True):
                span = same[i][0][start:end]
                rows.append((t, score, (span.start_char, span.end_char, pipe.labels[t]) in gold[i]))
            bar.update(len(batch))
    return Candidates(
        labels=pipe.labels,
        type=numpy.array([t for t, *_ in rows], dtype=int),
        score=numpy.array([score for _, score, _ in rows], dtype=float),
        right=numpy.array([right for *_, right in rows], dtype=bool),
        gold=numpy.array([n_gold[label] for label in pipe.labels], dtype=int),
        unknown=Counter({label: n for label, n in n_gold.items() if label not in pipe.labels}),
        changed=changed,
    )


def _spans(doc: Doc, key: str) -> set[tuple[int, int, str]]:
    return {(span.start_char, span.end_char, span.label_) for span in doc.spans[key] if len(span)}


def fit(
    scores: numpy.ndarray, right: numpy.ndarray, around: tuple[float, float] = IDENTITY, weight: float = 1.0
) -> tuple[float, float]:
    """Fit Platt's slope and offset, by logistic regression on his smoothed targets, with a normal prior.

    scores (numpy.ndarray): The scores, shape (C,). There may be none.
    right (numpy.ndarray): Which are right, shape (C,).
    around (Tuple[float, float]): The prior's mean: what comes out where there is no data.
    weight (float): The prior's precision.
    RETURNS (Tuple[float, float]): Slope and offset; `around` where the best slope is not positive, as higher
        scores are no better.
    """
    n_right, n_wrong = right.sum(), (~right).sum()
    targets = numpy.where(right, (n_right + 1) / (n_right + 2), 1 / (n_wrong + 2))

    def loss(x: numpy.ndarray) -> tuple[float, numpy.ndarray]:
        z, away = x[0] * scores + x[1], x - around
        error = expit(z) - targets
        value = (numpy.logaddexp(0, z) - targets * z).sum() + weight / 2 * (away**2).sum()
        return value, numpy.array([(error * scores).sum(), error.sum()]) + weight * away

    slope, offset = minimize(loss, around, jac=True, method="BFGS").x.round(DIGITS).tolist()
    return (slope, offset) if slope > 0 else around


def fit_labels(candidates: Candidates) -> numpy.ndarray:
    """Fit slope and offset of each label, around those of all labels together.

    candidates (Candidates): The candidates.
    RETURNS (numpy.ndarray): Slope and offset, shape (T, 2).
    """
    together = fit(candidates.score, candidates.right)
    own = [candidates.of_label(t) for t in range(len(candidates.labels))]
    return numpy.array([fit(x.score, x.right, together, WEIGHT) for x in own])


def best_f(scores: numpy.ndarray, right: numpy.ndarray, n_gold: int) -> float:
    """The highest F1 of a common threshold.

    scores (numpy.ndarray): The scores, shape (C,).
    right (numpy.ndarray): Which are right, shape (C,).
    n_gold (int): How many gold spans there are.
    RETURNS (float): The F1.
    """
    order = numpy.argsort(-scores, kind="stable")
    # A threshold lies between two scores, never between equal ones.
    last = numpy.append(numpy.diff(scores[order]) != 0, True)
    n_right = right[order].cumsum()
    f = 2 * n_right / (numpy.arange(1, len(scores) + 1) + n_gold)
    return float(f[last].max())


def calibrate(candidates: Candidates) -> Setting:
    """Find the calibration, and the threshold that is best with it: half of the highest F1. A label's own is
    higher where spans that are no candidates would pass.

    candidates (Candidates): The candidates.
    RETURNS (Setting): The calibration and the thresholds.
    """
    fitted = fit_labels(candidates)
    f = best_f(calibrated(candidates, fitted), candidates.right, int(candidates.gold.sum()))
    threshold = round(f / 2, DIGITS)
    slope, offset = fitted.T
    lowest = expit(slope * logit(FLOOR) + offset)
    return Setting(fitted, threshold, numpy.maximum(threshold, numpy.ceil(lowest * 10**DIGITS) / 10**DIGITS))


def calibrated(candidates: Candidates, calibration: numpy.ndarray) -> numpy.ndarray:
    """Calibrated scores, before the sigmoid.

    candidates (Candidates): The candidates.
    calibration (numpy.ndarray): Slope and offset of each label, shape (T, 2).
    RETURNS (numpy.ndarray): Their scores, shape (C,).
    """
    slope, offset = calibration[candidates.type].T
    result: numpy.ndarray = slope * candidates.score + offset
    return result


def calibration_error(probabilities: numpy.ndarray, right: numpy.ndarray) -> Optional[float]:
    """Expected calibration error: the mean distance between what is promised and what is right, over bins of
    the same width (Naeini et al. 2015, Obtaining well calibrated probabilities using Bayesian binning).

    probabilities (numpy.ndarray): The probabilities, shape (C,).
    right (numpy.ndarray): Which are right, shape (C,).
    RETURNS (Optional[float]): The error, in [0, 1]; None of nothing.
    """
    if not len(probabilities):
        return None
    gaps = numpy.bincount(score_bins(probabilities), weights=probabilities - right, minlength=BINS)
    return float(numpy.abs(gaps).sum() / len(probabilities))


def score_bins(probabilities: numpy.ndarray) -> numpy.ndarray:
    """The bin of each probability.

    probabilities (numpy.ndarray): The probabilities, shape (C,).
    RETURNS (numpy.ndarray): Numbers of their bins, from 0 to `BINS` - 1, shape (C,).
    """
    return numpy.minimum((probabilities * BINS).astype(int), BINS - 1)


def f_score(candidates: Candidates, setting: Setting) -> Optional[float]:
    """F1 of the candidates above their label's threshold.

    candidates (Candidates): The candidates.
    setting (Setting): How to read their scores.
    RETURNS (Optional[float]): F1 over all labels; None where there is neither a prediction nor gold.
    """
    above = expit(calibrated(candidates, setting.calibration)) > setting.thresholds[candidates.type]
    n = int(above.sum() + candidates.gold.sum())
    return float(2 * (above & candidates.right).sum() / n) if n else None


def setting_of(nlp: Language) -> Setting:
    """How a pipeline's first `span_globalpointer` reads scores.

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


def check_candidates(candidates: Candidates, path: Path) -> None:
    """Warn of gold that is not counted, and refuse a corpus that nothing can be learned from.

    candidates (Candidates): The candidates.
    path (Path): The corpus.
    RAISES (CorpusError): If there is no gold span of a known label, or none of them is a candidate.
    """
    if candidates.unknown:
        by_label = ", ".join(f"{show_label(label)} {n}" for label, n in sorted(candidates.unknown.items()))
        msg.warn(
            f"{path}: {candidates.unknown.total()} gold spans are not counted, as the pipeline does not have "
            f"their labels: {by_label}"
        )
    if candidates.changed:
        msg.warn(
            f"{path}: {candidates.changed} documents are not counted, as the pipeline's tokenizer changes "
            "their text"
        )
    if not candidates.gold.sum():
        labels = ", ".join(map(show_label, candidates.labels))
        raise CorpusError(
            f"{path}: there are no gold spans of the pipeline's labels ({labels}). Give documents with gold."
        )
    if not candidates.right.any():
        raise CorpusError(
            f"{path}: no gold span has a score above {FLOOR}. Is the pipeline trained, and for such gold?"
        )


def write_calibrated(model: str, setting: Setting, path: Path) -> None:
    """Write a pipeline with another calibration and other thresholds.

    model (str): The pipeline: its directory or package.
    setting (Setting): The calibration and the thresholds.
    path (Path): The directory to write.
    RAISES (OSError): If the directory can't be written.
    """
    name = find_pipe(load_pipeline(model)).name
    # In the config, so that whatever threshold is given when it is loaded differs from this one.
    nlp = load_pipeline(model, {"components": {name: {"threshold": setting.threshold}}})
    pipe = find_pipe(nlp)
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
    RETURNS (bool): Whether it is.
    """
    return any(b'"calibration": {' in file.read_bytes() for file in path.glob("*/cfg") if file.is_file())
