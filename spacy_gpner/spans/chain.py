"""Linear chains over ragged batches: log-partition functions, sums over paths, and best paths.

A step of a scan goes over all documents that reach so far and over all chains at once. Documents are sorted
by length, longest first, so that those which end drop out of the step: nothing is computed for padding. Sums
are taken in float64 and scaled at every token, and so lose no digit, however long a text is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# A score that is further below the best of its kind counts as so far below it. Going over from one path to
# another then costs no more than float64 can tell from nothing.
REACH = 100.0


@dataclass(frozen=True)
class Chain:
    """C linear chains of S tags over each document of a ragged batch, N tokens. The score of a path is the
    sum of its emissions, its transitions, and the scores of its first and its last tag.

    emissions (Tensor): Scores of tags, shape (N, C, S).
    transitions (Tensor): Scores from a tag to the next, shape (C, S, S); -inf where there is no way.
    starts, ends (Tensor): Scores of first and of last tags, shape (C, S); -inf where there is no way.
    lengths (Sequence[int]): Tokens of each document; their sum is N.
    """

    emissions: Tensor
    transitions: Tensor
    starts: Tensor
    ends: Tensor
    lengths: Sequence[int]

    @property
    def is_empty(self) -> bool:
        """Whether no document has a token."""
        return not sum(self.lengths)


@dataclass(frozen=True)
class PathSums:
    """Sums over the paths of a chain, as logarithms in float64.

    total (Tensor): Over all paths of each document and chain, shape (docs, C); 0 without tokens.
    forward (Tensor): Over the ways from the beginning to each tag of each token, with its emission, shape
        (N, C, S).
    backward (Tensor): Over the ways on from there, shape (N, C, S).
    """

    total: Tensor
    forward: Tensor
    backward: Tensor


def log_partition(chain: Chain) -> Tensor:
    """log Z, the logarithm of the sum of exp(score) over all paths. Its gradient is the marginals.

    chain (Chain): The chain.
    RETURNS (Tensor): log Z of each document and chain, shape (docs, C); 0 for documents without tokens.
    """
    result: Tensor = _LogPartition.apply(
        chain.lengths, chain.emissions, chain.transitions, chain.starts, chain.ends
    )
    return result


def sum_paths(chain: Chain) -> PathSums:
    """Sum exp(score) over all paths, and over the ways to each tag and on from it.

    chain (Chain): The chain.
    RETURNS (PathSums): The sums.
    """
    if chain.is_empty:
        total = chain.emissions.new_zeros(len(chain.lengths), chain.emissions.shape[1]).double()
        return PathSums(total, chain.emissions.double(), chain.emissions.double())
    scan = _Scan(chain)
    forward, backward = scan.forward(), scan.backward()
    upto, total = scan.scales(forward)
    rest = total[scan.edges.doc_of] - upto - (forward * backward).sum(2).log()
    return PathSums(total, log_of_sum(forward) + upto[..., None], log_of_sum(backward) + rest[..., None])


def score_paths(chain: Chain, tags: Tensor) -> Tensor:
    """Score one path of each document and chain.

    chain (Chain): The chain.
    tags (Tensor): The tag of each token, shape (N, C).
    RETURNS (Tensor): The scores, shape (docs, C).
    """
    edges = Edges(chain.lengths, chain.emissions.device)
    index = torch.arange(tags.shape[1], device=tags.device)
    scores = chain.emissions.gather(2, tags[..., None])[..., 0]
    befores, afters = edges.steps
    scores = scores.index_add(0, afters, chain.transitions[index, tags[befores], tags[afters]])
    scores = scores.index_add(0, edges.first, chain.starts[index, tags[edges.first]])
    scores = scores.index_add(0, edges.last, chain.ends[index, tags[edges.last]])
    return scores.new_zeros(len(chain.lengths), tags.shape[1]).index_add(0, edges.doc_of, scores)


def best_paths(chain: Chain) -> Tensor:
    """Find the path with the highest score of each document and chain (Viterbi, 1967).

    chain (Chain): The chain.
    RETURNS (Tensor): The tag of each token, shape (N, C).
    """
    if chain.is_empty:
        return chain.emissions.argmax(2)
    packed = _Packed(chain.lengths, chain.emissions.device)
    transitions, ends = chain.transitions.double(), chain.ends.double()[:, None]
    row = chain.starts.double()[:, None]
    rows: list[Tensor] = []
    for emissions in packed.positions(chain.emissions.double()):
        if rows:
            row = (rows[-1][:, : emissions.shape[1], :, None] + transitions[:, None]).amax(2)
        rows.append(row + emissions)
    index = torch.arange(len(transitions), device=transitions.device)[:, None]
    # Scores from any tag, by the tag that it leads to
    leading = transitions.transpose(1, 2)
    tags: list[Tensor] = []
    for row in reversed(rows):
        going_on = tags[-1].shape[1] if tags else 0
        best = (row[:, going_on:] + ends).argmax(2)
        if going_on:
            before = (row[:, :going_on] + leading[index, tags[-1]]).argmax(2)
            best = torch.cat([before, best], 1)
        tags.append(best)
    return packed.unpack(tags[::-1])


class Edges:
    """Where documents begin and end in a flat batch: the document of each token and that document's first
    token, the first and last tokens of documents that have any, and the neighbours in one document."""

    def __init__(self, lengths: Sequence[int], device: torch.device) -> None:
        sizes = torch.tensor(lengths, dtype=torch.long)
        doc_of = torch.repeat_interleave(torch.arange(len(lengths)), sizes)
        stops = sizes.cumsum(0)
        self.doc_of = doc_of.to(device)
        self.begin = (stops - sizes)[doc_of].to(device)
        self.first = (stops - sizes)[sizes > 0].to(device)
        self.last = (stops - 1)[sizes > 0].to(device)
        afters = (doc_of[1:] == doc_of[:-1]).nonzero()[:, 0].to(device) + 1
        self.steps = afters - 1, afters

    def running_sum(self, values: Tensor) -> Tensor:
        """Of each token and those before it in its document, shape (N, …)."""
        summed = values.cumsum(0)
        return summed - (summed - values)[self.begin]


class _Packed:
    """The tokens of a ragged batch in the order of a scan: position by position, the longest document
    first."""

    def __init__(self, lengths: Sequence[int], device: torch.device) -> None:
        sizes = torch.tensor(lengths, dtype=torch.long)
        order = torch.argsort(sizes, descending=True, stable=True)
        position = torch.arange(max(lengths, default=0))[:, None]
        reaches = position < sizes[order]
        first = (sizes.cumsum(0) - sizes)[order]
        self._counts = reaches.sum(1).tolist()
        self._tokens = (first + position)[reaches].to(device)

    def positions(self, values: Tensor) -> list[Tensor]:
        """Cut shape (N, C, S) into positions, shape (C, documents, S) each."""
        return list(values[self._tokens].transpose(0, 1).contiguous().split(self._counts, 1))

    def unpack(self, positions: Sequence[Tensor]) -> Tensor:
        """Put positions, shape (C, documents, …), together to (N, C, …)."""
        values = torch.cat(list(positions), 1).transpose(0, 1)
        result = torch.empty_like(values)
        result[self._tokens] = values
        return result


class _Scan:
    """The sums over the paths of a chain, scaled at each token to a sum of 1 over its tags."""

    def __init__(self, chain: Chain) -> None:
        emissions = chain.emissions.double()
        self.edges = Edges(chain.lengths, emissions.device)
        self.n_docs = len(chain.lengths)
        self.packed = _Packed(chain.lengths, emissions.device)
        self.tops = emissions.amax(2)
        self.emissions = _exp(emissions - self.tops[..., None])
        self.transitions, self.top = _exp_below_top(chain.transitions)
        self.starts, self.top_start = _exp_below_top(chain.starts)
        self.ends, self.top_end = _exp_below_top(chain.ends)

    def forward(self) -> Tensor:
        """Sums over the ways to each tag, scaled, shape (N, C, S)."""
        rows: list[Tensor] = []
        for emissions in self.packed.positions(self.emissions):
            reached = self.starts[:, None]
            if rows:
                reached = torch.bmm(rows[-1][:, : emissions.shape[1]], self.transitions)
            rows.append(_scale(reached * emissions))
        return self.packed.unpack(rows)

    def backward(self) -> Tensor:
        """Sums over the ways on from each tag, scaled, shape (N, C, S)."""
        back = self.transitions.transpose(1, 2)
        ends = _scale(self.ends)[:, None]
        rows: list[Tensor] = []
        following = None
        for emissions in reversed(self.packed.positions(self.emissions)):
            row = ends.expand(-1, emissions.shape[1], -1)
            if following is not None:
                going_on = _scale(torch.bmm(following, back))
                row = torch.cat([going_on, row[:, going_on.shape[1] :]], 1)
            rows.append(row)
            following = row * emissions
        return self.packed.unpack(rows[::-1])

    def scales(self, forward: Tensor) -> tuple[Tensor, Tensor]:
        """What the forward sums were divided by up to each token, as a logarithm, shape (N, C), and log Z,
        shape (docs, C)."""
        befores, afters = self.edges.steps
        reached = self.starts.expand(len(forward), -1, -1).clone()
        reached[afters] = torch.einsum("ncs,cst->nct", forward[befores], self.transitions)
        steps = (reached * self.emissions).sum(2).log() + self.tops
        steps[self.edges.first] += self.top_start
        steps[afters] += self.top
        upto = self.edges.running_sum(steps)
        last = self.edges.last
        ends = (forward[last] * self.ends).sum(2).log() + self.top_end
        total = upto.new_zeros(self.n_docs, upto.shape[1])
        return upto, total.index_copy(0, self.edges.doc_of[last], upto[last] + ends)


class _LogPartition(torch.autograd.Function):
    """log Z, with the marginals as its gradient: two scans, and no graph of their steps."""

    @staticmethod
    def forward(ctx: Any, lengths: Sequence[int], *tensors: Tensor) -> Tensor:
        ctx.lengths = lengths
        ctx.save_for_backward(*tensors)
        emissions, transitions, starts, ends = tensors
        if not sum(lengths):
            return emissions.new_zeros(len(lengths), emissions.shape[1])
        ctx.scan = _Scan(Chain(emissions, transitions, starts, ends, lengths))
        ctx.rows = ctx.scan.forward()
        return ctx.scan.scales(ctx.rows)[1].to(emissions)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_total: Tensor) -> tuple[Any, ...]:
        tensors = ctx.saved_tensors
        if not sum(ctx.lengths):
            return None, *map(torch.zeros_like, tensors)
        gradients = _marginals(ctx.scan, ctx.rows, d_total.double())
        return None, *(x.to(tensor) for x, tensor in zip(gradients, tensors, strict=True))


def _marginals(scan: _Scan, forward: Tensor, weights: Tensor) -> tuple[Tensor, ...]:
    """How likely each tag of each token is, and how many of each step, first and last tag to expect: the
    gradient of log Z, where documents and chains have weights, shape (docs, C)."""
    backward = scan.backward()
    of_token = weights[scan.edges.doc_of][..., None]
    tags = _scale(forward * backward) * of_token
    befores, afters = scan.edges.steps
    reached = (scan.emissions * backward)[afters]
    going = torch.einsum("ncs,cst->nct", forward[befores], scan.transitions)
    leaving = forward[befores] * of_token[afters] / (going * reached).sum(2, keepdim=True)
    steps = scan.transitions * torch.einsum("ncs,nct->cst", leaving, reached)
    return tags, steps, tags[scan.edges.first].sum(0), tags[scan.edges.last].sum(0)


def _scale(row: Tensor) -> Tensor:
    return row / row.sum(-1, keepdim=True)


def _exp_below_top(scores: Tensor) -> tuple[Tensor, Tensor]:
    """exp(score - the highest) of each chain, and the highest, shape (C,)."""
    flat = scores.double().flatten(1)
    top = flat.amax(1)
    return _exp(flat - top[:, None]).view_as(scores), top


def log_of_sum(sums: Tensor) -> Tensor:
    """log of what is at least 0. Where it is 0 there is no gradient, which otherwise would be no number.

    sums (Tensor): The sums.
    RETURNS (Tensor): Their logarithms.
    """
    return sums.clamp(min=torch.finfo(sums.dtype).tiny).log().masked_fill(sums == 0, -torch.inf)


def _exp(scores: Tensor) -> Tensor:
    """exp of scores of at most 0, where -inf is 0 and no other is."""
    return scores.clamp(min=-REACH).exp().masked_fill(scores == -torch.inf, 0.0)
