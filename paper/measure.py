"""What a trained model of the grid is worth on the dev part."""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from scripts.report import CANDIDATES, choose_threshold
from spacy_gpner.entities import Entity, entities, scored_entities
from spacy_gpner.evaluation.matching import count_boundaries, count_errors
from spacy_gpner.evaluation.metrics import Score, by_label, by_nesting, counts_by_document, score_by
from spacy_gpner.evaluation.predictions import Prediction
from spacy_gpner.loading import load_pipeline
from spacy_gpner.pipeline.find import find_pipe

from .cells import LETTERS

T = TypeVar("T")
Gold = list[tuple[str, frozenset[Entity]]]


def measure(
    model: Path,
    corpus: Path,
    n_dev: int = 0,
    n_heldout: int = 0,
    prepare: Callable[[Language], None] = lambda nlp: None,
) -> dict[str, Any]:
    """Count what a model finds in the dev part, at the threshold with the best F1 on the held-out part.

    model (Path): The pipeline.
    corpus (Path): The directory of the corpus.
    n_dev, n_heldout (int): How many documents of either part to take, evenly spread over it; 0 for all.
    prepare (Callable[[Language], None]): Settles how the pipeline is to be read.
    RETURNS (Dict[str, Any]): The fields of a `Cell` that say what the model is worth.
    """
    nlp = load_pipeline(str(model))
    prepare(nlp)
    heldout = spread(read_gold(corpus / "heldout.spacy"), n_heldout)
    dev = spread(read_gold(corpus / "dev.spacy"), n_dev)
    likely, _ = _predict(nlp, heldout, CANDIDATES[0])
    threshold, f1 = choose_threshold(likely, (gold for _, gold in heldout))
    start = time.perf_counter()
    found, n_tokens = _predict(nlp, dev, threshold)
    seconds = time.perf_counter() - start
    predictions = [Prediction(*gold, own) for gold, own in zip(dev, found, strict=True)]
    matches = [pair for own in predictions for pair in own.matches]
    names = ("predicted", "right", "gold")
    by_document = counts_by_document(predictions).T.tolist()
    return {
        "threshold": threshold,
        "heldout": round(f1, 4),
        **dict(zip(names, by_document, strict=True)),
        "labels": _numbers(score_by(predictions, by_label), names),
        "nesting": _numbers(score_by(predictions, by_nesting), (*names, "found")),
        "errors": count_errors(matches),
        "boundaries": count_boundaries(matches),
        "kinds": "".join(LETTERS[pair.kind] for pair in matches if pair.gold),
        "task_weights": getattr(find_pipe(nlp), "task_weights", {}),
        "bytes": sum(path.stat().st_size for path in model.rglob("*") if path.is_file()),
        "characters_per_second": round(sum(len(text) for text, _ in dev) / seconds),
        "tokens_per_second": round(n_tokens / seconds),
    }


def spread(items: Sequence[T], n: int) -> list[T]:
    """Take some of the items, evenly spread over them.

    items (Sequence[T]): The items.
    n (int): How many; 0 for all.
    RETURNS (List[T]): Those taken.
    """
    n = min(n or len(items), len(items))
    return [items[i * len(items) // n] for i in range(n)]


@cache
def read_gold(path: Path) -> Gold:
    """Text and gold entities of a corpus, read once for all cells."""
    docs = DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)
    return [(doc.text, frozenset(entities(doc, "sc"))) for doc in docs]


def _predict(nlp: Language, gold: Gold, threshold: float) -> tuple[list[dict[Entity, Any]], int]:
    """What a model finds in each text, and how many tokens it read."""
    find_pipe(nlp).threshold = threshold
    found, n_tokens = [], 0
    for doc in nlp.pipe(text for text, _ in gold):
        found.append(scored_entities(doc, "sc"))
        n_tokens += len(doc)
    return found, n_tokens


def _numbers(scores: dict[str, Score], names: Iterable[str]) -> dict[str, list[int]]:
    return {name: [getattr(scores[name], x) for x in names] for name in sorted(scores)}
