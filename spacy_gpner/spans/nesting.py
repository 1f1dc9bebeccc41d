"""Which spans are nested."""

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple


class Nesting(NamedTuple):
    """How a span is nested among others. Equal boundaries are not nested, whatever the labels.

    inner (bool): Whether it lies inside a span of other boundaries.
    outer (bool): Whether it contains a span of other boundaries.
    """

    inner: bool
    outer: bool


def nesting(spans: Sequence[tuple[int, int]]) -> list[Nesting]:
    """Find out how each span is nested.

    spans (Sequence[Tuple[int, int]]): Start and exclusive end of each span, in any order.
    RETURNS (List[Nesting]): The nesting of each span, in the order given.
    """
    order = sorted(set(spans), key=lambda span: (span[0], -span[1]))
    ends = [end for _, end in order]
    # A span before another starts no later, and so contains it if it ends no earlier.
    longest_before = [-math.inf, *accumulate(ends, max)]
    shortest_after = [*accumulate(reversed(ends[1:]), min, initial=math.inf)][::-1]
    found = {
        span: Nesting(before >= span[1], after <= span[1])
        for span, before, after in zip(order, longest_before, shortest_after, strict=False)
    }
    return [found[span] for span in spans]
