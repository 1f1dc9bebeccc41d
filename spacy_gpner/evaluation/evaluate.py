"""Evaluating pipelines on a gold corpus, alone and side by side."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Optional

from spacy.tokens import Doc

from ..corpora.docs import read_docs, require_length, require_spans
from ..corpora.provenance import Provenance, get_provenance
from ..entities import entities, show_label
from ..errors import CorpusError
from ..files import resolve
from ..loading import load_pipeline
from ..outputs import check_distinct
from .metrics import Surfaces, compare, measure
from .predictions import Prediction, predict
from .result import Evaluation, Source
from .run import writers

# Labels that a note names
SHOWN_LABELS = 10
# With fewer gold entities F1 is easily ten points off; with fewer documents the interval is too narrow
FEW, FEW_DOCUMENTS = 100, 20
GOLD = "Give a corpus with gold entities, and their key with --spans-key."


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
    check_distinct(models)
    gold, notes = read_gold(corpus_path, spans_key)
    surfaces = None if train_path is None else read_surfaces(train_path, spans_key)
    predictions, sources = {}, {}
    for path, name in zip(models, short_names(models), strict=True):
        nlp = load_pipeline(path)
        require_length(gold, nlp, corpus_path)
        predictions[name] = predict(nlp, gold, spans_key, name=name)
        pipes = writers(nlp, spans_key)
        thresholds = {key: _thresholds(pipe.cfg) for key, pipe in pipes.items()}
        sources[name] = Source(path, nlp.lang or "", {key: own for key, own in thresholds.items() if own})
        labels = {show_label(label) for pipe in pipes.values() for label in pipe.labels}
        notes += _notes(name, labels, predictions[name])
    notes = _note_few(next(iter(predictions.values()))) + notes
    metrics = {name: measure(own, surfaces) for name, own in predictions.items()}
    comparisons = compare(predictions) if len(models) > 1 else []
    now = datetime.now().astimezone()
    return Evaluation(corpus_path.name, metrics, predictions, comparisons, notes, sources, now)


def _thresholds(cfg: dict[str, Any]) -> dict[str, Any]:
    found = {key: cfg[key] for key in ("threshold", "thresholds") if cfg.get(key) is not None}
    if "thresholds" in found:
        found["thresholds"] = {show_label(label): value for label, value in found["thresholds"].items()}
    return found


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
    notes = [f"{unannotated:,} documents have no annotation and are left out."] * bool(unannotated)
    return gold, notes + _note_changed([get_provenance(doc) for doc in gold])


def _note_changed(provenances: Sequence[Provenance]) -> list[str]:
    """What the scores can't show, as the gold is no longer that of the source."""
    moved, lost = sum(own.moved for own in provenances), sum(own.lost for own in provenances)
    notes = []
    if moved:
        notes.append(
            f"{moved:,} gold entities were moved to the edges of their tokens when the corpus was converted, "
            "and are scored as moved."
        )
    if lost:
        notes.append(
            f"{lost:,} gold entities of the source can't be predicted with the corpus's tokens, and were "
            "left out when it was converted: no score counts them."
        )
    return notes


def read_surfaces(path: Path, spans_key: str) -> Surfaces:
    """Read which surfaces are entities of a corpus.

    path (Path): The .spacy file.
    spans_key (str): Key of the span group.
    RETURNS (Dict[str, Set[str]]): The labels of each surface, as `show_label` gives them.
    RAISES (CorpusError): If the corpus can't be read or has no gold.
    """
    surfaces: Surfaces = {}
    for doc in read_gold(path, spans_key)[0]:
        for start, end, label in entities(doc, spans_key):
            surfaces.setdefault(doc.text[start:end], set()).add(show_label(label))
    return surfaces


def _show_some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:SHOWN_LABELS]) + ", …" * (len(labels) > SHOWN_LABELS)


def _note_few(predictions: Sequence[Prediction]) -> list[str]:
    """Which scores are of too little."""
    counts = Counter(entity.label for own in predictions for entity in own.gold)
    notes = []
    if counts.total() < FEW:
        notes.append(
            f"The corpus has {counts.total():,} gold entities: too few to trust the scores. With fewer than "
            f"{FEW}, F1 is easily ten points off."
        )
    elif few := [f"{label} ({n})" for label, n in reversed(counts.most_common()) if n < FEW]:
        notes.append(
            f"Labels with fewer than {FEW} gold entities, whose scores say little: {_show_some(few)}."
        )
    if len(predictions) < FEW_DOCUMENTS:
        notes.append(
            f"The corpus has {len(predictions):,} documents: too few to trust an interval. With fewer than "
            f"{FEW_DOCUMENTS} it is too narrow."
        )
    return notes


def _notes(name: str, labels: set[str], predictions: list[Prediction]) -> list[str]:
    missing = [e.label for own in predictions for e in own.gold if labels and e.label not in labels]
    notes = []
    if missing:
        shown = _show_some([label for label, _ in Counter(missing).most_common()])
        notes.append(f"{name} lacks the labels of {len(missing):,} gold entities, which it misses: {shown}.")
    other_tokens = sum(own.other_tokens for own in predictions)
    if other_tokens:
        unreachable = sum(own.unreachable for own in predictions)
        notes.append(
            f"{other_tokens:,} of {len(predictions):,} documents have other tokens in the corpus than {name} "
            f"makes. Entities are compared by their characters all the same, but {unreachable:,} gold "
            f"entities begin or end inside a token of {name}, which can't find them. If that is not meant, "
            "convert the corpus with the pipeline's tokenizer (--lang, --tokenizer)."
        )
    return notes
