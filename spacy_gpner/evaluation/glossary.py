"""The words of the page of an evaluation, and what they mean."""

import re
from typing import NamedTuple

from markupsafe import Markup

MEANINGS = {
    "gold": "The entities that the corpus has, taken to be right; in tables of classes, how many there are.",
    "threshold": "The score above which a pipeline takes a span to be an entity.",
    "P": "Precision: the share of the predicted entities that are right: first character, last character and "
    "label are gold's.",
    "R": "Recall: the share of the gold entities that are found.",
    "F1": "The harmonic mean of precision and recall over all entities of the corpus (micro-F1), in percent.",
    "macro F1": "The mean of the F1 of each label that gold has: rare labels count as much as frequent ones.",
    "nested F1": "The F1 of entities that contain others or lie inside others.",
    "flat F1": "The F1 of entities that are not nested.",
    "calibration error": "How far scores are from being probabilities, on average over the spans that score "
    "above 0.05: 0 if of those that score 0.8, 80 % are right. The lower, the better.",
    "cost": "The points of F1 that would be gained if the errors of this row, and no others, were right.",
    "errors": "How many errors of this row there are.",
    "example": "The error of this row whose entities are of middle length.",
    "predicted": "How many entities were predicted.",
    "right": "How many of the predicted entities are gold.",
    "found": "A gold entity that was predicted with its boundaries and its label; in tables of classes, how "
    "many there are.",
    "wrong label": "A prediction at the place of a gold entity under another label: predicted as that.",
    "wrong boundary": "A prediction that overlaps a gold entity of its label, and begins or ends elsewhere.",
    "wrong label and boundary": "A prediction that overlaps a gold entity of another label.",
    "missed": "A gold entity that no prediction is left for.",
    "spurious": "A prediction that no gold entity is left for.",
    "flat": "An entity that is not nested.",
    "nested": "An entity that contains another one, or lies inside one.",
    "outer": "A nested entity that contains others.",
    "inner": "A nested entity that lies inside another one.",
    "nesting": "Whether an entity contains others or lies inside others.",
    "length": "Of an entity, in characters.",
    "surface": "The entity's text.",
    "seen": "The training corpus has the surface as an entity of this label.",
    "seen under another label": "The training corpus has the surface as an entity, but only of other labels.",
    "unseen": "The training corpus has the surface as no entity.",
    "(boundary)": "The right label, at a wrong boundary.",
    "(missed)": "No prediction is left for the gold entity.",
    "(none)": "No gold entity is left for the prediction.",
    "difference": "The first F1 less the second, in points.",
    "95 % interval": "Where F1, or the difference, lies in 95 of 100 draws of as many documents from these "
    "(bootstrap; for a difference, the same draws for both). It says nothing of another training of the same "
    "pipeline.",
    "p": "Twice the share of these draws whose difference is 0 or has the other sign, corrected for the "
    "number of pairs that are compared (Holm). Small where the difference hardly depends on the documents.",
}


class Entry(NamedTuple):
    """A word of the glossary.

    word (str): The word.
    id (str): Of its element on the page.
    meaning (str): What it means.
    """

    word: str
    id: str
    meaning: str


class Glossary:
    """Links words to their entries, and keeps which were used."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def link(self, word: str) -> Markup:
        """Link a word to its entry.

        word (str): The word.
        RETURNS (Markup): The link.
        RAISES (KeyError): If the glossary lacks the word.
        """
        self._used.add(word)
        return Markup('<a class="term" href="#{}" title="{}">{}</a>').format(_id(word), MEANINGS[word], word)

    def entries(self) -> list[Entry]:
        """RETURNS (List[Entry]): The words that were linked."""
        return [Entry(word, _id(word), meaning) for word, meaning in MEANINGS.items() if word in self._used]


def _id(word: str) -> str:
    # P and p are two words
    return "word-" + re.sub(r"\W+", "-", word)
