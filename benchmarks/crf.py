"""Contest *crf*: loss, and best paths, of linear chains, against loops over types and positions."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor

from spacy_gpner.spans import TagScores, TagSet
from spacy_gpner.spans.chain import best_paths, log_partition, score_paths

Form = Literal["ours", "loop", "pytorch-crf"]
Task = Literal["loss", "best"]

# In place of -inf, which pytorch-crf would make NaN of
NO_WAY = -1e4


def make_scores(lengths: list[int], n_types: int, tags: TagSet) -> TagScores:
    """Random scores."""
    generator = torch.Generator().manual_seed(0)
    n_chains, n_tags = tags.shape(n_types)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    edges = (draw(n_chains, n_tags), draw(n_chains, n_tags))
    emissions, transitions = draw(sum(lengths), n_chains, n_tags), draw(n_chains, n_tags, n_tags)
    return TagScores(emissions, transitions, *edges, lengths, tags)


def padded(values: Tensor, lengths: list[int]) -> Tensor:
    """Values of tokens by document, shape (documents, tokens of the longest, …)."""
    parts = values.split(lengths)
    return torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True)


def is_token(lengths: list[int]) -> Tensor:
    """Which places of padded values are tokens, shape (documents, tokens of the longest)."""
    return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]


def loop_loss(scores: TagScores, gold: Tensor) -> Tensor:
    """The negative log-likelihood, type by type and position by position."""
    lengths = list(scores.lengths)
    chain, inside = scores.chain, is_token(lengths)
    emissions, tags = padded(chain.emissions, lengths), padded(gold, lengths)
    last = torch.tensor(lengths) - 1
    docs = torch.arange(len(lengths))
    total = emissions.new_zeros(())
    for c in range(emissions.shape[2]):
        own, path = emissions[:, :, c], tags[:, :, c]
        transitions = chain.transitions[c]
        forward = chain.starts[c] + own[:, 0]
        score = chain.starts[c][path[:, 0]] + own[docs, 0, path[:, 0]]
        for before, i in pairwise(range(own.shape[1])):
            onward = (forward[:, :, None] + transitions + own[:, i, None]).logsumexp(1)
            forward = torch.where(inside[:, i, None], onward, forward)
            step = transitions[path[:, before], path[:, i]] + own[docs, i, path[:, i]]
            score = score + torch.where(inside[:, i], step, 0.0)
        score = score + chain.ends[c][path[docs, last]]
        total = total + ((forward + chain.ends[c]).logsumexp(1) - score).sum()
    return total / (len(lengths) * emissions.shape[2])


def loop_best(scores: TagScores) -> Tensor:
    """The best paths, type by type and position by position, shape (N, C)."""
    lengths = list(scores.lengths)
    chain = scores.chain
    emissions, inside = padded(chain.emissions, lengths), is_token(lengths)
    docs, n_tokens = len(lengths), max(lengths)
    found = torch.zeros(docs, n_tokens, emissions.shape[2], dtype=torch.long)
    for c in range(emissions.shape[2]):
        best = chain.starts[c] + emissions[:, 0, c]
        ways = []
        for i in range(1, n_tokens):
            top, way = (best[:, :, None] + chain.transitions[c] + emissions[:, i, c, None]).max(1)
            best = torch.where(inside[:, i, None], top, best)
            ways.append(torch.where(inside[:, i, None], way, torch.arange(best.shape[1])))
        tag = (best + chain.ends[c]).argmax(1)
        found[:, -1, c] = tag
        for i in range(n_tokens - 1, 0, -1):
            tag = ways[i - 1].gather(1, tag[:, None])[:, 0]
            found[:, i - 1, c] = tag
    return torch.cat([own[:length] for own, length in zip(found, lengths, strict=True)])


def make_package(scores: TagScores) -> list[Any]:
    """The chains in pytorch-crf, one for each."""
    from torchcrf import CRF

    chains = []
    for c in range(len(scores.chain.starts)):
        crf = CRF(scores.chain.starts.shape[1], batch_first=True)
        for parameter, values in (
            (crf.transitions, scores.chain.transitions[c]),
            (crf.start_transitions, scores.chain.starts[c]),
            (crf.end_transitions, scores.chain.ends[c]),
        ):
            parameter.data = values.clamp(min=NO_WAY).detach().clone()
        chains.append(crf)
    return chains


def prepare(
    *, form: Form, task: Task, by_type: bool, lengths: list[int], n_types: int, device: str
) -> Callable[[], Any]:
    """Make what is timed.

    form (str): "ours", "loop" for a plain one, or "pytorch-crf" for that package.
    task (str): "loss", of given scores and with its gradient; or "best", the best paths.
    by_type (bool): Whether there is a chain for each type.
    lengths (List[int]): Tokens of each document.
    n_types (int): Number of types.
    device (str): "cpu".
    RETURNS (Callable[[], Any]): A function without arguments.
    RAISES (ValueError): On a GPU, for which the opponents are not made.
    """
    if device != "cpu":
        raise ValueError("This contest is for a CPU.")
    scores = make_scores(lengths, n_types, TagSet("bioes", by_type))
    gold = best_paths(make_scores(lengths, n_types, scores.tags).chain)
    chains = make_package(scores) if form == "pytorch-crf" else []
    inside = is_token(lengths)

    def loss() -> None:
        learned = scores.with_tensors(*(x.detach().requires_grad_() for x in scores.tensors))
        if form == "pytorch-crf":
            emissions, tags = padded(learned.emissions, lengths), padded(gold, lengths)
            each = [
                crf(emissions[:, :, c], tags[:, :, c], inside, reduction="mean")
                for c, crf in enumerate(chains)
            ]
            (-torch.stack(each).mean()).backward()
        elif form == "loop":
            loop_loss(learned, gold).backward()
        else:
            chain = learned.chain
            (log_partition(chain) - score_paths(chain, gold)).mean().backward()

    def best() -> Any:
        with torch.no_grad():
            if form == "pytorch-crf":
                emissions = padded(scores.emissions, lengths)
                return [crf.decode(emissions[:, :, c], inside) for c, crf in enumerate(chains)]
            return loop_best(scores) if form == "loop" else best_paths(scores.chain)

    return {"loss": loss, "best": best}[task]
