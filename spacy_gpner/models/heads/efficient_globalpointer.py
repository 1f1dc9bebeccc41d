"""Efficient GlobalPointer: one projection finds spans, two numbers a token and type tell the types apart."""

from collections.abc import Sequence
from functools import partial
from typing import Literal, Optional, get_args

from spacy.util import registry
from torch import Tensor, nn

from ...spans import SpanFactors
from ...spans.rope import rotate
from ..dropout import Dropout, check_own_dropout
from ..score_model import INITIAL_SCORE, SpanModel, Tok2Vec, build_score_model, check_head_size

TypeFeatures = Literal["qk", "hidden"]


@registry.architectures("spacy-gpner.EfficientGlobalPointer.v1")
def EfficientGlobalPointer(
    tok2vec: Tok2Vec,
    head_size: int = 64,
    rope: bool = True,
    type_features: TypeFeatures = "qk",
    dropout: Optional[float] = 0.1,
) -> SpanModel:
    """Build an Efficient GlobalPointer model (section III-C of the main paper).

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    head_size (int): Channels d of q and k; even.
    rope (bool): Rotate q and k by their positions (Eq. 11).
    type_features (str): What the types' scores are linear in: "qk", the unrotated q and k (Eq. 13), or
        "hidden", the token vectors (Eq. 12).
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], SpanFactors]): The model.
    RAISES (ValueError): If a setting is out of range.
    """
    check_head_size(head_size, rope)
    check_own_dropout(dropout)
    if type_features not in get_args(TypeFeatures):
        raise ValueError(
            f"Invalid type_features: '{type_features}'. Expected one of {get_args(TypeFeatures)}."
        )
    return build_score_model(
        tok2vec,
        partial(
            EfficientGlobalPointerHead,
            head_size=head_size,
            rope=rope,
            type_features=type_features,
            dropout=dropout,
        ),
    )


class EfficientGlobalPointerHead(nn.Module):
    """s_t(i, j) = <R_i q(i), R_j k(j)> / √d + (w_t · [x(i); x(j)]) / 2, with x = [q; k] or the hidden state.

    The channels are in the order of the public implementations, so that their checkpoints fit: of the
    projection, the even ones are q and the odd ones k; of the type layer, the even ones score the end and
    the odd ones the start of types 0, 0, 1, 1, … The ½ is theirs too.
    """

    def __init__(
        self,
        width: int,
        n_types: int,
        *,
        head_size: int,
        rope: bool,
        type_features: TypeFeatures,
        dropout: Optional[float],
    ) -> None:
        super().__init__()
        self.head_size = head_size
        self.rope = rope
        self.type_features = type_features
        self.dropout = Dropout(dropout)
        self.project = nn.Linear(width, 2 * head_size)
        self.score_types = nn.Linear(2 * head_size if type_features == "qk" else width, 2 * n_types)
        nn.init.constant_(self.score_types.bias, INITIAL_SCORE)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> SpanFactors:
        vectors = self.dropout(vectors)
        projected = self.project(vectors)
        scores = self.score_types(projected if self.type_features == "qk" else vectors) / 2
        qk = projected.unflatten(-1, (self.head_size, 2)).transpose(1, 2)
        if self.rope:
            qk = rotate(qk, lengths)
        q, k = qk[:, :1], qk[:, 1:]
        return SpanFactors(q / self.head_size**0.5, k, scores[:, 1::2], scores[:, ::2], lengths)
