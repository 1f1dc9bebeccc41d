"""Texts and gold, and the device, to run on."""

from itertools import islice
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Example


def read_texts(path: str, limit: int) -> list[str]:
    """The first texts of a DocBin file."""
    docs = DocBin().from_disk(Path(path)).get_docs(spacy.blank("zh").vocab)
    return [doc.text for doc in islice(docs, limit)]


def read_examples(path: str, limit: int, nlp: Language) -> list[Example]:
    """The first documents of a DocBin file, as a pipeline is trained on them."""
    docs = DocBin().from_disk(Path(path)).get_docs(nlp.vocab)
    return [Example(nlp.make_doc(doc.text), doc) for doc in islice(docs, limit)]


def use(device: str) -> None:
    """Have spaCy use "cuda" or "cpu"."""
    if device == "cuda":
        spacy.require_gpu()
