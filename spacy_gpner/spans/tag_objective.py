"""The objective of tag scores: a linear-chain conditional random field (Lafferty et al., 2001)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Optional, get_args

import torch
from torch import Tensor, xlogy
from torch.nn.functional import cross_entropy, logsigmoid

from .chain import best_paths, log_partition, score_paths
from .decode import decode
from .decoded import Cut, DecodedSpans, join
from .divergence import DistillationLoss
from .likely import LikelySpans
from .objective import Objective
from .pairs import Allowed, document_weights
from .tag_scores import SpanLogProbs, TagScores, span_log_probs, tag_log_probs
from .tags import TagSet
from .tiles import Window

Decoding = Literal["marginal", "viterbi"]
# A probability of 1 has no log-odds: this is the least that is taken off it.
CERTAIN = 1e-12
# The log-probability of a tag that a chain rules out, in a divergence from scores that don't
IMPOSSIBLE = -100.0
EVERY = Window(None)


@dataclass(frozen=True)
class TagObjective(Objective[TagScores]):
    """The log-likelihood of the gold tags; spans by their probability, or those of the best path; and
    divergences over paths.

    tags (TagSet): The tags.
    decoding (str): "marginal" finds all spans whose probability passes the threshold of their type, "viterbi"
        those of them that are on the path with the highest score.
    window (Window): Which spans can be found.
    RAISES (ValueError): If the decoding is unknown, or the window is a prefix.
    """

    tags: TagSet
    decoding: Decoding = "marginal"
    window: Window = EVERY
    learns_spans = True

    def __post_init__(self) -> None:
        if self.decoding not in get_args(Decoding):
            raise ValueError(f"Invalid decoding: {self.decoding!r}. Expected one of {get_args(Decoding)}.")
        if self.window.mode != "band":
            raise ValueError("Invalid window: of spans that are found by tags it bounds the length alone.")

    def loss(self, scores: TagScores, gold: Tensor) -> Tensor:
        """The negative log-likelihood of the gold tags, as paths or each by itself; a mean over documents and
        chains. See `Objective.loss`."""
        scores = scores.full_precision()
        emissions = scores.emissions
        tags = self.tags.encode(gold, len(emissions), scores.num_types).to(emissions.device)
        if scores.independent:
            summed = cross_entropy(emissions.flatten(0, 1), tags.flatten(), reduction="sum")
            return summed / max(1, len(scores.lengths) * emissions.shape[1])
        chain = scores.chain
        return (log_partition(chain) - score_paths(chain, tags)).mean()

    def decode(self, scores: TagScores, cut: Cut) -> DecodedSpans:
        """Find spans. See `Objective.decode`."""
        scores = scores.full_precision()
        if not sum(scores.lengths):
            return DecodedSpans.none(len(scores.lengths))
        log_probs = span_log_probs(scores)
        if self.decoding == "viterbi":
            spans = self.tags.decode(best_paths(scores.chain))
            spans = spans[self.holds(spans[:, 0], spans[:, 1] + 1)]
            found = DecodedSpans.of_flat(spans, log_probs.of(spans), scores.lengths)
        else:
            found = self._likely(log_probs, cut)
        chosen = cut.apply(replace(found, logit=_log_odds(found.logit)))
        return replace(chosen, logit=chosen.logit.float())

    def _likely(self, log_probs: SpanLogProbs, cut: Cut) -> DecodedSpans:
        """Spans with their log-probabilities, where these pass."""
        minimum = logsigmoid(cut.minimum)
        long = decode(log_probs.factors, self.window, Cut.above(minimum, starts=cut.starts))
        parts = [long.take(long.end - long.start > len(log_probs.short))]
        for width, values in enumerate(log_probs.short[: self.window.width]):
            first, types = (values > minimum.to(values.device)).nonzero().unbind(1)
            spans = torch.stack([first, first + width, types], 1)
            parts.append(DecodedSpans.of_flat(spans, values[first, types], log_probs.factors.lengths))
        return join(parts)

    def log_odds(self, scores: TagScores, spans: Tensor) -> Tensor:
        """The log-odds of single spans. See `Objective.log_odds`."""
        if not len(spans):
            return scores.emissions.new_zeros(0)
        return _log_odds(span_log_probs(scores.full_precision()).of(spans))

    def divergence(
        self,
        student: TagScores,
        target: TagScores,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """KL(teacher ‖ student): over whole paths ("kl"), over the tags of each token, by their marginals
        ("token_kl"); a mean over documents and chains, and with the reduction "mean" over tokens too. Or
        over spans ("bernoulli"). See `Objective.divergence`."""
        if list(student.lengths) != list(target.lengths) or student.num_types != target.num_types:
            raise ValueError("The student's and the teacher's scores are not of the same tokens and types.")
        if how.divergence == "bernoulli":
            return self._over_spans(student, target, how, allowed)
        student, target = (x.full_precision().softened(how.temperature) for x in (student, target))
        sizes = torch.tensor(student.lengths, device=student.emissions.device)
        weights = document_weights(student.lengths, student.emissions.shape[1], "sum").to(student.emissions)
        if how.reduction == "mean":
            weights = weights / sizes.clamp(min=1)
        if how.divergence == "kl":
            return _over_paths(student, target, weights[:, None])
        if how.divergence == "token_kl":
            return _over_tokens(student, target, weights[:, None])
        raise ValueError(
            f"Invalid divergence: {how.divergence!r}. For tags there are 'kl', 'token_kl' and 'bernoulli'."
        )

    def compares(self, other: Objective) -> bool:
        """Whether another's scores are of the same tags. See `Objective.compares`."""
        return isinstance(other, TagObjective) and self.tags == other.tags

    def likely(self, scores: TagScores) -> LikelySpans:
        """The spans that are not all but impossible, on whatever path. See `Objective.likely`."""
        if self.decoding == "viterbi":
            return replace(self, decoding="marginal").likely(scores)
        return super().likely(scores)

    def span_divergence(
        self,
        student: TagScores,
        target: LikelySpans,
        how: DistillationLoss,
        allowed: Optional[Allowed] = None,
    ) -> Tensor:
        """The divergence over the spans that either of both finds likely. See `Objective.span_divergence`."""
        student = student.full_precision()
        own = self.likely(student.detach()).spans
        spans, p = target.softened(how.temperature).join(own)
        device = student.emissions.device
        return _apart(student, spans.to(device), p.to(device), how, allowed)

    def _over_spans(
        self, student: TagScores, target: TagScores, how: DistillationLoss, allowed: Optional[Allowed]
    ) -> Tensor:
        """Where the teacher's scores are at hand: those of the same spans, how unlikely they may be."""
        student, target = student.full_precision(), target.full_precision()
        found = [self.likely(x.detach()).spans for x in (student, target)]
        spans = torch.cat(found).unique(dim=0).to(student.emissions.device)
        p = (_log_odds(span_log_probs(target).of(spans)) / how.temperature).sigmoid()
        return _apart(student, spans, p.detach(), how, allowed)

    def refuse(self, spans: Sequence[tuple[int, int, str]]) -> list[Optional[str]]:
        """Refuse spans that overlap a longer one in the same chain. See `Objective.refuse`."""
        if self.tags.by_type:
            where, others = "another of their label", ""
        else:
            where = "another"
            others = "A chain for each type (by_type = true) learns those of different types, and "
        reason = (
            f"within or across {where}: a chain holds none that overlap, and learns the longest. {others}"
            "span_globalpointer all of them"
        )
        order = sorted(range(len(spans)), key=lambda i: (spans[i][0] - spans[i][1], spans[i][0], spans[i][2]))
        taken: dict[str, set[int]] = {}
        refused: list[Optional[str]] = [None] * len(spans)
        for i in order:
            start, end, label = spans[i]
            own = taken.setdefault(label if self.tags.by_type else "", set())
            tokens = range(start, end)
            if own.isdisjoint(tokens):
                own.update(tokens)
            else:
                refused[i] = reason
        return refused


