"""Documents of similar length together: what is padded in a batch is work for nothing."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from .torch_layer import has_other_torch


class Groups(NamedTuple):
    """How documents are grouped. See `similar_lengths`."""

    stretch: float
    min_tokens: int
    max_tokens: int


# Tokens whose vectors are made together. Recurrent layers go from step to step, and gain by many texts in
# each; a transformer gains by few that fit a processor's cache: a BERT of base size takes twice as long for
# a text among 4,000 tokens as among 500. Our own cut what they are given (READING), …
PREDICTING = {"cpu": Groups(1.2, 1024, 2048), "gpu": Groups(1.2, 4096, 4096)}
# … torch modules of other packages take it as it is.
PREDICTING_OTHERS = {**PREDICTING, "cpu": Groups(1.2, 256, 512)}
# What a pretrained encoder reads of such a group: with the pieces around each text it is a little more, and
# is not to fall apart for that.
READING = {"cpu": Groups(1.5, 256, 768), "gpu": Groups(1.5, 4096, 6144)}
# The way back through a transformer goes over all of its weights, for each group again.
TRAINING = Groups(2.0, 512, 4096)


def similar_lengths(
    lengths: Sequence[int], stretch: float, min_tokens: int = 0, max_tokens: float = math.inf
) -> Iterator[list[int]]:
    """Group documents by length; those without tokens are in no group.

    lengths (Sequence[int]): Tokens of each document.
    stretch (float): The longest document of a group is at most so many times as long as the shortest,
    min_tokens (int): except where that leaves the group with fewer tokens than this.
    max_tokens (float): The most tokens of a group of several documents, with padding.
    YIELDS (List[int]): Indices of a group's documents, shorter ones first.
    """
    members: list[int] = []
    n_tokens = 0
    for i in sorted((i for i, n in enumerate(lengths) if n), key=lambda i: lengths[i]):
        if members:
            is_stretched = lengths[i] > stretch * lengths[members[0]] and n_tokens >= min_tokens
            if is_stretched or lengths[i] * (len(members) + 1) > max_tokens:
                yield members
                members, n_tokens = [], 0
        members.append(i)
        n_tokens += lengths[i]
    if members:
        yield members


def predict_vectors(tok2vec: Model[list[Doc], list[Floats2d]], docs: Sequence[Doc]) -> list[Floats2d]:
    """Token vectors of documents, made for a few of similar length at a time.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the vectors.
    docs (Sequence[Doc]): The documents.
    RETURNS (List[Floats2d]): The vectors of each document.
    """
    found: dict[int, Floats2d] = {}
    lengths, device = [len(doc) for doc in docs], tok2vec.ops.device_type
    groups = (PREDICTING_OTHERS if has_other_torch(tok2vec) else PREDICTING)[device]
    # Weights that are cast to half precision are kept until the outermost autocast ends: cast once for all.
    kind = "cpu" if device == "cpu" else "cuda"
    with torch.autocast(kind, enabled=torch.is_autocast_enabled(kind)):
        for members in similar_lengths(lengths, *groups):
            found.update(zip(members, tok2vec.predict([docs[i] for i in members]), strict=True))
    if not found:
        return tok2vec.predict(list(docs))
    width = next(iter(found.values())).shape[1]
    return [found[i] if i in found else tok2vec.ops.alloc2f(0, width) for i in range(len(docs))]
