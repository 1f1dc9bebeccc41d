"""Words, and which of them the pieces of an encoder belong to."""

from collections.abc import Callable
from importlib.util import find_spec

import numpy
from spacy.util import get_lang_class

from ..entities import token_edges
from ..errors import PipelineError

# Characters that spaCy's tokenizer is given at once: with a row of brackets its time grows with the square.
MAX_STRETCH = 500
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
        starts = range(0, max(len(text), 1), MAX_STRETCH)
        return numpy.concatenate(
            [i + token_edges(tokenizer(text[i : i + MAX_STRETCH]))[:, 1] for i in starts]
        )

    return cut


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
