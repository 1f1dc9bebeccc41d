"""What comes out of an evaluation."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from .predictions import Prediction


@dataclass(frozen=True)
class Source:
    """Where a model is from, and how it was set when it was evaluated.

    path (str): Its directory or package, as it was given.
    lang (str): The language of its texts.
    thresholds (Dict[str, Dict[str, Any]]): For each component that writes the spans its `threshold`, and its
        `thresholds` by label, as far as it has them.
    """

    path: str
    lang: str
    thresholds: dict[str, dict[str, Any]]

    def show_thresholds(self) -> str:
        """RETURNS (str): The thresholds in a few words: by label their range."""
        return ", ".join(map(_show_thresholds, self.thresholds.values())) or "–"


def _show_thresholds(own: dict[str, Any]) -> str:
    shown = f"{own['threshold']:.2f}"
    by_label = own.get("thresholds")
    if by_label:
        shown += f"; by label {min(by_label.values()):.2f} to {max(by_label.values()):.2f}"
    return shown


@dataclass(frozen=True)
class Evaluation:
    """What pipelines are worth on a corpus.

    corpus (str): Name of the corpus.
    metrics (Dict[str, Dict[str, Any]]): What `measure` gives for each model.
    predictions (Dict[str, List[Prediction]]): The documents as each model sees them.
    comparisons (List[Dict[str, Any]]): What `compare` gives for more than one model.
    notes (List[str]): What the reader must know of corpus and models.
    sources (Dict[str, Source]): Where each model is from.
    date (datetime): When the evaluation was made, with its time zone.
    """

    corpus: str
    metrics: dict[str, dict[str, Any]]
    predictions: dict[str, list[Prediction]]
    comparisons: list[dict[str, Any]]
    notes: list[str]
    sources: dict[str, Source]
    date: datetime

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The numbers and notes, ready for JSON, without any text of the corpus."""
        first = next(iter(self.predictions.values()))
        return {
            "corpus": self.corpus,
            "documents": len(first),
            "notes": self.notes,
            "sources": {name: asdict(source) for name, source in self.sources.items()},
            "models": self.metrics,
            "comparisons": self.comparisons,
        }
