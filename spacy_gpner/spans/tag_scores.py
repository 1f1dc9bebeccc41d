"""Scores of tags: chains, from which every span's probability follows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from ..errors import DistillationError
from .chain import Chain, Edges, PathSums, log_of_sum, sum_paths
from .factors import SpanFactors
from .scores import Scores
from .tags import BEGIN, END, INSIDE, SINGLE, TagSet


@dataclass(frozen=True)
class TagScores(Scores):
    """Scores of tags, and of which can follow which. N tokens, C chains, S tags.

    emissions (Tensor): Scores of each token's tags, shape (N, C, S).
    transitions (Tensor): Scores from a tag to the next, shape (C, S, S).
    starts, ends (Tensor): Scores of first and of last tags, shape (C, S).
    lengths (Sequence[int]): Tokens of each document; their sum is N.
    tags (TagSet): The tags. What these rule out has no part in any sum, whatever its score.
    independent (bool): Whether the tags of each token are learned by themselves.
    """

    emissions: Tensor
    transitions: Tensor
    starts: Tensor
    ends: Tensor
    lengths: Sequence[int]
    tags: TagSet
    independent: bool = False

    @property
    def num_types(self) -> int:
        """T, the number of types."""
        return self.tags.number_of_types(*self.emissions.shape[1:])

    @property
    def _names(self) -> list[str]:
        return ["emissions", "transitions", "starts", "ends"]

    @property
    def chain(self) -> Chain:
        """The chains, without ways that the tags rule out."""
        ways = (x.to(self.emissions.device) for x in self.tags.ways(self.emissions.shape[2]))
        weights = (self.transitions, self.starts, self.ends)
        transitions, starts, ends = (
            x.masked_fill(~way, -torch.inf) for x, way in zip(weights, ways, strict=True)
        )
        return Chain(self.emissions, transitions, starts, ends, self.lengths)

    def types(self, index: Sequence[int]) -> Self:
        """The chains of some of the types; of one chain over all types, what is left of it without the
        others.

        index (Sequence[int]): The types, in the order wanted.
        RETURNS (TagScores): Their scores.
        """
        if list(index) == list(range(self.num_types)):
            return self
        chosen = torch.tensor(index, dtype=torch.long, device=self.emissions.device)
        if self.tags.by_type:
            emissions, *weights = (self.emissions[:, chosen], *(x[chosen] for x in self.tensors[1:]))
            return self.with_tensors(emissions, *weights)
        parts = torch.arange(1, 1 + self.tags.parts, device=chosen.device)
        kept = torch.cat([chosen.new_zeros(1), (chosen[:, None] * self.tags.parts + parts).flatten()])
        return self.with_tensors(
            self.emissions[..., kept],
            self.transitions[:, kept][..., kept],
            self.starts[:, kept],
            self.ends[:, kept],
        )

    def flat(self) -> Tensor:
        """The scores of a token's tags in one row, shape (N, C * S)."""
        return self.emissions.flatten(1)

    def of_flat(self, flat: Tensor, lengths: Sequence[int]) -> Self:
        """Scores of the same chains for other tokens.

        flat (Tensor): What `flat` gave.
        lengths (Sequence[int]): Tokens of each document.
        RETURNS (TagScores): The scores.
        """
        emissions = flat.unflatten(1, self.emissions.shape[1:])
        return replace(self, emissions=emissions, lengths=lengths)

    def softened(self, temperature: float) -> Self:
        """All scores divided by a temperature, and with them those of all paths.

        temperature (float): What to divide by.
        RETURNS (TagScores): The scores.
        """
        return self.with_tensors(*(x / temperature for x in self.tensors))

    @property
    def by_token(self) -> bool:
        """Those of steps from tag to tag are not."""
        return False

    def weighted(self, weights: Tensor) -> Self:
        """Every score times a weight, the same for all documents.

        weights (Tensor): The weight of each token's document, shape (N,).
        RETURNS (TagScores): The scores.
        RAISES (DistillationError): If documents have different weights: the scores of steps from tag to tag
            are common to all of them.
        """
        if len(weights) and not bool((weights == weights[0]).all()):
            raise DistillationError(
                "Scores of tags can't be weighed document by document. Give an ensemble of span scores."
            )
        weight = weights[0] if len(weights) else 1.0
        return self.with_tensors(*(x * weight for x in self.tensors))


