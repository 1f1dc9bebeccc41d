"""An encoder and its head for masked pieces, as a layer."""

from collections.abc import Callable
from typing import Any, Self

import torch
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.types import Floats1d
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from ..models.memory import release_memory
from ..models.torch_layer import LazyTorchShim, get_shim
from ..models.transformers.module import choose_attention, has_bfloat16
from .masking import MaskedBatch

# What transformers calls a head that takes the encoder's last layer, and nothing else
HEADS = ("cls", "lm_head")

MaskedModel = Model[MaskedBatch, Floats1d]


class MaskedLanguageModel(nn.Module):
    """Tells masked pieces. The head is computed for these alone, where it is a part of its own. There is no
    dropout: text that is seen once needs none (Geiping and Goldstein, 2023), and it takes a third of the
    time.

    transformer (PreTrainedModel): Encoder and head.
    """

    def __init__(self, transformer: PreTrainedModel) -> None:
        super().__init__()
        self.transformer = transformer
        found = (name for name in HEADS if isinstance(getattr(transformer, name, None), nn.Module))
        self._head = next(found, None)

    def train(self, mode: bool = True) -> Self:
        """Stay in evaluation mode, whatever is asked for."""
        return super().train(False)

    def forward(self, batch: MaskedBatch) -> Tensor:
        """Score the masked pieces of a batch.

        batch (MaskedBatch): The batch.
        RETURNS (Tensor): The loss of each of them, shape (masked,).
        """
        device = next(self.parameters()).device
        ids, lengths, places, targets = (torch.from_numpy(x).to(device) for x in batch)
        mask = (torch.arange(ids.shape[1], device=device) < lengths[:, None]).long()
        with (
            torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)),
            choose_attention(device),
        ):
            logits = self.logits(ids, mask, places)
        return cross_entropy(logits.float(), targets, reduction="none")

    def logits(self, ids: Tensor, mask: Tensor, places: Tensor) -> Tensor:
        """What could stand in places.

        ids, mask (Tensor): Pieces, and where they are no padding, shape (windows, longest).
        places (Tensor): The places, in the flat batch.
        RETURNS (Tensor): The logits, shape (places, vocabulary).
        """
        if self._head is None:
            whole: Tensor = self.transformer(input_ids=ids, attention_mask=mask).logits
            return whole.flatten(0, 1)[places]
        encoded = self.transformer.base_model(input_ids=ids, attention_mask=mask).last_hidden_state
        logits: Tensor = getattr(self.transformer, self._head)(encoded.flatten(0, 1)[places])
        return logits


def build_masked_model(transformer: PreTrainedModel) -> MaskedModel:
    """Make a layer of an encoder and its head.

    transformer (PreTrainedModel): Both.
    RETURNS (Model[MaskedBatch, Floats1d]): The layer, from a batch to the losses of its masked pieces.
    """
    shim = LazyTorchShim(MaskedLanguageModel)
    shim.put(MaskedLanguageModel(transformer))
    return Model("masked_language_model", _forward, shims=[shim])


def get_transformer(model: MaskedModel) -> PreTrainedModel:
    """Encoder and head of a layer."""
    module: Any = get_shim(model).module
    return module.transformer


def _forward(
    model: MaskedModel, X: MaskedBatch, is_train: bool
) -> tuple[Floats1d, Callable[[Floats1d], MaskedBatch]]:
    losses, backprop_torch = get_shim(model)(ArgsKwargs(args=(X,), kwargs={}), is_train)

    def backprop(d_losses: Floats1d) -> MaskedBatch:
        gradient = xp2torch(d_losses, device=losses.device)
        backprop_torch(ArgsKwargs(args=([losses],), kwargs={"grad_tensors": [gradient]}))
        release_memory()
        return X

    output: Any = torch2xp(losses)
    return output, backprop
