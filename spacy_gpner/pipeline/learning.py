"""The loss of a batch's gold spans, and gradients of factors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from spacy.training import Example
from torch import Tensor

from ..errors import DivergedError
from ..spans import SpanFactors, Window, zlpr_loss
from .gold import gold_spans


def gold_loss(
    factors: SpanFactors, examples: Sequence[Example], key: str, label_ids: Mapping[str, int], window: Window
) -> Tensor:
    """The loss (Eq. 14 of the main paper), as a mean over types and annotated documents: those whose
    reference has the span group.

    factors (SpanFactors): The batch's factors.
    examples (Sequence[Example]): The batch.
    key (str): Key of the span group.
    label_ids (Mapping[str, int]): The type of each label.
    window (Window): The context shield window.
    RETURNS (Tensor): The loss, a scalar.
    """
    annotated = [key in eg.reference.spans for eg in examples]
    gold = gold_spans(
        [eg for eg, has in zip(examples, annotated, strict=True) if has], key, label_ids, window
    )
    return zlpr_loss(factors.documents(annotated), gold, window)


def differentiate(
    factors: SpanFactors, loss: Callable[[SpanFactors], Tensor], *, name: str
) -> tuple[float, SpanFactors]:
    """Value and gradient of a loss.

    factors (SpanFactors): Where to take them.
    loss (Callable[[SpanFactors], Tensor]): The loss.
    name (str): What to call it in an error.
    RETURNS (Tuple[float, SpanFactors]): The loss and its gradient.
    RAISES (DivergedError): If the loss is not finite.
    """
    q, k, a, b = (x.detach().requires_grad_() for x in factors.tensors)
    leaves = replace(factors, q=q, k=k, a=a, b=b)
    value = loss(leaves)
    if not value.isfinite():
        raise DivergedError(name, value.item())
    value.backward()
    q, k, a, b = (torch.zeros_like(x) if x.grad is None else x.grad for x in leaves.tensors)
    return float(value.detach()), replace(factors, q=q, k=k, a=a, b=b)
