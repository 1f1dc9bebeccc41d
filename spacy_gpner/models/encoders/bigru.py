"""A bidirectional GRU over token vectors."""

from typing import Optional

from spacy.util import registry
from torch import nn

from ..score_model import Tok2Vec
from .recurrent import BiRNN, build_recurrent_layer


@registry.architectures("spacy-gpner.BiGRU.v1")
def BiGRULayer(
    tok2vec: Tok2Vec,
    width: int = 256,
    depth: int = 1,
    dropout: Optional[float] = None,
    layer_norm: bool = True,
) -> Tok2Vec:
    """Build a bidirectional GRU (Cho et al., 2014) on token vectors of any width.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    width (int): Width of its output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (Optional[float]): Dropout rate before each layer; None for that of the training.
    layer_norm (bool): Whether to normalise each vector of the output.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    RAISES (ValueError): If a setting is out of range; the width must be even.
    """
    return build_recurrent_layer(BiGRU, "bigru", tok2vec, width, depth, dropout, layer_norm)


class BiGRU(BiRNN):
    """Layers of GRU, forwards and backwards."""

    cell = nn.GRU
