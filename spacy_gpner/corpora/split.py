"""Holding out documents for choosing models."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from spacy.tokens import Doc, DocBin

from ..errors import CorpusError
from ..files import atomic_write
from .docs import read_docs
from .paths import check_output


@dataclass(frozen=True)
class Split:
    """What a split gave.

    train (int): The documents of the first part.
    heldout (int): The documents of the second part.
    shared_texts (int): The texts that are in both parts.
    """

    train: int
    heldout: int
    shared_texts: int


def split_docs(
    docs_path: Path,
    train_path: Path,
    heldout_path: Path,
    *,
    share: float = 0.1,
    neighbours: int = 1,
    every: Optional[int] = None,
    seed: int = 0,
) -> Split:
    """Split a .spacy file in two, at random by share, or in order.

    Neighbours in a corpus often come from one source and share its entities, so that single documents
    held out at random look easier than new text is: `neighbours` holds out whole groups of them.
    By share, the same texts are always on the same side.

    docs_path (Path): The .spacy file.
    train_path (Path): The .spacy file for the documents that stay.
    heldout_path (Path): The .spacy file for those held out.
    share (float): The share to hold out, in expectation.
    neighbours (int): Documents of a group, which stays together.
    every (Optional[int]): Hold out the last of every so many documents instead, in order.
    seed (int): The seed of the choice by share.
    RETURNS (Split): The counts.
    RAISES (CorpusError): If the file can't be read, a setting is out of range or one part would be empty.
    """
    if not 0 < share < 1:
        raise CorpusError(f"The share to hold out must be between 0 and 1, not {share}.")
    if neighbours < 1:
        raise CorpusError(f"Can't make groups of {neighbours} documents: give 1 or more.")
    if every is not None and every < 2:
        raise CorpusError(f"Can't hold out every {every}. document: give 2 or more.")
    check_output(train_path, [docs_path, heldout_path], ".spacy")
    check_output(heldout_path, [docs_path], ".spacy")

    docs, attrs = read_docs(docs_path)
    train, heldout = (DocBin(attrs=attrs, store_user_data=True) for _ in range(2))
    train_texts: set[str] = set()
    heldout_texts: set[str] = set()
    groups = [docs[i : i + neighbours] for i in range(0, len(docs), neighbours)]
    chosen = {doc.text for group in groups if _is_held_out(group[0], share, seed) for doc in group}
    for number, doc in enumerate(docs, 1):
        held_out = number % every == 0 if every is not None else doc.text in chosen
        (heldout if held_out else train).add(doc)
        (heldout_texts if held_out else train_texts).add(doc.text)
    if not len(train) or not len(heldout):
        raise CorpusError(
            f"{docs_path}: {len(heldout)} of its {len(docs)} documents would be held out. "
            "Choose another share, seed or step."
        )
    with atomic_write(train_path) as train_temporary:
        train.to_disk(train_temporary)
        with atomic_write(heldout_path) as heldout_temporary:
            heldout.to_disk(heldout_temporary)
    return Split(len(train), len(heldout), len(train_texts & heldout_texts))


def _is_held_out(doc: Doc, share: float, seed: int) -> bool:
    digest = hashlib.blake2b(f"{seed}\n{doc.text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
