"""What comes out of an evaluation."""

from dataclasses import dataclass
from typing import Any

from .predictions import Prediction


@dataclass(frozen=True)
class Evaluation:
    """What pipelines are worth on a corpus.

    corpus (str): Name of the corpus.
    metrics (Dict[str, Dict[str, Any]]): What `measure` gives for each model.
    predictions (Dict[str, List[Prediction]]): The documents as each model sees them.
    comparisons (List[Dict[str, Any]]): What `compare` gives for more than one model.
    notes (List[str]): What the reader must know of corpus and models.
    """

    corpus: str
    metrics: dict[str, dict[str, Any]]
    predictions: dict[str, list[Prediction]]
    comparisons: list[dict[str, Any]]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (Dict[str, Any]): The numbers and notes, ready for JSON, without any text of the corpus."""
        first = next(iter(self.predictions.values()))
        return {
            "corpus": self.corpus,
            "documents": len(first),
            "notes": self.notes,
            "models": self.metrics,
            "comparisons": self.comparisons,
        }
