"""The spans of a corpus that calibration learns from."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm
from wasabi import msg

from ..entities import Entity, entities, show_label
from ..errors import CorpusError
from ..evaluation.candidates import FLOOR, find_gold, run_before
from ..evaluation.evaluate import FEW
from ..pipeline.find import find_pipe
from ..pipeline.span_pipe import SpanPipe
from ..spans import Cut


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

    def calibrated(self, calibration: numpy.ndarray) -> numpy.ndarray:
        """Calibrate the scores.

        calibration (numpy.ndarray): Slope and offset of each label, shape (T, 2).
        RETURNS (numpy.ndarray): Calibrated scores, before the sigmoid, shape (C,).
        """
        slope, offset = calibration[self.type].T
        result: numpy.ndarray = slope * self.score + offset
        return result


def find_candidates(nlp: Language, docs: Sequence[Doc], *, show_progress: bool = False) -> Candidates:
    """Find the spans that a pipeline's first span component may predict: those whose uncalibrated score is
    above `FLOOR`, of any number. A batch at a time, of which little more than a score and a type are kept.

    nlp (Language): The pipeline. It is left as it was.
    docs (Sequence[Doc]): The documents with gold spans. Those without the span group are not looked at.
    show_progress (bool): Whether to show a progress bar, on a terminal.
    RETURNS (Candidates): The spans.
    RAISES (PipelineError): If there is no such component.
    """
    pipe = find_pipe(nlp)
    columns: list[tuple[numpy.ndarray, ...]] = []
    n_gold: Counter[str] = Counter()
    changed = 0
    texts = [(doc.text, doc) for doc in docs if pipe.key in doc.spans]
    bar = tqdm(total=len(texts), disable=None if show_progress else True, unit=" texts", leave=False)
    # In a zone: words of the texts are not to be saved with the pipeline
    with bar, nlp.memory_zone():
        for batch in run_before(nlp, pipe.name, texts):
            same = [(doc, reference) for doc, reference in batch if doc.text == reference.text]
            changed += len(batch) - len(same)
            gold = [entities(reference, pipe.key) for _, reference in same]
            n_gold.update(entity.label for own in gold for entity in own)
            columns.append(_read(pipe, [doc for doc, _ in same], gold))
            bar.update(len(batch))
    none = numpy.zeros(0, dtype="int16"), numpy.zeros(0, dtype="float32"), numpy.zeros(0, dtype=bool)
    types, scores, right = (numpy.concatenate(own) for own in zip(none, *columns, strict=True))
    return Candidates(
        labels=pipe.labels,
        type=types,
        score=scores.astype(float),
        right=right,
        gold=numpy.array([n_gold[label] for label in pipe.labels], dtype=int),
        unknown=Counter({label: n for label, n in n_gold.items() if label not in pipe.labels}),
        changed=changed,
    )


def _read(
    pipe: SpanPipe, docs: Sequence[Doc], gold: Sequence[Sequence[Entity]]
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Type and score of each candidate, and whether it is right."""
    spans = pipe.predict(docs, Cut([FLOOR] * len(pipe.labels)))
    right = numpy.zeros(len(spans.type), dtype=bool)
    for own, places in find_gold(spans, docs, pipe.labels, gold):
        right[own][list(places.values())] = True
    # Smaller types than torch's, as an untrained model has a great many candidates
    return spans.type.numpy().astype("int16"), spans.logit.numpy(), right


def check_candidates(candidates: Candidates, path: Path) -> None:
    """Warn of gold that is not counted, or too little, and refuse a corpus that nothing can be learned from.

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
            f"{path}: none of the {candidates.gold.sum():,} gold spans has a score above {FLOOR}. Is the "
            "pipeline trained, and for such gold? With few gold spans, hold out or annotate more documents; "
            "without a calibration the pipeline works with the threshold that it has."
        )
    if candidates.gold.sum() < FEW:
        msg.warn(
            f"{path}: {candidates.gold.sum():,} gold spans are too few to calibrate on: scores can be less "
            f"like probabilities than before. Give documents with {FEW} or more, or leave the pipeline as "
            "it is."
        )
