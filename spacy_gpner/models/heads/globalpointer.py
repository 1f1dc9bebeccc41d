"""GlobalPointer: a projection of its own for each type."""

from collections.abc import Sequence
from functools import partial
from typing import Optional

import torch
from spacy.util import registry
from torch import Tensor, nn

from ...spans import SpanFactors
from ...spans.rope import rotate
from ..dropout import Dropout, check_own_dropout
from ..score_model import SpanModel, Tok2Vec, build_score_model, check_head_size


@registry.architectures("spacy-gpner.GlobalPointer.v1")
def GlobalPointer(
    tok2vec: Tok2Vec,
    head_size: int = 64,
    rope: bool = True,
    dropout: Optional[float] = 0.1,
) -> SpanModel:
    """Build a GlobalPointer model (Eqs. 7 to 11 of the main paper).

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    head_size (int): Channels d of each type's q and k; even.
    rope (bool): Rotate q and k by their positions (Eq. 11).
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], SpanFactors]): The model.
    RAISES (ValueError): If a setting is out of range.
    """
    check_head_size(head_size, rope)
    check_own_dropout(dropout)
    return build_score_model(
        tok2vec, partial(GlobalPointerHead, head_size=head_size, rope=rope, dropout=dropout)
    )


class GlobalPointerHead(nn.Module):
    """s_t(i, j) = <R_i q_t(i), R_j k_t(j)> / √d. The projection's channels go type by type, q before k."""

    def __init__(
        self, width: int, n_types: int, *, head_size: int, rope: bool, dropout: Optional[float]
    ) -> None:
        super().__init__()
        self.head_size = head_size
        self.rope = rope
        self.n_types = n_types
        self.dropout = Dropout(dropout)
        self.project = nn.Linear(width, n_types * 2 * head_size)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> SpanFactors:
        projected = self.project(self.dropout(vectors))
        qk = projected.unflatten(-1, (2 * self.n_types, self.head_size))
        if self.rope:
            qk = rotate(qk, lengths)
        no_score = torch.zeros(len(vectors), self.n_types, dtype=qk.dtype, device=qk.device)
        return SpanFactors(qk[:, ::2] / self.head_size**0.5, qk[:, 1::2], no_score, no_score, lengths)
