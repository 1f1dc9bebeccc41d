"""Expected errors, against all that gold may turn out to be, and against what components predict."""

from itertools import product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.evaluation.candidates import FLOOR
from spacy_gpner.selection.doubts import expected_errors, sum_errors

from ..components import COMPONENTS
from ..util import TRAIN, blank, train

CALIBRATION = {"bod": (0.5, -1.0), "sym": (0.7, 0.5)}
PROBABILITIES = st.floats(0, 1)


@given(st.lists(st.tuples(PROBABILITIES, PROBABILITIES), max_size=6))
def test_expected_errors_against_all_outcomes(spans):
    probability, threshold = numpy.array(spans, dtype=float).reshape(-1, 2).T
    predicted = probability > threshold
    total = 0.0
    for outcome in product([False, True], repeat=len(spans)):
        gold = numpy.array(outcome, dtype=bool)
        chance = numpy.prod(numpy.where(gold, probability, 1 - probability))
        total += chance * (gold != predicted).sum()
    assert expected_errors(probability, threshold).sum() == pytest.approx(total, abs=1e-12)


@given(st.lists(PROBABILITIES, min_size=1))
def test_at_one_half_it_is_the_smaller_probability(probabilities):
    p = numpy.array(probabilities)
    assert expected_errors(p, numpy.full(len(p), 0.5)).tolist() == numpy.minimum(p, 1 - p).tolist()


@pytest.mark.parametrize("name", COMPONENTS)
@pytest.mark.parametrize("calibration", [None, CALIBRATION])
def test_errors_are_those_of_what_is_predicted(name, calibration):
    kind = COMPONENTS[name]
    nlp = kind.trained(steps=12, thresholds={"bod": 0.3}, max_spans=1000)
    pipe = nlp.get_pipe(kind.factory)
    pipe.calibration = calibration
    thresholds = {label: 0.3 if label == "bod" else 0.5 for label in pipe.labels}
    texts = ["", *kind.texts, "痛"]
    found = sum_errors(nlp, texts)
    pipe.threshold = FLOOR
    expected = []
    for doc in nlp.pipe(texts):
        scored = zip(doc.spans["sc"], doc.spans["sc"].attrs["scores"].tolist(), strict=True)
        expected.append(sum(1 - p if p > thresholds[span.label_] else p for span, p in scored))
    assert found.tolist() == pytest.approx(expected, abs=1e-5)
    assert found[0] == 0 < found.max()


@pytest.mark.parametrize("batch_size", [1, 3])
def test_batches_change_nothing(batch_size):
    nlp = COMPONENTS["efficient"].trained(steps=5)
    texts = [text for text, _ in TRAIN]
    whole = sum_errors(nlp, texts)
    nlp.batch_size = batch_size
    assert sum_errors(nlp, texts).tolist() == pytest.approx(whole.tolist(), abs=1e-5)


def test_an_untrained_component_has_no_more_candidates_than_its_limit():
    nlp = blank(max_spans=3)
    train(nlp, steps=0)
    pipe = nlp.get_pipe("span_globalpointer")
    # A coin's probabilities for all
    pipe.calibration = dict.fromkeys(pipe.labels, (1e-6, 0.0))
    texts = [text for text, _ in TRAIN]
    assert sum_errors(nlp, texts).tolist() == pytest.approx([1.5] * len(texts), abs=1e-4)


def test_texts_that_the_tokenizer_changes_have_no_number():
    nlp = blank()
    train(nlp, steps=1)
    tokenizer = nlp.tokenizer
    nlp.tokenizer = lambda text: tokenizer(text.replace("咳", "嗽"))
    assert numpy.isnan(sum_errors(nlp, ["咳", "痛", "头痛"])).tolist() == [True, False, False]


def test_the_pipeline_is_left_as_it_was():
    nlp = blank(threshold=0.4, thresholds={"bod": 0.3})
    train(nlp, steps=2)
    before = nlp.to_bytes()
    sum_errors(nlp, ["膝关节置换术后感染"])
    assert nlp.to_bytes() == before