def _apart(
    student: TagScores, spans: Tensor, p: Tensor, how: DistillationLoss, allowed: Optional[Allowed]
) -> Tensor:
    """Σ KL(Bernoulli(p) ‖ Bernoulli(q)) over spans that are allowed, a mean over documents and types."""
    if allowed is not None:
        kept = allowed(spans[:, 0], spans[:, 1])
        spans, p = spans[kept], p[kept]
    s = _log_odds(span_log_probs(student).of(spans)) / how.temperature
    apart = xlogy(p, p) + xlogy(1 - p, 1 - p) - p * logsigmoid(s) - (1 - p) * logsigmoid(-s)
    weights = document_weights(student.lengths, student.num_types, how.reduction).to(apart)
    sizes = torch.tensor(student.lengths, device=weights.device)
    return (weights.repeat_interleave(sizes)[spans[:, 0]] * apart).sum()


def _over_paths(student: TagScores, target: TagScores, weights: Tensor) -> Tensor:
    """Σ p (log p - log q) over the paths. The score of a path is linear in the scores of tags and steps, so
    that its mean needs no more of p than how likely each of these is: the gradient of log Z."""
    teacher = target.with_tensors(*(x.detach().requires_grad_() for x in target.tensors))
    with torch.enable_grad():
        log_z = (log_partition(teacher.chain) * weights).sum()
        likely = torch.autograd.grad(log_z, teacher.tensors)
    own = sum((p * x).sum() for p, x in zip(likely, target.tensors, strict=True))
    others = sum((p * x).sum() for p, x in zip(likely, student.tensors, strict=True))
    return (log_partition(student.chain) * weights).sum() - others - log_z.detach() + own


def _over_tokens(student: TagScores, target: TagScores, weights: Tensor) -> Tensor:
    """Σ p (log p - log q) over the tags of each token."""
    sizes = torch.tensor(student.lengths, device=weights.device)
    log_p, log_q = (tag_log_probs(x) for x in (target, student))
    token, chain, tag = log_p.isfinite().nonzero(as_tuple=True)
    log_p, log_q = log_p[token, chain, tag], log_q[token, chain, tag]
    log_q = torch.where(log_q.isfinite(), log_q, IMPOSSIBLE)
    return (weights.repeat_interleave(sizes, dim=0)[token, 0] * log_p.exp() * (log_p - log_q)).sum()


def _log_odds(log_probs: Tensor) -> Tensor:
    """log p - log(1 - p)."""
    log_probs = log_probs.clamp(max=-CERTAIN)
    return log_probs - (-log_probs.expm1()).log()
