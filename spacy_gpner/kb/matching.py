"""Which code a surface means, how surely, or that none does."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Optional

import numpy
import srsly
from numpy.typing import NDArray
from rapidfuzz import fuzz
from scipy.special import expit

from ..words import has_cjk
from .codes import Code
from .surface import to_surface

FORMS = {name: Path(__file__).parent / "patterns" / f"forms_{name}.yml" for name in ("en", "zh")}
ACCENTS = re.compile("[\u0300-\u036f]")
# Names that share most bigrams with a surface, which are compared with it
SHORTLIST = 50
EXACT = 1.0
# What the features below weigh, with the constant first: fitted to pairs of our own
WEIGHTS = (-1.27, 2.72, 0.82, 1.84, -1.52, -0.41, -0.76)


class Match(NamedTuple):
    """A code for a surface.

    code (str): The code.
    score (float): How likely it is the right one; 1 if the surface is one of its names.
    """

    code: str
    score: float


@dataclass(frozen=True)
class Forms:
    """What surfaces may be written as.

    replace (Dict[str, str]): What is written in whose place.
    endings (Sequence[str]): What may be left out at the end.
    apart (str): A regular expression of what makes another concept where it differs.
    contrasts (Sequence[Sequence[str]]): Of which one that comes, goes or changes makes another concept.
    light (str): Characters whose coming and going changes little.
    """

    replace: dict[str, str]
    endings: Sequence[str]
    apart: str
    contrasts: Sequence[Sequence[str]]
    light: str

    def normal(self, name: str) -> str:
        """A name in its usual form, without accents.

        name (str): The name.
        RETURNS (str): The form.
        """
        form = unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", to_surface(name))))
        for old, new in self.replace.items():
            form = form.replace(old, new)
        for ending in self._endings:
            if form.endswith(ending) and len(form) > len(ending) + 1:
                return form[: -len(ending)]
        return form

    @cached_property
    def _endings(self) -> list[str]:
        return sorted(self.endings, key=len, reverse=True)

    def contrast(self, one: str, two: str) -> bool:
        """Tell whether two names differ in what makes another concept.

        one, two (str): The names.
        RETURNS (bool): Whether they do.
        """
        if re.findall(self.apart, one) != re.findall(self.apart, two):
            return True
        for group in self.contrasts:
            first, second = (Counter(_find(name, group)) for name in (one, two))
            if first != second:
                return True
        return False


def _find(name: str, group: Sequence[str]) -> list[str]:
    """The members of a group in a name, the longest first and each place once."""
    found = []
    for member in sorted(group, key=len, reverse=True):
        found += [member] * name.count(member)
        name = name.replace(member, "\0")
    return found


def choose_forms(codes: Sequence[Code]) -> Forms:
    """What names may be written as, in the language of a code table.

    codes (Sequence[Code]): The table.
    RETURNS (Forms): The forms of Chinese, if any name is in such characters, or those of English.
    """
    is_cjk = any(has_cjk(to_surface(name)) for code in codes for name in code.names)
    return Forms(**srsly.read_yaml(FORMS["zh" if is_cjk else "en"]))


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
        best: dict[str, tuple[float, str]] = {}
        for i, _ in Counter(near).most_common(SHORTLIST):
            other, code = self.names[i]
            own = (fuzz.ratio(name, other) / 100, other)
            best[code.code] = max(best.get(code.code, own), own)
        if not best:
            return None
        (first, (ratio, other)), *rest = sorted(best.items(), key=lambda x: (-x[1][0], x[0]))
        rival, its_name = rest[0][1] if rest else (0.0, "")
        if its_name == other:
            return None
        return first, self._features(name, other, ratio, ratio - rival)

    def _features(self, name: str, other: str, ratio: float, margin: float) -> NDArray[numpy.float64]:
        one, two = Counter(bigrams(name)), Counter(bigrams(other))
        dice = 2 * (one & two).total() / (one.total() + two.total())
        added, missing = (self._heavy(Counter(x) - Counter(y)) for x, y in ((name, other), (other, name)))
        contrast = float(self.forms.contrast(name, other))
        return numpy.array([1.0, ratio, dice, margin, contrast, added, missing])

    def _heavy(self, differ: Counter[str]) -> float:
        """How many of the characters that one name has more than another change its meaning."""
        return float(sum(n for x, n in differ.items() if x not in self.forms.light))


def bigrams(name: str) -> list[str]:
    """The pairs of neighbours in a name, with its edges.

    name (str): The name.
    RETURNS (List[str]): The pairs.
    """
    return [a + b for a, b in pairwise(f"\0{name}\0")]


def _fits(code: Code, label: Optional[str]) -> bool:
    return label is None or code.label is None or code.label == label
