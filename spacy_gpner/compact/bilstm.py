"""The compact form of a bidirectional LSTM."""

from collections.abc import Sequence
from typing import Optional

import torch
from spacy.util import registry
from thinc.api import Model
from thinc.types import Floats2d
from torch import Tensor

from ..models.encoders.encoder import build_context_layer, build_encoder, encode_by_length
from ..models.score_model import Tok2Vec
from .onnx import OnnxModule


@registry.architectures("spacy-gpner.CompactBiLSTMEncoder.v1")
def CompactBiLSTMEncoder(width: int = 128) -> Model[list[Floats2d], list[Floats2d]]:
    """Build the compact form of a `spacy-gpner.BiLSTMEncoder`, as `spacy gpner compact` writes it: int8,
    for a CPU, and not to be trained.

    width (int): Width of its input and output.
    RETURNS (Model[List[Floats2d], List[Floats2d]]): The encoder.
    """
    return build_encoder("compact_bilstm_encoder", width, CompactBiLSTM)


@registry.architectures("spacy-gpner.CompactBiLSTM.v1")
def CompactBiLSTMLayer(tok2vec: Tok2Vec, width: int = 256) -> Tok2Vec:
    """Build the compact form of a `spacy-gpner.BiLSTM`. See `spacy-gpner.CompactBiLSTMEncoder.v1`.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    width (int): Width of its output.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    """
    return build_context_layer(tok2vec, "compact_bilstm", width, CompactBiLSTM)


class CompactBiLSTM(OnnxModule):
    """Runs a graph with the inputs `vectors`, shape (L, B, n_in), and `lengths`, shape (B,)."""

    # Its steps are too short to share.
    is_parallel = False

    def __init__(self, graph: bytes = b"", *, width: int, n_in: Optional[int] = None) -> None:
        super().__init__(graph)
        self.width = width

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        return encode_by_length(vectors, lengths, self._encode)

    def _encode(self, padded: Tensor, lengths: list[int]) -> Tensor:
        sizes = torch.tensor(lengths, dtype=torch.int32)
        return self.run(vectors=padded.transpose(0, 1), lengths=sizes).transpose(0, 1)
