"""What can be done to examples on their way to a training: augmenters of `spacy.Corpus.v1`."""

import math
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Optional

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import registry

from ..checks import check_count, is_number

Augmenter = Callable[[Language, Example], Iterator[Example]]
# Where a sentence that is too long is cut, if possible
PAUSES = "，,、；;：:"


@registry.augmenters("spacy-gpner.split_sentences.v1")
def create_sentence_splitter(max_length: int = 128, ends: str = "。") -> Augmenter:
    """Create an augmenter that cuts documents into sentences, as section 4.2 of paper 2 does, but loses none
    of the text: what is longer is cut again, at the last pause that is near enough. No entity is cut; a part
    that one fills is longer.

    max_length (int): The most tokens of a part.
    ends (str): The characters that a sentence ends with.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    RAISES (ValueError): If a setting is out of range.
    """
    check_count("max_length", max_length, "at least 1 token")
    if not isinstance(ends, str) or not ends:
        raise ValueError(f"Invalid ends: {ends!r}. Expected characters that a sentence ends with.")

    def split(nlp: Language, example: Example) -> Iterator[Example]:
        reference = example.reference
        for start, end in pairwise(find_cuts(reference, max_length, ends)):
            part = part_of(reference, start, end)
            yield Example(nlp.make_doc(part.text), part)

    return split


@registry.augmenters("spacy-gpner.resample.v1")
def create_resampler(repeats: dict[str, float], others: float = 1.0) -> Augmenter:
    """Create an augmenter that repeats documents with rare labels, or leaves some without them away. Times
    need not be whole: of 1.5, every second document is there twice.

    repeats (Dict[str, float]): How often a document is to be learned from that has an entity of the label, in
        each epoch; of several labels the largest counts.
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


def find_cuts(doc: Doc, max_length: int, ends: str) -> list[int]:
    """Where a document is cut.

    doc (Doc): The document.
    max_length (int): The most tokens of a part.
    ends (str): The characters that a sentence ends with.
    RETURNS (List[int]): The first token of each part, and the number of tokens.
    """
    spans = [span for group in doc.spans.values() for span in group] + list(doc.ents)
    inside = {i for span in spans for i in range(span.start + 1, span.end)}
    allowed = [i for i in range(1, len(doc)) if i not in inside]
    stops = [i for i in allowed if doc[i - 1].text[-1] in ends]
    cuts = [0]
    for stop in [*stops, len(doc)]:
        while stop - cuts[-1] > max_length:
            cut = _cut_before(doc, [i for i in allowed if cuts[-1] < i < stop], cuts[-1] + max_length)
            if cut is None:
                break
            cuts.append(cut)
        cuts.append(stop)
    return cuts


def _cut_before(doc: Doc, allowed: list[int], limit: int) -> Optional[int]:
    """The last place up to a limit, behind a pause if there is one; or else the first after it."""
    near = [i for i in allowed if i <= limit]
    pauses = [i for i in near if doc[i - 1].text[-1] in PAUSES]
    if near:
        return (pauses or near)[-1]
    return allowed[0] if allowed else None


def part_of(doc: Doc, start: int, end: int) -> Doc:
    """A document of some of another's tokens, with the spans that lie in it.

    doc (Doc): The document.
    start, end (int): The first token, and the token after the last.
    RETURNS (Doc): The part.
    """
    part: Doc = doc[start:end].as_doc(copy_user_data=False)
    for key, group in doc.spans.items():
        own = [span for span in group if start <= span.start and span.end <= end]
        part.spans[key] = [Span(part, s.start - start, s.end - start, s.label, kb_id=s.kb_id) for s in own]
    return part
