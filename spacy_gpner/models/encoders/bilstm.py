"""A bidirectional LSTM over token vectors."""

from functools import partial
from typing import Optional

from spacy.util import registry
from torch import nn

from ..score_model import Tok2Vec
from .encoder import Encoder, build_encoder
from .recurrent import BiRNN, build_recurrent_layer, check_recurrent


@registry.architectures("spacy-gpner.BiLSTMEncoder.v1")
def BiLSTMEncoder_v1(width: int = 128, depth: int = 2, dropout: Optional[float] = 0.2) -> Encoder:
    """Build a `BiLSTMEncoder` that does not normalise its output."""
    return BiLSTMEncoder(width, depth, dropout, layer_norm=False)


@registry.architectures("spacy-gpner.BiLSTMEncoder.v2")
def BiLSTMEncoder(
    width: int = 128, depth: int = 2, dropout: Optional[float] = None, layer_norm: bool = True
) -> Encoder:
    """Build a bidirectional LSTM encoder for `spacy.Tok2Vec.v2`. Unlike `spacy.TorchBiLSTMEncoder.v1`, what
    it gives for a document does not depend on the lengths of its batch mates.

    width (int): Width of its input and output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (Optional[float]): Dropout rate before each layer; None for that of the training.
    layer_norm (bool): Whether to normalise each vector of the output. What follows learns sooner from it: the
        output of a fresh LSTM is small.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    RAISES (ValueError): If a setting is out of range; the width must be even.
    """
    check_recurrent(width, depth, dropout)
    build = partial(BiLSTM, depth=depth, dropout=dropout, layer_norm=layer_norm)
    return build_encoder("bilstm_encoder", width, build)


@registry.architectures("spacy-gpner.BiLSTM.v1")
def BiLSTMLayer(
    tok2vec: Tok2Vec,
    width: int = 256,
    depth: int = 1,
    dropout: Optional[float] = None,
    layer_norm: bool = True,
) -> Tok2Vec:
    """Build a bidirectional LSTM on token vectors of any width.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    width (int): Width of its output; even. Each direction has half of it.
    depth (int): Number of layers.
    dropout (Optional[float]): Dropout rate before each layer; None for that of the training.
    layer_norm (bool): Whether to normalise each vector of the output.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    RAISES (ValueError): If a setting is out of range; the width must be even.
    """
    return build_recurrent_layer(BiLSTM, "bilstm", tok2vec, width, depth, dropout, layer_norm)


class BiLSTM(BiRNN):
    """Layers of LSTM (Hochreiter and Schmidhuber, 1997), forwards and backwards."""

    cell = nn.LSTM
