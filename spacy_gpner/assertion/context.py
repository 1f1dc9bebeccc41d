"""How mentions are meant: the ConText algorithm (Harkema et al. 2009, after NegEx, Chapman et al. 2001) on
characters, for nested mentions.

A word of a category reaches from where it stands, after it or before it, to the end of the clause or the
sentence, to a word that stops it, or to the next of its category. A mention that it reaches whole is meant
so, and so is what the mention contains.
"""

import bisect
import re
from collections.abc import Sequence
from typing import NamedTuple, get_args

from ..entities import Entity
from ..words import whole_word
from .rules import CATEGORIES, Category, Direction, Reach, Rules

# One is as good as another
APOSTROPHES = str.maketrans("\u2019\u02bc", "''")
# Stands for a mention's characters
MASK = "\ufffc"
NOTHING: frozenset[Category] = frozenset()


class Trigger(NamedTuple):
    """What a word says of mentions.

    category (str): How they are meant.
    direction (str): Where they stand, "before" or "after" it.
    reach (str): How far away they may be.
    """

    category: Category
    direction: Direction
    reach: Reach


class Found(NamedTuple):
    """A word in a text.

    start, end (int): Its first character, and the one after its last.
    triggers (Tuple[Trigger, ...]): What it says; nothing for an idiom. Of what follows it first.
    stops (FrozenSet[str]): The categories whose words reach no further.
    """

    start: int
    end: int
    triggers: tuple[Trigger, ...]
    stops: frozenset[Category]


class Context:
    """Rules, ready to be applied."""

    def __init__(self, rules: Rules) -> None:
        """Make what finds the words.

        rules (Rules): The rules.
        """
        triggers: dict[str, list[Trigger]] = {_plain(word): [] for word in rules.idioms}
        stops: dict[str, set[Category]] = {_plain(word): set(CATEGORIES) for word in rules.stops}
        for category, own in rules.categories.items():
            for word in own.stops:
                stops.setdefault(_plain(word), set()).add(category)
            for direction in get_args(Direction):
                for reach, words in getattr(own, direction).items():
                    for word in words:
                        triggers.setdefault(_plain(word), []).append(Trigger(category, direction, reach))
        self._triggers = {word: tuple(own) for word, own in triggers.items()}
        self._stops = {word: frozenset(own) for word, own in stops.items()}
        longest_first = sorted({*triggers, *stops}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(whole_word, longest_first)) or r"(?!)", re.IGNORECASE)
        self._sentence_ends = re.compile(rules.sentence_ends)
        self._clause_or_sentence_ends = re.compile(f"{rules.sentence_ends}|{rules.clause_ends}")
        self._gap = re.compile(rf"\s*(?:(?:{rules.separators})\s*)*", re.IGNORECASE)

    def assertions(self, text: str, mentions: Sequence[Entity]) -> list[list[Category]]:
        """Tell how mentions are meant.

        text (str): The text.
        mentions (Sequence[Entity]): Its mentions, in any order.
        RETURNS (List[List[str]]): The categories of each mention, in their usual order; none where it is
            there, now, and the patient's.
        """
        found: list[set[Category]] = [set() for _ in mentions]
        order = sorted(range(len(mentions)), key=lambda n: (mentions[n].start, -mentions[n].end))
        ordered = [mentions[n] for n in order]
        starts = [x.start for x in ordered]
        words = self._find_words(text, ordered)
        sentences = _Parts(text, self._sentence_ends)
        clauses = _Parts(text, self._clause_or_sentence_ends)
        for i, word in enumerate(words):
            about: set[Category] = set()
            for trigger in word.triggers:
                if trigger.direction == "before" and trigger.category in about:
                    continue
                part = clauses if trigger.reach == "clause" else sentences
                start, end = self._reach(words, i, trigger, *part.around(word.start, word.end))
                first, last = bisect.bisect_left(starts, start), bisect.bisect_left(starts, end)
                reached = [n for n in range(first, last) if ordered[n].end <= end]
                if trigger.reach == "adjacent":
                    reached = self._adjacent(text, ordered, reached, word, trigger.direction)
                for n in reached:
                    about.add(trigger.category)
                    found[order[n]].add(trigger.category)
        return [[x for x in CATEGORIES if x in own] for own in found]

    def _find_words(self, text: str, ordered: Sequence[Entity]) -> list[Found]:
        """The words of a text outside of its mentions: 无 in 无痛性血尿 says nothing."""
        parts, edge = [], 0
        for start, end, _ in ordered:
            if end > edge:
                start = max(start, edge)
                parts += [text[edge:start], MASK * (end - start)]
                edge = end
        words = []
        for match in self._pattern.finditer("".join([*parts, text[edge:]]).translate(APOSTROPHES)):
            word = match[0].lower()
            words.append(Found(*match.span(), self._triggers.get(word, ()), self._stops.get(word, NOTHING)))
        return words

    def _reach(
        self, words: Sequence[Found], i: int, trigger: Trigger, start: int, end: int
    ) -> tuple[int, int]:
        """Where a word's reach begins and ends, within a clause or sentence."""
        if trigger.direction == "after":
            start = words[i].end
            for n in range(i + 1, len(words)):
                other = words[n]
                if other.start >= end:
                    break
                if _stops(other, trigger):
                    return start, other.start
        else:
            end = words[i].start
            for n in reversed(range(i)):
                other = words[n]
                if other.end <= start:
                    break
                if _stops(other, trigger):
                    return other.end, end
        return start, end

    def _adjacent(
        self, text: str, ordered: Sequence[Entity], reached: list[int], word: Found, direction: Direction
    ) -> list[int]:
        """Of the mentions in a word's reach those that stand next to it, the rest of their list, and what
        these contain."""
        after = direction == "after"
        first = edge = word.end if after else word.start
        for n in sorted(reached, key=lambda n: ordered[n].start if after else -ordered[n].end):
            start, end, _ = ordered[n]
            gap = (edge, start) if after else (end, edge)
            if gap[0] <= gap[1] and self._gap.fullmatch(text, *gap):
                # The longest of those that begin, or end, at the same place
                if after:
                    edge = max(ordered[m].end for m in reached if ordered[m].start == start)
                else:
                    edge = min(ordered[m].start for m in reached if ordered[m].end == end)
        low, high = sorted((first, edge))
        return [n for n in reached if low <= ordered[n].start and ordered[n].end <= high]


class _Parts:
    """Sentences or clauses of a text."""

    def __init__(self, text: str, ends: re.Pattern[str]) -> None:
        self._edges = [0, *(match.end() for match in ends.finditer(text)), len(text)]

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Where the part with these characters begins and ends."""
        i = bisect.bisect_right(self._edges, start) - 1
        return self._edges[i], self._edges[max(i + 1, bisect.bisect_left(self._edges, end))]


def _plain(word: str) -> str:
    """A word as it is looked up."""
    return word.lower().translate(APOSTROPHES)


def _stops(other: Found, trigger: Trigger) -> bool:
    """Whether a word ends another's reach: it says so, or says the same of what stands on its own side."""
    return trigger.category in other.stops or any(
        x.category == trigger.category and x.direction == trigger.direction for x in other.triggers
    )
