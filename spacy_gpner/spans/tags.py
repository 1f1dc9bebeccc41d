"""Tags: what tells, token by token, where entities begin and end."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Scheme = Literal["bio", "bioes"]
# By scheme: the parts of an entity, first that of its first token, then that of those inside it
PARTS = {"bio": 2, "bioes": 4}
OUTSIDE, BEGIN, INSIDE, END, SINGLE = range(5)


@dataclass(frozen=True)
class TagSet:
    """The tags of T types. A chain over all types has the tags O, then B and I (BIO; Ramshaw and Marcus,
    1995), or B, I, E and S (BIOES), of each type; it holds entities that don't overlap. A chain for each type
    has those of one type: entities of different types can overlap.

    scheme (str): "bio" or "bioes".
    by_type (bool): Whether there is a chain for each type.
    RAISES (ValueError): If the scheme is unknown.
    """

    scheme: Scheme = "bioes"
    by_type: bool = False

    def __post_init__(self) -> None:
        if self.scheme not in get_args(Scheme):
            raise ValueError(f"Invalid scheme: {self.scheme!r}. Expected one of {get_args(Scheme)}.")

    @property
    def parts(self) -> int:
        """How many tags a type has, beside O."""
        return PARTS[self.scheme]

    def shape(self, n_types: int) -> tuple[int, int]:
        """How many chains there are for so many types, and tags in a chain."""
        return (n_types, 1 + self.parts) if self.by_type else (1, 1 + n_types * self.parts)

    def number_of_types(self, n_chains: int, n_tags: int) -> int:
        """How many types so many chains and tags are for."""
        return n_chains if self.by_type else (n_tags - 1) // self.parts

    def places(self, part: int, n_types: int) -> Tensor:
        """The tags of a part in each chain, by type, shape (K,): all types, or the chain's own."""
        n_own = 1 if self.by_type else n_types
        return torch.arange(n_own) * self.parts + part

    def place(self, types: Tensor, part: int) -> tuple[Tensor, Tensor]:
        """Chain and tag of a part of types.

        types (Tensor): The types.
        part (int): BEGIN, INSIDE, END or SINGLE.
        RETURNS (Tuple[Tensor, Tensor]): Chains and tags, shaped like the types.
        """
        if self.by_type:
            return types, torch.full_like(types, part)
        return torch.zeros_like(types), types * self.parts + part

    def ways(self, n_tags: int) -> tuple[Tensor, Tensor, Tensor]:
        """What can follow what in a chain: an entity has a beginning and, with BIOES, an end.

        n_tags (int): Tags of the chain.
        RETURNS (Tuple[Tensor, Tensor, Tensor]): Whether there is a way from a tag to the next, shape (S, S),
            and whether a tag can be the first, and the last, shape (S,).
        """
        tags = torch.arange(n_tags)
        part = torch.where(tags > 0, (tags - 1) % self.parts + 1, 0)
        type = torch.where(tags > 0, (tags - 1) // self.parts, -1)
        goes_on = torch.isin(part, torch.tensor([INSIDE, END]))
        is_open = torch.isin(part, torch.tensor([BEGIN, INSIDE]))
        same = type[:, None] == type
        inner = is_open[:, None] & goes_on & same
        if self.scheme == "bio":
            return inner | ~goes_on, ~goes_on, torch.ones_like(goes_on)
        return inner | (~is_open[:, None] & ~goes_on), ~goes_on, ~is_open

    def encode(self, spans: Tensor, n_tokens: int, n_types: int) -> Tensor:
        """The tags of spans.

        spans (Tensor): First token and last token (inclusive) in the flat batch, type, shape (G, 3). No two
            in one chain overlap.
        n_tokens, n_types (int): N and T.
        RETURNS (Tensor): The tag of each token in each chain, shape (N, C).
        """
        n_chains, _ = self.shape(n_types)
        tags = torch.zeros(n_tokens, n_chains, dtype=torch.long, device=spans.device)
        first, last, types = spans.unbind(1)
        n = last - first + 1
        before = (n.cumsum(0) - n).repeat_interleave(n)
        tokens = first.repeat_interleave(n) + torch.arange(len(before), device=spans.device) - before
        self._put(tags, tokens, types.repeat_interleave(n), INSIDE)
        self._put(tags, first, types, BEGIN)
        if self.scheme == "bioes":
            alone = first == last
            self._put(tags, last, types, END)
            self._put(tags, first[alone], types[alone], SINGLE)
        return tags

    def _put(self, tags: Tensor, tokens: Tensor, types: Tensor, part: int) -> None:
        chain, tag = self.place(types, part)
        tags[tokens, chain] = tag

    def decode(self, tags: Tensor) -> Tensor:
        """The spans of paths that keep to the ways.

        tags (Tensor): The tag of each token in each chain, shape (N, C).
        RETURNS (Tensor): First token and last token (inclusive) in the flat batch, type, shape (G, 3).
        """
        part = torch.where(tags > 0, (tags - 1) % self.parts + 1, OUTSIDE).T
        if self.scheme == "bio":
            following = torch.cat([part[:, 1:], part.new_zeros(len(part), 1)], 1)
            begins, ends = part == BEGIN, (part != OUTSIDE) & (following != INSIDE)
        else:
            begins, ends = (part == BEGIN) | (part == SINGLE), (part == END) | (part == SINGLE)
        chain, first = begins.nonzero().unbind(1)
        _, last = ends.nonzero().unbind(1)
        types = chain if self.by_type else (tags[first, chain] - 1) // self.parts
        return torch.stack([first, last, types], 1)