@dataclass(frozen=True)
class SpanLogProbs:
    """The log-probability of every span: "exactly these tokens are an entity of this type".

    factors (SpanFactors): Those of spans that are longer than all in `short`: for them, a_t(i) + b_t(j).
    short (Sequence[Tensor]): Those of spans of one token, two tokens …, by first token, shape (N, T) each;
        -inf where the document ends before.
    """

    factors: SpanFactors
    short: Sequence[Tensor]

    def of(self, spans: Tensor) -> Tensor:
        """The log-probabilities of single spans.

        spans (Tensor): First token and last token (inclusive) in the flat batch, type, shape (G, 3).
        RETURNS (Tensor): The log-probabilities, shape (G,).
        """
        first, last, types = spans.unbind(1)
        found = self.factors.score(first, last, types)
        for width, values in enumerate(self.short):
            found = torch.where(last - first == width, values[first, types], found)
        return found


def span_log_probs(scores: TagScores) -> SpanLogProbs:
    """The log-probabilities of all spans, in time linear in the text.

    A span of type t from i to j is the path B I … I and, with BIO, whatever isn't I after j. With C(j) the
    running sum of the emissions of I and the transitions I → I up to j, all but its two ends cancels out of
    log p = (forward(i) + … - C(i)) + (C(j) + … + backward(j)) - log Z. The sums are in float64.

    scores (TagScores): The scores.
    RETURNS (SpanLogProbs): The log-probabilities.
    """
    chain = scores.with_tensors(*(x.double() for x in scores.tensors)).chain
    sums = sum_paths(chain)
    tags, n_types = scores.tags, scores.num_types
    begin, inside, end, single = (
        tags.places(part, n_types).to(chain.emissions.device) for part in (BEGIN, INSIDE, END, SINGLE)
    )
    edges = Edges(scores.lengths, chain.emissions.device)
    inner = chain.emissions[:, :, inside] + chain.transitions[:, inside, inside]
    upto = edges.running_sum(inner)
    begun = sums.forward[:, :, begin]
    starts = begun + chain.transitions[:, begin, inside] - chain.transitions[:, inside, inside] - upto
    log_z = sums.total[edges.doc_of][..., None]
    if tags.scheme == "bio":
        ends = upto + _leave(chain, sums, edges, inside, inside) - log_z
        short = [begun + _leave(chain, sums, edges, begin, inside) - log_z]
    else:
        ended = chain.emissions[:, :, end] + sums.backward[:, :, end] - log_z
        ends = upto - inner + chain.transitions[:, inside, end] + ended
        two = torch.full_like(ended, -torch.inf)
        before, after = edges.steps
        two[before] = begun[before] + chain.transitions[:, begin, end] + ended[after]
        short = [sums.forward[:, :, single] + sums.backward[:, :, single] - log_z, two]
    none = starts.new_zeros(len(starts), 1, 0)
    factors = SpanFactors(none, none, starts.flatten(1), ends.flatten(1), scores.lengths)
    return SpanLogProbs(factors, [x.flatten(1) for x in short])


def tag_log_probs(scores: TagScores) -> Tensor:
    """The log-probability of each token's tags: their marginals, or where tags are learned by themselves
    those of the token alone.

    scores (TagScores): The scores.
    RETURNS (Tensor): The log-probabilities, in float64, shape (N, C, S); -inf for tags that are ruled out.
    """
    if scores.independent:
        return scores.emissions.double().log_softmax(2)
    chain = scores.with_tensors(*(x.double() for x in scores.tensors)).chain
    sums = sum_paths(chain)
    doc_of = Edges(scores.lengths, chain.emissions.device).doc_of
    log_probs: Tensor = sums.forward + sums.backward - sums.total[doc_of][..., None]
    return log_probs


def _leave(chain: Chain, sums: PathSums, edges: Edges, tag: Tensor, inside: Tensor) -> Tensor:
    """Log of the sum over the ways on from a tag of each type that don't go on inside, shape (N, C, K)."""
    onward = chain.emissions + sums.backward
    top = onward.amax(2, keepdim=True)
    going_on = torch.arange(chain.starts.shape[1], device=tag.device)[:, None] == inside
    weights = chain.transitions[:, tag].exp().transpose(1, 2).masked_fill(going_on, 0.0)
    result = chain.ends[:, tag].expand(len(onward), -1, -1).clone()
    before, after = edges.steps
    summed = torch.einsum("ncs,csk->nck", (onward - top)[after].exp(), weights)
    result[before] = log_of_sum(summed) + top[after]
    return result
