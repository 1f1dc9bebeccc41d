"""Contest *head*: loss, training step and decoding, against the padded dense form."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, Optional

import torch
from torch import Tensor, nn

from spacy_gpner.models.heads.biaffine import BiaffineHead
from spacy_gpner.models.heads.efficient_globalpointer import EfficientGlobalPointerHead
from spacy_gpner.models.heads.globalpointer import GlobalPointerHead
from spacy_gpner.spans import Cut, SpanFactors, Window, decode, zlpr_loss

from .dense import dense_labels, dense_loss, dense_scores

Head = Literal["efficient", "globalpointer", "biaffine"]
Task = Literal["loss", "step", "decode"]

WIDTH = 256
HEAD_SIZE = 64
SHARE_OF_GOLD = 0.075  # spans a token: CMeEE has 4 in 54 characters
SAMPLE = 200_000
LONGEST_GOLD = 8


def make_head(head: Head, n_types: int) -> nn.Module:
    """A head with random weights."""
    torch.manual_seed(0)
    if head == "efficient":
        return EfficientGlobalPointerHead(
            WIDTH, n_types, head_size=HEAD_SIZE, rope=True, type_features="qk", dropout=0.0
        )
    if head == "globalpointer":
        return GlobalPointerHead(WIDTH, n_types, head_size=HEAD_SIZE, rope=True, dropout=0.0)
    return BiaffineHead(WIDTH, n_types, head_size=HEAD_SIZE, dropout=0.0)


def make_gold(lengths: list[int], n_types: int, window: Window) -> Tensor:
    """Random gold spans inside the window, as `zlpr_loss` takes them."""
    generator = torch.Generator().manual_seed(0)
    longest = min(LONGEST_GOLD, window.width or LONGEST_GOLD)
    spans = set()
    offset = 0
    for length in lengths:
        for _ in range(max(1, round(SHARE_OF_GOLD * length))):
            start, size, kind = (
                int(torch.randint(n, (1,), generator=generator)) for n in (length, longest, n_types)
            )
            spans.add((offset + start, offset + min(start + size, length - 1), kind))
        offset += length
    return torch.tensor(sorted(spans))


def find_threshold(factors: SpanFactors, window: Window) -> float:
    """The score that as many spans are above as a trained model finds, from a sample."""
    torch.manual_seed(2)
    length = factors.lengths[0]
    starts = torch.randint(0, length, (SAMPLE,))
    ends = starts + torch.randint(0, min(length, window.width or length), (SAMPLE,))
    inside = ends < length
    scores = factors.score(
        starts[inside], ends[inside], torch.randint(0, factors.num_types, (int(inside.sum()),))
    )
    cells = length * factors.num_types * min(length, window.width or length / 2)
    return float(scores.quantile(1 - SHARE_OF_GOLD * length / cells))


def prepare(
    *, form: str, task: Task, head: Head, lengths: list[int], n_types: int, window: Optional[int], device: str
) -> Callable[[], Any]:
    """Make what is timed.

    form (str): "factors", ours, or "dense".
    task (str): "loss", of given factors and with its gradient; "step", from token vectors to the gradients
        of the head's weights; or "decode", from given factors.
    head (str): The head.
    lengths (List[int]): Tokens of each document.
    n_types (int): Number of types.
    window (Optional[int]): The context shield window.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    own_window = Window(window)
    module = make_head(head, n_types).to(device)
    vectors = torch.randn(sum(lengths), WIDTH, generator=torch.Generator().manual_seed(1)).to(device)
    with torch.no_grad():
        given = module(vectors, lengths)
        # Untrained, it would find half of all spans, or none.
        given = replace(given, a=given.a - find_threshold(given, own_window))
    gold = make_gold(lengths, n_types, own_window)
    cut = Cut([0.5] * n_types, [10 * n for n in lengths])

    def loss_of(factors: SpanFactors) -> Tensor:
        if form == "factors":
            return zlpr_loss(factors, gold, own_window)
        return dense_loss(dense_scores(factors, own_window), dense_labels(factors, gold))

    def loss() -> None:
        learned = [x.detach().requires_grad_() for x in given.tensors]
        loss_of(given.with_tensors(*learned)).backward()

    def step() -> None:
        module.zero_grad()
        loss_of(module(vectors, lengths)).backward()

    def find() -> Any:
        if form == "factors":
            return decode(given, own_window, cut)
        with torch.no_grad():
            return (dense_scores(given, own_window) > 0).nonzero()

    return {"loss": loss, "step": step, "decode": find}[task]
