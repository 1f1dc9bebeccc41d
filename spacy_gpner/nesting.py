"""Which spans lie inside which."""

from collections.abc import Sequence
from typing import NamedTuple


class Nesting(NamedTuple):
    """How a span is nested among others.

    outside (int): How many spans of other boundaries contain it.
    inside (int): How many spans of other boundaries it contains.
    """

    outside: int
    inside: int


def nesting(spans: Sequence[tuple[int, int]]) -> list[Nesting]:
    """Count the containment pairs of each span. Equal boundaries are not nested, whatever the labels.

    spans (Sequence[Tuple[int, int]]): Start and exclusive end of each span, in any order.
    RETURNS (List[Nesting]): The nesting of each span, in the order given.
    """
    outside, inside = [0] * len(spans), [0] * len(spans)
    reaching: list[int] = []
    for i in sorted(range(len(spans)), key=lambda i: (spans[i][0], -spans[i][1])):
        start, end = spans[i]
        reaching = [j for j in reaching if spans[j][1] > start]
        for j in reaching:
            if spans[j][1] >= end and spans[j] != spans[i]:
                outside[i] += 1
                inside[j] += 1
        reaching.append(i)
    return [Nesting(*counts) for counts in zip(outside, inside, strict=True)]
