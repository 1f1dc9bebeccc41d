"""Evaluating pipelines on a gold corpus, alone and side by side."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Optional

from spacy.tokens import Doc

from ..corpora.docs import read_docs, require_spans
from ..entities import entities, show_label
from ..errors import CorpusError, PipelineError
from ..files import atomic_write, resolve
from ..loading import load_pipeline
from .metrics import Surfaces, compare, measure
from .predictions import Prediction, predict, span_pipes

FILES = ("metrics.json", "report.html")
# Labels that a note names
SHOWN_LABELS = 10
GOLD = "Give a corpus with gold entities, and their key with --spans-key."


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


def evaluate(
    models: Sequence[str], corpus_path: Path, *, spans_key: str, train_path: Optional[Path] = None
) -> Evaluation:
    """Evaluate trained pipelines: any that write `doc.spans`.

    models (Sequence[str]): Their directories or packages.
    corpus_path (Path): The .spacy file with gold spans. Documents without the span group are left out.
    spans_key (str): Key of the span group.
    train_path (Optional[Path]): The .spacy file that the models were trained with, to tell entities that
        occur there from others.
    RETURNS (Evaluation): The evaluation.
    RAISES (CorpusError): If a corpus can't be read or has no gold.
    RAISES (PipelineError): If a pipeline is named twice, can't be loaded, writes no such span group, or
        changes a text.
    """
    if len({resolve(Path(model)) for model in models}) < len(models):
        raise PipelineError(f"A pipeline is named twice: {', '.join(models)}. Give each once.")
    gold, notes = read_gold(corpus_path, spans_key)
    surfaces = None if train_path is None else read_surfaces(train_path, spans_key)
    predictions = {}
    for path, name in zip(models, short_names(models), strict=True):
        nlp = load_pipeline(path)
        predictions[name] = predict(nlp, gold, spans_key, name=name)
        labels = {label for pipe in span_pipes(nlp, spans_key) for label in pipe.labels}
        notes += _notes(name, labels, predictions[name])
    metrics = {name: measure(own, surfaces) for name, own in predictions.items()}
    comparisons = compare(predictions) if len(models) > 1 else []
    return Evaluation(corpus_path.name, metrics, predictions, comparisons, notes)


def short_names(models: Sequence[str]) -> list[str]:
    """Name pipelines by the part of their paths in which they differ.

    models (Sequence[str]): Their directories or packages, all different.
    RETURNS (List[str]): Their names, all different.
    """
    parts = [(resolve(Path(model)) if Path(model).exists() else Path(model)).parts for model in models]
    if len(parts) < 2:
        return [str(Path(*own[-2:])) for own in parts]
    start = _count_shared(parts)
    end = _count_shared([own[start:][::-1] for own in parts])
    names = [own[start : len(own) - end] for own in parts]
    # One path may go on where another ends
    return [str(Path(*own)) for own in names] if all(names) else list(models)


def _count_shared(sequences: Sequence[Sequence[str]]) -> int:
    return sum(1 for _ in takewhile(lambda x: len(set(x)) == 1, zip(*sequences, strict=False)))


def read_gold(path: Path, spans_key: str) -> tuple[list[Doc], list[str]]:
    """Read the annotated documents of a corpus.

    path (Path): The .spacy file.
    spans_key (str): Key of the span group.
    RETURNS (Tuple[List[Doc], List[str]]): The documents, and what was left out.
    RAISES (CorpusError): If there are no documents, or none with the span group.
    """
    docs = read_docs(path)[0]
    if not docs:
        raise CorpusError(f"{path} holds no documents. {GOLD}")
    require_spans(docs, spans_key, path, GOLD)
    gold = [doc for doc in docs if spans_key in doc.spans]
    unannotated = len(docs) - len(gold)
    return gold, [f"{unannotated:,} documents have no annotation and are left out."] * bool(unannotated)


def read_surfaces(path: Path, spans_key: str) -> Surfaces:
    """Read which surfaces are entities of a corpus.

    path (Path): The .spacy file.
    spans_key (str): Key of the span group.
    RETURNS (Dict[str, Set[str]]): The labels of each surface.
    RAISES (CorpusError): If the corpus can't be read or has no gold.
    """
    surfaces: Surfaces = {}
    for doc in read_gold(path, spans_key)[0]:
        for start, end, label in entities(doc, spans_key):
            surfaces.setdefault(doc.text[start:end], set()).add(label)
    return surfaces


def check_directory(output: Path) -> None:
    """See to it, before there is anything to write, that an evaluation can be written to a directory.

    output (Path): The directory, which need not exist.
    RAISES (OSError): If it is something else, a pipeline, or can't be written to.
    """
    place = next(path for path in (output, *resolve(output).parents) if path.exists())
    if not place.is_dir():
        raise NotADirectoryError(f"Can't write to {output}: {place} is not a directory.")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"Can't write to {output}: {place} is not writable.")
    if (output / "config.cfg").exists():
        raise FileExistsError(f"Can't write to {output}: it is a pipeline. Give another directory.")
    for name in FILES:
        if (output / name).is_dir():
            raise IsADirectoryError(f"Can't write {output / name}: it is a directory.")


def write_evaluation(evaluation: Evaluation, output: Path, *, limit: int) -> None:
    """Write `metrics.json` and `report.html`.

    evaluation (Evaluation): The evaluation.
    output (Path): The directory.
    limit (int): How many documents the page shows at most; 0 for all.
    RAISES (OSError): If they can't be written.
    """
    from .page import render_evaluation

    numbers = json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=2) + "\n"
    for name, content in zip(FILES, (numbers, render_evaluation(evaluation, limit)), strict=True):
        with atomic_write(output / name) as temporary:
            # Names of models and corpora may hold bytes that are no UTF-8
            temporary.write_text(content, encoding="utf-8", errors="backslashreplace")


def _notes(name: str, labels: set[str], predictions: list[Prediction]) -> list[str]:
    missing = [e.label for own in predictions for e in own.gold if labels and e.label not in labels]
    notes = []
    if missing:
        common = [label for label, _ in Counter(missing).most_common()]
        shown = ", ".join(map(show_label, common[:SHOWN_LABELS])) + ", …" * (len(common) > SHOWN_LABELS)
        notes.append(f"{name} lacks the labels of {len(missing):,} gold entities, which it misses: {shown}.")
    unreachable = sum(own.unreachable for own in predictions)
    if unreachable:
        notes.append(
            f"{unreachable:,} gold entities begin or end inside a token of {name}, which can't find them."
        )
    return notes
