"""What can be done to examples on their way to a training: augmenters of `spacy.Corpus.v1`."""

import math
import random
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterator
from itertools import pairwise

from spacy.attrs import DEP
from spacy.language import Language
from spacy.tokens import Doc, Span, Token
from spacy.training import Example
from spacy.util import registry

from ..checks import check_count, is_number
from .parts import ATTRIBUTES, part_of

Augmenter = Callable[[Language, Example], Iterator[Example]]
# Ends of sentences: those of Chinese and Japanese, and those that end one before a blank alone
ENDS = "。！？.!?"
BEFORE_BLANKS = ".!?"
# What stands around a sentence's last word
OPENING, CLOSING = "\"'“‘«„([{", "\"'”’»“)]}"
# Where a sentence that is too long is cut, if possible
PAUSES = "，,、；;：:"
KEPT = tuple(attribute for attribute in ATTRIBUTES if attribute != DEP)


@registry.augmenters("spacy-gpner.split_sentences.v1")
def create_sentence_splitter(max_length: int = 128, ends: str = ENDS) -> Augmenter:
    """Create an augmenter that cuts documents into sentences, as section 4.2 of paper 2 does, but loses none
    of the text: what is longer is cut again, at the last pause that is near enough. No entity is cut; a part
    that one fills is longer.

    max_length (int): The most tokens of a part.
    ends (str): The characters that a sentence ends with. A full stop, exclamation or question mark of these
        ends one where a blank or nothing follows, and not in an abbreviation that spaCy knows in the
        language. Quotation marks and brackets that close behind such a mark are its sentence's.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (ValueError): If a setting is out of range.
    """
    check_count("max_length", max_length, "at least 1 token")
    if not isinstance(ends, str) or not ends:
        raise ValueError(f"Invalid ends: {ends!r}. Expected characters that a sentence ends with.")

    def split(nlp: Language, example: Example) -> Iterator[Example]:
        cuts = find_cuts(example.reference, max_length, ends, nlp.Defaults.tokenizer_exceptions)
        if len(cuts) < 3:
            yield example
            return
        for part in cut(example.reference, cuts):
            yield Example(_own_words(part) if part.has_unknown_spaces else nlp.make_doc(part.text), part)

    return split


@registry.augmenters("spacy-gpner.resample.v1")
def create_resampler(repeats: dict[str, float], others: float = 1.0) -> Augmenter:
    """Create an augmenter that repeats documents with rare labels, or leaves some without them away. Times
    need not be whole: at 1.5, a document is there once or twice, drawn at random when the corpus is read,
    which spaCy does once for a training (with max_epochs = -1, for each epoch).

    repeats (Dict[str, float]): How often a document is to be learned from that has an entity of the label; of
        several labels the largest counts.
    others (float): How often one without any of them.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (ValueError): If a number is not at least 0.
    """
    for label, n in {**repeats, "others": others}.items():
        if not is_number(n) or not 0 <= n < math.inf:
            raise ValueError(f"Invalid number of times for '{label}': {n!r}. Expected at least 0.")

    def resample(nlp: Language, example: Example) -> Iterator[Example]:
        labels = {span.label_ for group in example.reference.spans.values() for span in group}
        times = max((n for label, n in repeats.items() if label in labels), default=others)
        whole = int(times)
        for _ in range(whole + (random.random() < times - whole)):
            yield Example(example.predicted.copy(), example.reference)

    return resample


@registry.augmenters("spacy-gpner.chained.v1")
def chain_augmenters(first: Augmenter, then: Augmenter) -> Augmenter:
    """Create an augmenter of two: what the first makes goes through the second, as where sentences, and not
    whole documents, are to be repeated.

    first, then (Callable[[Language, Example], Iterator[Example]]): The augmenters.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def chained(nlp: Language, example: Example) -> Iterator[Example]:
        for made in first(nlp, example):
            yield from then(nlp, made)

    return chained


def _own_words(doc: Doc) -> Doc:
    """The words alone of a document that came tokenized: spaCy's corpora take such as they are, too."""
    return Doc(doc.vocab, [token.text for token in doc], [bool(token.whitespace_) for token in doc])


def find_cuts(doc: Doc, max_length: int, ends: str, abbreviations: Container[str] = ()) -> list[int]:
    """Where a document is cut.

    doc (Doc): The document.
    max_length (int): The most tokens of a part.
    ends (str): The characters that a sentence ends with.
    abbreviations (Container[str]): Words that end with a full stop inside of a sentence.
    RETURNS (List[int]): The first token of each part, and the number of tokens.
    """
    spans = [span for group in doc.spans.values() for span in group] + list(doc.ents)
    inside = {i for span in spans for i in range(span.start + 1, span.end)}
    allowed = [i for i in range(1, len(doc)) if i not in inside]
    anywhere = "".join(end for end in ends if end not in BEFORE_BLANKS)
    marked = _ends_before_blanks(doc.text, ends, abbreviations)
    stops = [i for i in allowed if doc[i - 1].text[-1] in anywhere or _end_of(doc[i - 1]) in marked]
    cuts = [0]
    for stop in [*stops, len(doc)]:
        while stop - cuts[-1] > max_length:
            first, last = bisect_right(allowed, cuts[-1]), bisect_left(allowed, stop)
            if first == last:
                break
            near = bisect_right(allowed, cuts[-1] + max_length, first, last)
            cuts.append(_last_pause(doc, allowed[first:near]) if first < near else allowed[first])
        cuts.append(stop)
    return cuts


def _ends_before_blanks(text: str, ends: str, abbreviations: Container[str]) -> set[int]:
    marks = tuple(end for end in ends if end in BEFORE_BLANKS)
    found = set()
    for match in re.finditer(r"\S+", text) if marks else ():
        word = match[0].strip(OPENING + CLOSING)
        if word.endswith(marks) and word not in abbreviations and word.lower() not in abbreviations:
            found.add(match.end())
    return found


def _end_of(token: Token) -> int:
    return token.idx + len(token)


def _last_pause(doc: Doc, places: list[int]) -> int:
    """The last place behind a pause; the last one, if there is none."""
    return next((i for i in reversed(places) if doc[i - 1].text[-1] in PAUSES), places[-1])


def cut(doc: Doc, cuts: list[int]) -> list[Doc]:
    """Cut a document up, with its spans.

    doc (Doc): The document.
    cuts (List[int]): What `find_cuts` found: the spans lie in one part each.
    RETURNS (List[Doc]): The parts. Spans without tokens are not in them, nor the labels of dependencies,
        whose heads may lie in another.
    """
    parts = [part_of(doc, start, end, KEPT) for start, end in pairwise(cuts)]
    for part in parts:
        part.has_unknown_spaces = doc.has_unknown_spaces
    for key, group in doc.spans.items():
        own: list[list[Span]] = [[] for _ in parts]
        for span in filter(len, group):
            place = bisect_right(cuts, span.start) - 1
            start, end = (i - cuts[place] for i in (span.start, span.end))
            own[place].append(Span(parts[place], start, end, span.label_, kb_id=span.kb_id))
        for part, spans in zip(parts, own, strict=True):
            part.spans[key] = spans
    return parts
