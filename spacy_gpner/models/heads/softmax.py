"""Scores of tags that are learned each by itself."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

from spacy.util import registry
from torch import Tensor, nn

from ...spans import TagScores, TagSet
from ...spans.tags import Scheme
from ..dropout import Dropout, check_own_dropout
from ..score_model import Tok2Vec, build_score_model
from .crf import TagModel


@registry.architectures("spacy-gpner.Softmax.v1")
def Softmax(
    tok2vec: Tok2Vec,
    scheme: Scheme = "bioes",
    by_type: bool = False,
    dropout: Optional[float] = 0.1,
) -> TagModel:
    """Build a tagger without a conditional random field: a linear layer and a softmax give the distribution
    over the tags of each token, and that is what learns. Spans are those of `spacy-gpner.CRF.v1` whose
    transitions are all 0: their probability is that among the paths which the tags allow.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    scheme (str): The tags: "bio", or "bioes" with tags of their own for last and only tokens.
    by_type (bool): Whether each type has tags of its own, so that entities of different types can overlap.
        If not, the tags of all types are one distribution, and entities don't overlap.
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], TagScores]): The model.
    RAISES (ValueError): If a setting is out of range or unknown.
    """
    tags = TagSet(scheme, by_type)
    check_own_dropout(dropout)
    return build_score_model(tok2vec, partial(SoftmaxHead, tags=tags, dropout=dropout), layout=tags)


class SoftmaxHead(nn.Module):
    """Scores of each token's tags, linear in its vector."""

    def __init__(self, width: int, n_types: int, *, tags: TagSet, dropout: Optional[float]) -> None:
        super().__init__()
        self.tags, self.shape = tags, tags.shape(n_types)
        self.dropout = Dropout(dropout)
        n_chains, n_tags = self.shape
        self.emissions = nn.Linear(width, n_chains * n_tags)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> TagScores:
        emissions = self.emissions(self.dropout(vectors)).unflatten(1, self.shape)
        n_chains, n_tags = self.shape
        transitions = emissions.new_zeros(n_chains, n_tags, n_tags)
        edge = emissions.new_zeros(n_chains, n_tags)
        return TagScores(emissions, transitions, edge, edge, lengths, self.tags, independent=True)
