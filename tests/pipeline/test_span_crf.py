"""What `span_crf` alone has: a window that the data settle."""

import pytest

from spacy_gpner.spans import Window

from ..components import COMPONENTS, FLAT
from ..util import make_examples

KIND = COMPONENTS["flat_crf"]


@pytest.mark.parametrize(("longest", "width"), [(7, 8), (17, 20), (512, 512), (513, 513)])
def test_a_window_that_is_left_to_the_data_keeps_all_of_them(longest, width):
    nlp = KIND.blank(window="auto")
    data = [*FLAT, ("痛" * (longest + 1), [(0, longest, "sym")])]
    nlp.initialize(lambda: make_examples(nlp, data))
    component = nlp.get_pipe("span_crf")
    assert component.objective.window == Window(width)
    assert component.cfg["window"] == width
    assert nlp.config["components"]["span_crf"]["window"] == width


def test_a_window_without_gold_to_fit():
    nlp = KIND.blank(window="auto")
    component = nlp.get_pipe("span_crf")
    examples = make_examples(nlp, [("无特殊不适", [])])
    component.initialize(lambda: examples, nlp=nlp, labels=["bod"])
    assert component.objective.window == Window(64)
