"""Which code a surface means, how surely, or that none does."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, Optional

import numpy
from numpy.typing import NDArray
from rapidfuzz import fuzz
from scipy.special import expit

from .codes import Code
from .forms import choose_forms

# Names that share most bigrams with a surface, which are compared with it
SHORTLIST = 50
EXACT = 1.0
# What the features below weigh, with the constant first: fitted to pairs of our own
WEIGHTS = (-1.99, 2.41, 1.85, -0.86, 2.79, -0.59, -0.38)


class Match(NamedTuple):
    """A code for a surface.

    code (str): The code.
    score (float): How likely it is the right one; 1 if the surface is one of its names.
    """

    code: str
    score: float


class _Likeness(NamedTuple):
    """How like a name is to another.

    same (bool): Whether they differ in nothing but what may come and go, and in order.
    ratio (float): How much they have in common, up to 1.
    name (str): The other.
    """

    same: bool
    ratio: float
    name: str


class Matcher:
    """A code table, ready to be looked up."""

    def __init__(self, codes: Sequence[Code]) -> None:
        """Make what finds names.

        codes (Sequence[Code]): The table.
        """
        self.forms = choose_forms(codes)
        self.names = [(self.forms.normal(name), code) for code in codes for name in code.names]
        self._exact: dict[str, list[Code]] = defaultdict(list)
        self._by_bigram: dict[str, list[int]] = defaultdict(list)
        for i, (name, code) in enumerate(self.names):
            if code not in self._exact[name]:
                self._exact[name].append(code)
            for gram in set(bigrams(name)):
                self._by_bigram[gram].append(i)

    def match(self, surface: str, label: Optional[str] = None) -> Optional[Match]:
        """Find the likeliest code of a surface.

        surface (str): The surface.
        label (Optional[str]): Its type: codes of another one are not its.
        RETURNS (Optional[Match]): The code; None if no name is like it, or several codes have the name that
            is most like it.
        """
        name = self.forms.normal(surface)
        exact = [code for code in self._exact.get(name, ()) if _fits(code, label)]
        if len(exact) == 1:
            return Match(exact[0].code, EXACT)
        likeliest = self.likeliest(name, label)
        if exact or likeliest is None:
            return None
        code, features = likeliest
        return Match(code, float(expit(numpy.dot(WEIGHTS, features))))

    def likeliest(self, name: str, label: Optional[str]) -> Optional[tuple[str, NDArray[numpy.float64]]]:
        """The code with the name that is most like a name, and what tells how like.

        name (str): The name, in its usual form.
        label (Optional[str]): Its type.
        RETURNS (Optional[Tuple[str, NDArray]]): The code, and features of its likest name; None if no name
            shares two neighbours, or an edge, with it, or the likest is of several codes.
        """
        # In an order that does not depend on the hashes of strings
        grams = dict.fromkeys(bigrams(name))
        near = (i for gram in grams for i in self._by_bigram.get(gram, ()) if _fits(self.names[i][1], label))
        best: dict[str, _Likeness] = {}
        for i, _ in Counter(near).most_common(SHORTLIST):
            other, code = self.names[i]
            own = _Likeness(self._same(name, other), fuzz.ratio(name, other) / 100, other)
            best[code.code] = max(best.get(code.code, own), own)
        if not best:
            return None
        (first, own), *rest = sorted(best.items(), key=lambda x: (-x[1].same, -x[1].ratio, x[0]))
        rival = rest[0][1] if rest else _Likeness(False, 0.0, "")
        if rival.name == own.name:
            return None
        return first, self._features(name, own, own.ratio - rival.ratio)

    def _same(self, name: str, other: str) -> bool:
        """Whether two names differ in nothing but what may come and go, and in order."""
        return sorted(self.forms.heavy(name)) == sorted(self.forms.heavy(other))

    def _features(self, name: str, likest: _Likeness, margin: float) -> NDArray[numpy.float64]:
        own, others = (Counter(self.forms.heavy(x)) for x in (name, likest.name))
        added, missing = (own - others).total(), (others - own).total()
        contrast = self.forms.contrast(name, likest.name)
        return numpy.array([1.0, likest.ratio, margin, contrast, likest.same, added, missing])


def bigrams(name: str) -> list[str]:
    """The pairs of neighbours in a name, with its edges.

    name (str): The name.
    RETURNS (List[str]): The pairs.
    """
    return [a + b for a, b in pairwise(f"\0{name}\0")]


def _fits(code: Code, label: Optional[str]) -> bool:
    return label is None or code.label is None or code.label == label
