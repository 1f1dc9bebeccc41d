"""Biaffine span scoring."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ...spans import SpanFactors
from ..dropout import Dropout, check_own_dropout
from ..score_model import INITIAL_SCORE, SpanModel, Tok2Vec, build_score_model, check_head_size


@registry.architectures("spacy-gpner.Biaffine.v1")
def Biaffine(
    tok2vec: Tok2Vec,
    head_size: int = 128,
    dropout: Optional[float] = 0.1,
) -> SpanModel:
    """Build a biaffine model: starts and ends have a representation of their own, a matrix for each
    type scores their pairs, and a linear layer each of them alone.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    head_size (int): Channels of the start's and the end's representation.
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], SpanFactors]): The model.
    RAISES (ValueError): If a setting is out of range.
    """
    check_head_size(head_size, rope=False)
    check_own_dropout(dropout)
    return build_score_model(tok2vec, partial(BiaffineHead, head_size=head_size, dropout=dropout))


class BiaffineHead(nn.Module):
    """s_t(i, j) = h_start(i)ᵀ U_t h_end(j) + u_t · h_start(i) + v_t · h_end(j) + c_t."""

    def __init__(self, width: int, n_types: int, *, head_size: int, dropout: Optional[float]) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.start = nn.Linear(width, head_size)
        self.end = nn.Linear(width, head_size)
        self.pairs = nn.Parameter(torch.randn(n_types, head_size, head_size) / head_size)
        self.score_start = nn.Linear(head_size, n_types)
        self.score_end = nn.Linear(head_size, n_types)
        nn.init.constant_(self.score_end.bias, INITIAL_SCORE)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> SpanFactors:
        vectors = self.dropout(vectors)
        start, end = leaky_relu(self.start(vectors), 0.1), leaky_relu(self.end(vectors), 0.1)
        q = torch.einsum("nd,tde->nte", start, self.pairs)
        return SpanFactors(q, end[:, None], self.score_start(start), self.score_end(end), lengths)
