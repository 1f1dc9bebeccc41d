"""Scores of tags, for a conditional random field."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from torch import Tensor, nn

from ...spans import TagScores, TagSet
from ...spans.tags import Scheme
from ..dropout import Dropout, check_own_dropout
from ..score_model import ScoreModel, Tok2Vec, build_score_model

TagModel = ScoreModel[TagScores]


@registry.architectures("spacy-gpner.CRF.v1")
def CRF(
    tok2vec: Tok2Vec,
    scheme: Scheme = "bioes",
    by_type: bool = False,
    dropout: Optional[float] = 0.1,
) -> TagModel:
    """Build a linear-chain conditional random field (Lafferty et al., 2001): a linear layer scores the tags
    of each token, and a matrix what follows what.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    scheme (str): The tags: "bio", or "bioes" with tags of their own for last and only tokens.
    by_type (bool): Whether each type has a chain of its own, so that entities of different types can overlap.
        If not, one chain has the tags of all types, and finds entities that don't overlap.
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], TagScores]): The model.
    RAISES (ValueError): If a setting is out of range or unknown.
    """
    tags = TagSet(scheme, by_type)
    check_own_dropout(dropout)
    return build_score_model(tok2vec, partial(CRFHead, tags=tags, dropout=dropout), layout=tags)


class CRFHead(nn.Module):
    """Scores of each token's tags, linear in its vector, and of what follows what."""

    def __init__(self, width: int, n_types: int, *, tags: TagSet, dropout: Optional[float]) -> None:
        super().__init__()
        self.tags = tags
        n_chains, n_tags = tags.shape(n_types)
        self.dropout = Dropout(dropout)
        self.emissions = nn.Linear(width, n_chains * n_tags)
        self.transitions = nn.Parameter(torch.zeros(n_chains, n_tags, n_tags))
        self.starts = nn.Parameter(torch.zeros(n_chains, n_tags))
        self.ends = nn.Parameter(torch.zeros(n_chains, n_tags))

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> TagScores:
        emissions = self.emissions(self.dropout(vectors)).unflatten(1, self.starts.shape)
        return TagScores(emissions, self.transitions, self.starts, self.ends, lengths, self.tags)
