"""Holding out documents for choosing models."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from spacy.tokens import Doc, DocBin

from ..errors import CorpusError
from ..files import atomic_write
from .docs import read_docs
from .paths import check_output
from .provenance import get_provenance


@dataclass(frozen=True)
class Split:
    """What a split gave.

    train (int): The documents of the first part.
    heldout (int): The documents of the second part.
    shared_texts (int): The texts that are in both parts.
    shared_groups (int): The groups, such as patients, that are in both parts.
    """

    train: int
    heldout: int
    shared_texts: int
    shared_groups: int


def split_docs(
    docs_path: Path,
    train_path: Path,
    heldout_path: Path,
    *,
    share: float = 0.1,
    neighbours: int = 1,
    every: Optional[int] = None,
    seed: int = 0,
    by_group: bool = False,
) -> Split:
    """Split a .spacy file in two, at random by share, or in order.

    Neighbours in a corpus often come from one source and share its entities, so that single documents
    held out at random look easier than new text is: `neighbours` holds out whole groups of them.
    By share, the same texts are always on the same side, and by group, what has the same group too. A
    document's side does not depend on the rest of the corpus, and stays when that grows, unless whole groups
    are held out: so the share is met on average alone.

    docs_path (Path): The .spacy file.
    train_path (Path): The .spacy file for the documents that stay.
    heldout_path (Path): The .spacy file for those held out.
    share (float): The share to hold out, in expectation.
    neighbours (int): Documents of a group, which stays together.
    every (Optional[int]): Hold out the last of every so many documents, or groups of neighbours, instead, in
        order.
    seed (int): The seed of the choice by share.
    by_group (bool): Whether documents of one group, such as a patient, stay together, and whatever is held
        together otherwise with them. The group is what the corpus gave when it was converted.
    RETURNS (Split): The counts.
    RAISES (CorpusError): If the file can't be read, a setting is out of range or one part would be empty.
    """
    if not 0 < share < 1:
        raise CorpusError(f"The share to hold out must be between 0 and 1, not {share}.")
    if neighbours < 1:
        raise CorpusError(f"Can't make groups of {neighbours} documents: give 1 or more.")
    if every is not None and every < 2:
        raise CorpusError(f"Can't hold out one of every {every} documents, and keep others: give 2 or more.")
    if by_group and every is not None:
        raise CorpusError("Every so many documents parts groups: give either, or hold out groups by share.")
    check_output(train_path, [docs_path, heldout_path], ".spacy")
    check_output(heldout_path, [docs_path], ".spacy")

    docs, attrs = read_docs(docs_path)
    if not docs:
        raise CorpusError(f"{docs_path} holds no documents. Give a corpus with some.")
    if by_group and not any(get_provenance(doc).group for doc in docs):
        raise CorpusError(
            f"{docs_path}: no document has a group. Convert the corpus again, from sub-directories (brat) or "
            "with a key 'group' in its records."
        )
    train, heldout = (DocBin(attrs=attrs, store_user_data=True) for _ in range(2))
    texts: tuple[set[str], set[str]] = (set(), set())
    names: tuple[set[str], set[str]] = (set(), set())
    if every is not None:
        chosen = [(place // neighbours + 1) % every == 0 for place in range(len(docs))]
    elif by_group:
        first = hold_together(docs, neighbours)
        chosen = [_is_held_out(docs[place], share, seed) for place in first]
    else:
        groups = [docs[i : i + neighbours] for i in range(0, len(docs), neighbours)]
        held = {doc.text for group in groups if _is_held_out(group[0], share, seed) for doc in group}
        chosen = [doc.text in held for doc in docs]
    for doc, held_out in zip(docs, chosen, strict=True):
        (heldout if held_out else train).add(doc)
        texts[held_out].add(doc.text)
        names[held_out].update([get_provenance(doc).group or ""])
    if not len(train) or not len(heldout):
        raise CorpusError(
            f"{docs_path}: {len(heldout)} of its {len(docs)} documents would be held out. "
            "Choose another share, seed or step, or fewer neighbours."
        )
    with atomic_write(train_path) as train_temporary:
        train.to_disk(train_temporary)
        with atomic_write(heldout_path) as heldout_temporary:
            heldout.to_disk(heldout_temporary)
    shared_groups = len((names[0] & names[1]) - {""})
    return Split(len(train), len(heldout), len(texts[0] & texts[1]), shared_groups)


def hold_together(docs: Sequence[Doc], neighbours: int) -> list[int]:
    """Find what has to stay together when documents are divided: by their group, their text or their place,
    or through others.

    docs (Sequence[Doc]): The documents.
    neighbours (int): Documents that stay together, in this order.
    RETURNS (List[int]): For each document, the first one that it stays with.
    """
    parents = list(range(len(docs)))

    def find(place: int) -> int:
        while parents[place] != place:
            parents[place] = place = parents[parents[place]]
        return place

    seen: dict[tuple[str, str | int], int] = {}
    for place, doc in enumerate(docs):
        group = get_provenance(doc).group
        ties: list[tuple[str, str | int]] = [("text", doc.text), ("place", place // neighbours)]
        for tie in [*ties, ("group", group)] if group else ties:
            one, other = find(place), find(seen.setdefault(tie, place))
            parents[max(one, other)] = min(one, other)
    return [find(place) for place in range(len(docs))]


def _is_held_out(doc: Doc, share: float, seed: int) -> bool:
    digest = hashlib.blake2b(f"{seed}\n{doc.text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
