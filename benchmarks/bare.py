"""An encoder alone, without a pipeline around it."""

from collections.abc import Callable, Sequence
from typing import Any, Union

import torch
from transformers import AutoModel, AutoTokenizer

from spacy_gpner.models.transformers.module import has_bfloat16


def prepare_forward(
    inputs: Sequence[Union[str, tuple[str, str]]], encoder: str, batch_size: int, device: str
) -> Callable[[], Any]:
    """Prepare the forward pass of an encoder, in bfloat16 where there is that. Reading its pieces is not part
    of it.

    inputs (Sequence[Union[str, Tuple[str, str]]]): Texts, or pairs of texts, sorted by length.
    encoder (str): The encoder's directory.
    batch_size (int): How many inputs at once.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModel.from_pretrained(encoder, add_pooling_layer=False).eval().to(device)
    batches = [
        tokenizer(list(inputs[i : i + batch_size]), padding=True, truncation=True, return_tensors="pt").to(
            device
        )
        for i in range(0, len(inputs), batch_size)
    ]
    half = has_bfloat16(torch.device(device))

    def forward() -> None:
        with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=half):
            for batch in batches:
                model(**batch)

    return forward
