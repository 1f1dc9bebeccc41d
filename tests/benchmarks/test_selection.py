"""The simulation of annotation: what is chosen for what it costs, and what a gain is."""

import numpy
import pytest
from scipy.sparse import csr_array

from benchmarks.selection import Choice, Corpus, choose, gain

# Expected errors of five documents, and their characters
ERRORS = csr_array(numpy.array([[4.0, 0], [0, 3], [1, 0], [0, 2], [0.5, 0]]))
CORPUS = Corpus([], numpy.array([100, 40, 5, 20, 999, 10]), [], [], [])
LEFT = [0, 1, 2, 3, 5]


@pytest.mark.parametrize(
    ("choice", "documents", "characters", "expected"),
    [
        (Choice(), 2, 0, [0, 1]),
        (Choice(discount=0.1), 3, 0, [0, 1, 3]),
        (Choice("characters"), 0, 30, [2, 3, 1]),
        (Choice("characters"), 0, 25, [2, 3]),
        # 35 more for each
        (Choice("both"), 2, 0, [1, 3]),
    ],
)
def test_what_is_chosen(choice, documents, characters, expected):
    assert choose(ERRORS, CORPUS, LEFT, choice, documents, characters) == expected


def test_gain_is_above_a_random_choice_of_as_much():
    def cell(characters, f):
        return {"characters": characters, "f": {"dev": {"calibrated": f}}}

    randoms = [cell(1000, 0.3), cell(4000, 0.5)]
    assert gain(cell(1000, 0.32), randoms, "characters", "dev") == pytest.approx(2)
    # Half of the way, on a logarithmic scale
    assert gain(cell(2000, 0.43), randoms, "characters", "dev") == pytest.approx(3)
    assert gain(cell(500, 0.43), randoms, "characters", "dev") is None
    assert gain(cell(8000, 0.43), randoms, "characters", "dev") is None
