"""What names of concepts may be written as, by language."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import srsly

from ..words import has_cjk
from .codes import Code
from .surface import to_surface

FORMS = {name: Path(__file__).parent / "patterns" / f"forms_{name}.yml" for name in ("en", "zh")}
ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class Forms:
    """What surfaces may be written as.

    replace (Dict[str, str]): What is written in whose place.
    endings (Sequence[str]): What may be left out at the end.
    apart (str): A regular expression of what makes another concept where it differs.
    contrasts (Sequence[Sequence[str]]): Of which one that comes, goes or changes makes another concept.
    light (str): A regular expression of what may come and go, and changes little.
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

    def heavy(self, name: str) -> str:
        """What a name is made of beside what may come and go.

        name (str): The name, in its usual form.
        RETURNS (str): Its characters without those.
        """
        return re.sub(self.light, "", name)

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
