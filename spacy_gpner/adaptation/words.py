"""Words, and which of them the pieces of an encoder belong to."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy
from spacy.util import get_lang_class

from ..entities import token_edges
from ..errors import PipelineError

# Characters that spaCy's tokenizer is given at once: with a row of brackets its time grows with the square.
MAX_STRETCH = 500
BLANKS = " \t\n"
# From a text to where its words end
Cutter = Callable[[str], numpy.ndarray]


def word_cutter(lang: str) -> Cutter:
    """What finds the words of a text: rjieba in Chinese, spaCy's tokenizer in other languages.

    lang (str): The language's code.
    RETURNS (Callable[[str], numpy.ndarray]): From a text to the first character after each of its words.
    RAISES (PipelineError): If there is no such language, or what it needs is not installed.
    """
    if lang == "zh":
        return _chinese_cutter()
    try:
        tokenizer = get_lang_class(lang)().tokenizer
    except ImportError as err:
        raise PipelineError(
            f"There are no words for the language '{lang}': spaCy does not know it, or needs a package for "
            f"it ({err}). Give the code of another, such as en or xx, with --lang."
        ) from None

    def cut(text: str) -> numpy.ndarray:
        stretches = _stretches(text)
        return numpy.concatenate([i + token_edges(tokenizer(stretch))[:, 1] for i, stretch in stretches])

    return cut


def _stretches(text: str) -> Iterator[tuple[int, str]]:
    """Parts of a text, with where each begins: up to the last blank that is near enough, if there is one."""
    start = 0
    while len(text) - start > MAX_STRETCH:
        last = start + MAX_STRETCH
        behind = max(text.rfind(blank, start, last) for blank in BLANKS) + 1
        stop = behind if behind > start else last
        yield start, text[start:stop]
        start = stop
    yield start, text[start:]


def _chinese_cutter() -> Cutter:
    if find_spec("rjieba") is None:
        raise PipelineError(
            "Chinese words need rjieba, which is not installed: pip install 'spacy_gpner[adapt]'. Or give "
            "another language with --lang."
        )
    import rjieba

    return lambda text: numpy.cumsum([len(word) for word in rjieba.cut(text)], dtype="int64")


def number_words(edges: numpy.ndarray, ends: numpy.ndarray) -> numpy.ndarray:
    """Number the words of a text that its pieces belong to. Words that share a piece count as one.

    edges (numpy.ndarray): First character of each piece and the one after its last, shape (pieces, 2).
    ends (numpy.ndarray): The first character after each word.
    RETURNS (numpy.ndarray): The number of each piece's word, from 0, shape (pieces,).
    """
    first = numpy.searchsorted(ends, edges[:, 0], side="right")
    last = numpy.searchsorted(ends, numpy.maximum(edges[:, 1] - 1, edges[:, 0]), side="right")
    begins = numpy.ones(len(edges), dtype=bool)
    begins[1:] = first[1:] > numpy.maximum.accumulate(last)[:-1]
    return begins.cumsum() - 1
