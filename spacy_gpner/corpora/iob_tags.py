"""The tags of CoNLL-style files: their forms, and the entities that they spell."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Optional

BEGINS = frozenset("BSUW")
CONTINUES = frozenset("IMEL")
ENDS = frozenset("ELSUW")


class Tag(NamedTuple):
    """A token's tag.

    prefix (str): Its part in an entity, O for none, or nothing if the tag is unknown.
    label (str): The entity's label.
    """

    prefix: str
    label: str = ""


OUTSIDE = Tag("O")
UNKNOWN = Tag("")


class Form(NamedTuple):
    """How tags are written.

    separator (str): What stands between the prefix and the label.
    behind (bool): Whether the prefix stands behind the label.
    lower (bool): Whether prefixes, and the tag for no entity, are small letters.
    """

    separator: str
    behind: bool = False
    lower: bool = False

    def parse(self, tag: str) -> Tag:
        """Read a tag.

        tag (str): The tag.
        RETURNS (Tag): What it says.
        """
        label: str
        if self.behind:
            label, separator, prefix = tag.rpartition(self.separator)
        else:
            prefix, separator, label = tag.partition(self.separator)
        if self.lower:
            prefix = prefix.upper() if prefix.islower() else ""
        if separator and prefix in BEGINS | CONTINUES:
            return Tag(prefix, label)
        return OUTSIDE if tag == ("o" if self.lower else "O") else UNKNOWN


USUAL = Form("-")
FORMS = [
    Form(separator, behind, lower)
    for lower in (False, True)
    for behind in (False, True)
    for separator in ("-", "_", ":")
]


def find_form(tags: Iterable[str]) -> Optional[Form]:
    """Find how a column's tags are written: as usual if some are, else in the one form that they all have.

    tags (Iterable[str]): The different tags.
    RETURNS (Optional[Form]): The form, or None if there is none.
    """
    tags = set(tags)
    usual = {USUAL.parse(tag) for tag in tags}
    if usual - {OUTSIDE, UNKNOWN} or usual == {OUTSIDE}:
        return USUAL
    return next((form for form in FORMS if UNKNOWN not in {form.parse(tag) for tag in tags}), None)


def find_entities(
    tags: Sequence[Tag], report: Callable[[str, int, str], None]
) -> Iterator[tuple[int, int, str]]:
    """Find the entities that a sentence's tags spell. One with an unknown tag in it, or beside it where it
    doesn't end by its own tags, is left out: nobody knows where it ends.

    tags (Sequence[Tag]): The tags.
    report (Callable[[str, int, str], None]): Called with the kind, the token and the label of a problem.
    YIELDS (tuple[int, int, str]): The first token, the last token and the label of each entity.
    """
    first = 0
    for last, (tag, after) in enumerate(pairwise([*tags, OUTSIDE])):
        if _continues(tag, after):
            continue
        opening = tags[first]
        if UNKNOWN in tags[first : last + 1]:
            report("bad_entity", tags.index(UNKNOWN, first), opening.label)
        elif tag != OUTSIDE:
            if opening.prefix in CONTINUES:
                report("inside_without_begin", first, opening.label)
            yield first, last, opening.label
        first = last + 1


def _continues(tag: Tag, after: Tag) -> bool:
    """Tell whether two neighbouring tags belong to one entity. An unknown tag belongs to any beside it."""
    if tag == OUTSIDE or tag.prefix in ENDS:
        return False
    if UNKNOWN in (tag, after):
        return after == UNKNOWN or after.prefix in CONTINUES
    return after.prefix in CONTINUES and after.label == tag.label
