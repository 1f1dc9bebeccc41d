"""Which tokens of a teacher and a student lie on which, in texts that both have cut their own way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional, TypeVar

import numpy
import torch
from torch import Tensor

from ..spans import Allowed, LikelySpans, Objective, Scores

S = TypeVar("S", bound=Scores)

NO_TOKEN = -1


@dataclass(frozen=True)
class TokenMap:
    """Leads between the tokens of a batch as the teacher and as the student cut it, T and S of them.

    mean (Optional[Tensor]): Averages student vectors over each teacher token's student tokens, sparse,
        shape (T, S); None where all tokens are the same.
    starts, ends (Tensor): The teacher token that starts, and that ends, where the student token does, in the
        flat batch, or -1; shape (S,).
    positions (Tensor): Each teacher token's place in its document, shape (T,).
    lengths (Sequence[int]): Student tokens of each document.
    """

    mean: Optional[Tensor]
    starts: Tensor
    ends: Tensor
    positions: Tensor
    lengths: Sequence[int]

    @property
    def same(self) -> bool:
        """Whether all tokens are the same."""
        return self.mean is None

    def to_teacher(self, vectors: Tensor) -> Tensor:
        """Student vectors, shape (S, width), on the teacher's tokens."""
        return vectors if self.mean is None else self.mean @ vectors

    def backprop_to_teacher(self, d_vectors: Tensor) -> Tensor:
        """The gradient of `to_teacher`, shape (T, width) to (S, width)."""
        return d_vectors if self.mean is None else self.mean.T @ d_vectors

    def to_student(self, scores: S) -> S:
        """The teacher's scores on the student's tokens. Where the teacher has no token with an edge, they
        mean nothing: `allowed` leaves such spans out."""
        if self.same:
            return scores
        return scores.on_tokens(self.starts.clamp(min=0), self.ends.clamp(min=0), self.lengths)

    def spans_to_student(self, likely: LikelySpans) -> LikelySpans:
        """The teacher's spans on the student's tokens, where these have the same edges."""
        if self.same:
            return likely
        starts, ends = (self._places(edges.cpu()) for edges in (self.starts, self.ends))
        return likely.on_tokens(starts, ends, self.lengths)

    def _places(self, edges: Tensor) -> Tensor:
        """The student token of each teacher token with that edge, or -1, shape (T,)."""
        found = torch.full((len(self.positions),), NO_TOKEN)
        student = (edges != NO_TOKEN).nonzero()[:, 0]
        found[edges[student]] = student
        return found

    def allowed(self, teacher: Objective, student: Objective) -> Optional[Allowed]:
        """The student's spans that the teacher can predict too, on its tokens, as a divergence takes them."""
        if self.same and teacher.covers(student):
            return None

        def can_predict(first: Tensor, last: Tensor) -> Tensor:
            first, last = self.starts[first], self.ends[last]
            start, stop = (self.positions[x.clamp(min=0)] for x in (first, last))
            return (first != NO_TOKEN) & (last != NO_TOKEN) & teacher.holds(start, stop + 1)

        return can_predict


def map_tokens(
    teacher: Sequence[numpy.ndarray], student: Sequence[numpy.ndarray], device: torch.device
) -> TokenMap:
    """Find which tokens lie on which.

    teacher, student (Sequence[numpy.ndarray]): The tokens of the same texts, as `token_edges` gives them.
    device (torch.device): Where the map is needed.
    RETURNS (TokenMap): The map.
    """
    edges = list(zip(teacher, student, strict=True))
    same = all(numpy.array_equal(t, s) for t, s in edges)
    if same:
        starts = ends = [numpy.arange(sum(map(len, teacher)))]
    else:
        offsets = numpy.cumsum([0, *(len(t) for t, _ in edges)])[:-1]
        starts = [_find(t[:, 0], s[:, 0], offset) for (t, s), offset in zip(edges, offsets, strict=True)]
        ends = [_find(t[:, 1], s[:, 1], offset) for (t, s), offset in zip(edges, offsets, strict=True)]
    positions = [numpy.arange(len(t)) for t, _ in edges]
    return TokenMap(
        mean=None if same else _mean_matrix(edges).to(device),
        starts=_flat(starts).to(device),
        ends=_flat(ends).to(device),
        positions=_flat(positions).to(device),
        lengths=[len(s) for _, s in edges],
    )


def _mean_matrix(edges: Sequence[tuple[numpy.ndarray, numpy.ndarray]]) -> Tensor:
    rows: list[int] = []
    cols: list[int] = []
    n_rows = n_cols = 0
    for t, s in edges:
        first = numpy.searchsorted(s[:, 1], t[:, 0], side="right")
        stop = numpy.searchsorted(s[:, 0], t[:, 1], side="left")
        for i, (j, end) in enumerate(zip(first.tolist(), stop.tolist(), strict=True)):
            rows.extend([n_rows + i] * max(0, end - j))
            cols.extend(range(n_cols + j, n_cols + end))
        n_rows, n_cols = n_rows + len(t), n_cols + len(s)
    index = torch.tensor([rows, cols], dtype=torch.long)
    share = 1.0 / torch.bincount(index[0], minlength=n_rows).clamp(min=1)
    return torch.sparse_coo_tensor(index, share[index[0]], (n_rows, n_cols), check_invariants=False)


def _flat(parts: Sequence[numpy.ndarray]) -> Tensor:
    return torch.from_numpy(numpy.concatenate(parts)) if parts else torch.zeros(0, dtype=torch.long)


def _find(teacher: numpy.ndarray, student: numpy.ndarray, offset: int) -> numpy.ndarray:
    """Index of the teacher's token with the same edge, or -1."""
    if not len(teacher):
        return numpy.full(len(student), NO_TOKEN)
    place = numpy.searchsorted(teacher, student).clip(max=len(teacher) - 1)
    return numpy.where(teacher[place] == student, place + offset, NO_TOKEN)
