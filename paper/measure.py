"""What a trained model of the grid is worth on the dev part."""

from functools import cache
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from scripts.report import CANDIDATES, choose_threshold
from spacy_gpner.entities import Entity, entities, scored_entities
from spacy_gpner.loading import load_pipeline
from spacy_gpner.pipeline.find import find_pipe


def measure(model: Path, corpus: Path) -> dict[str, Any]:
    """Count, for each document of the dev part, the entities that a model predicts, those of them that are
    right, and the gold ones; at the threshold with the best F1 on the held-out part."""
    nlp = load_pipeline(str(model))
    heldout, dev = (read_gold(corpus / f"{part}.spacy") for part in ("heldout", "dev"))
    threshold = choose_threshold(_predict(nlp, heldout, CANDIDATES[0]), (gold for _, gold in heldout))
    found = _predict(nlp, dev, threshold)
    return {
        "threshold": threshold,
        "predicted": [len(own) for own in found],
        "right": [len(own.keys() & gold) for own, (_, gold) in zip(found, dev, strict=True)],
        "gold": [len(gold) for _, gold in dev],
    }


@cache
def read_gold(path: Path) -> list[tuple[str, set[Entity]]]:
    """Text and gold entities of a corpus, read once for all cells."""
    docs = DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)
    return [(doc.text, set(entities(doc, "sc"))) for doc in docs]


def _predict(nlp: Language, gold: list[tuple[str, set[Entity]]], threshold: float) -> list[dict[Entity, Any]]:
    find_pipe(nlp).threshold = threshold
    return [scored_entities(doc, "sc") for doc in nlp.pipe(text for text, _ in gold)]
