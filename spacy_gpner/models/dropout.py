"""Dropout in torch modules, at a rate of their own or at that of the training."""

from typing import Optional

from torch import nn

from ..checks import check_dropout


class Dropout(nn.Dropout):
    """Dropout of a torch module.

    rate (Optional[float]): The rate; None for that of the training, as thinc's layers have it: `drop` of
        `nlp.update`, `dropout` in `[training]`.
    """

    def __init__(self, rate: Optional[float]) -> None:
        super().__init__(0.0 if rate is None else rate)
        self.follows_training = rate is None


def set_training_dropout(module: nn.Module, rate: float) -> None:
    """Give the layers without a rate of their own that of the training.

    module (torch.nn.Module): Where to look for them.
    rate (float): The rate.
    """
    for layer in module.modules():
        if isinstance(layer, Dropout) and layer.follows_training:
            layer.p = rate


def check_own_dropout(rate: Optional[float]) -> None:
    """Refuse what is no dropout rate, nor None.

    RAISES (ValueError): If the rate is not at least 0 and below 1.
    """
    if rate is not None:
        check_dropout(rate)
