"""Iterated dilated convolutions over token vectors."""

from collections.abc import Sequence
from functools import partial
from typing import Optional, cast

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.functional import layer_norm as normalise
from torch.nn.functional import relu

from ...checks import MAX_SIZE, check_count
from ..dropout import Dropout, check_own_dropout
from ..score_model import Tok2Vec
from .encoder import build_context_layer, encode_by_length


@registry.architectures("spacy-gpner.IDCNN.v1")
def IDCNN(
    tok2vec: Tok2Vec,
    width: int = 128,
    kernel_size: int = 3,
    dilations: Sequence[int] = (1, 1, 2),
    iterations: int = 4,
    shared: bool = True,
    dropout: Optional[float] = None,
    residual: bool = True,
) -> Tok2Vec:
    """Build iterated dilated convolutions (Strubell et al., 2017; section 3.2 of paper 2) on token vectors of
    any width: a block of convolutions reads its own output again and again, and so ever further.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    width (int): Filters of each convolution, and width of the output.
    kernel_size (int): Tokens that a convolution reads; odd.
    dilations (Sequence[int]): The distance between these in each convolution of the block.
    iterations (int): How often the block is gone through.
    shared (bool): Whether it has the same weights each time.
    dropout (Optional[float]): Dropout rate of the input; None for that of the training.
    residual (bool): Whether each pass is added to what it has read and normalised, and all passes together
        are the output, normalised too. Of a dozen convolutions with the same weights, the paper's plain chain
        learns far later, if at all.
    RETURNS (Model[List[Doc], List[Floats2d]]): Both.
    RAISES (ValueError): If a setting is out of range.
    """
    check_count("width", width, "at least 1 filter", most=MAX_SIZE)
    odd = "an odd number of tokens: as many before as after"
    check_count("kernel_size", kernel_size, odd, most=MAX_SIZE)
    if not kernel_size % 2:
        raise ValueError(f"Invalid kernel_size: {kernel_size}. Expected {odd}.")
    if not dilations:
        raise ValueError("Invalid dilations: there is none. Give one for each convolution of the block.")
    for dilation in dilations:
        check_count("dilations", dilation, "distances of at least 1", most=MAX_SIZE)
    check_count("iterations", iterations, "at least 1", most=MAX_SIZE)
    check_own_dropout(dropout)
    build = partial(
        DilatedConvolutions,
        kernel_size=kernel_size,
        dilations=list(dilations),
        iterations=iterations,
        shared=shared,
        dropout=dropout,
        residual=residual,
    )
    reach = kernel_size // 2 * (1 + iterations * sum(dilations))
    return build_context_layer(tok2vec, "idcnn", width, build, token_reach=reach)


class DilatedConvolutions(nn.Module):
    """What lies beyond a document's ends is 0 in every convolution, whatever its batch mates are."""

    def __init__(
        self,
        n_in: int,
        width: int,
        *,
        kernel_size: int,
        dilations: Sequence[int],
        iterations: int,
        shared: bool,
        dropout: Optional[float],
        residual: bool,
    ) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.width, self.iterations, self.residual = width, iterations, residual
        self.first = nn.Conv1d(n_in, width, kernel_size, padding="same")
        self.blocks = nn.ModuleList(
            nn.ModuleList(
                nn.Conv1d(width, width, kernel_size, padding="same", dilation=dilation)
                for dilation in dilations
            )
            for _ in range(1 if shared else iterations)
        )
        # He's: with torch's own, of a dozen ReLUs little but their biases would be left.
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(cast(Tensor, layer.bias))

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Tensor:
        if not len(vectors):
            return vectors.new_zeros(0, self.width)
        return encode_by_length(self.dropout(vectors), lengths, self._encode)

    def _encode(self, padded: Tensor, lengths: list[int]) -> Tensor:
        sizes = torch.tensor(lengths, device=padded.device)
        inside = torch.arange(padded.shape[1], device=padded.device) < sizes[:, None, None]
        hidden = relu(self.first(padded.transpose(1, 2))) * inside
        total = torch.zeros_like(hidden)
        for i in range(self.iterations):
            before = hidden
            for convolution in cast(nn.ModuleList, self.blocks[i % len(self.blocks)]):
                hidden = relu(convolution(hidden)) * inside
            if self.residual:
                hidden = self._normalise(before + hidden) * inside
                total = total + hidden
        if self.residual:
            hidden = self._normalise(total)
        return hidden.transpose(1, 2)

    def _normalise(self, hidden: Tensor) -> Tensor:
        return normalise(hidden.transpose(1, 2), [self.width]).transpose(1, 2)
