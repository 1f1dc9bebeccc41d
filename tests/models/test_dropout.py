"""Dropout at a rate of its own, or at that of the training."""

import pytest
import torch
from thinc.api import set_dropout_rate

from spacy_gpner.models.dropout import Dropout, set_training_dropout
from tests.util import TINY_MODEL, TINY_TOK2VEC, blank, make_examples


def test_a_rate_of_its_own_stays():
    layers = torch.nn.Sequential(Dropout(0.3), torch.nn.Dropout(0.2), Dropout(None))
    assert [layer.p for layer in layers] == [0.3, 0.2, 0.0]
    set_training_dropout(layers, 0.5)
    assert [layer.p for layer in layers] == [0.3, 0.2, 0.5]


@pytest.mark.parametrize("part", ["head", "encoder"])
@pytest.mark.parametrize("own", [None, 0.0])
def test_what_the_training_sets_reaches_torch_modules(part, own):
    """Two updates' scores differ if, and only if, something is dropped."""
    encode = {**TINY_TOK2VEC["encode"], "dropout": own if part == "encoder" else 0.0}
    head = {"dropout": own if part == "head" else 0.0}
    nlp = blank(model={**TINY_MODEL, **head, "tok2vec": {**TINY_TOK2VEC, "encode": encode}})
    examples = make_examples(nlp)
    nlp.initialize(lambda: examples)
    model = nlp.get_pipe("span_globalpointer").model
    docs = [eg.predicted for eg in examples]

    def varies(rate: float) -> bool:
        set_dropout_rate(model, rate)
        first, again = (model.begin_update(docs)[0].flat() for _ in range(2))
        return not torch.equal(first, again)

    assert not varies(0.0)
    assert varies(0.5) == (own is None)
    assert torch.equal(model.predict(docs).flat(), model.predict(docs).flat())
