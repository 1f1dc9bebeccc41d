"""Expected errors, against all that gold may turn out to be, and against what components predict."""

import warnings
from itertools import product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.strings import get_string_id

from spacy_gpner.evaluation.candidates import FLOOR
from spacy_gpner.selection.doubts import expected_errors, find_doubts

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
def test_doubts_are_those_of_what_is_predicted(name, calibration):
    kind = COMPONENTS[name]
    nlp = kind.trained(steps=12, thresholds={"bod": 0.3}, max_spans=1000)
    pipe = nlp.get_pipe(kind.factory)
    pipe.calibration = calibration
    thresholds = {label: 0.3 if label == "bod" else 0.5 for label in pipe.labels}
    texts = ["", *kind.texts, "痛"]
    found = find_doubts(nlp, texts)
    assert not found.changed.any()
    assert found.errors.shape[0] == len(texts)
    pipe.threshold = FLOOR
    total = 0
    for place, text in enumerate(texts):
        doc = nlp(text)
        by_surface = {}
        for span, score in zip(doc.spans["sc"], doc.spans["sc"].attrs["scores"].tolist(), strict=True):
            error = 1 - score if score > thresholds[span.label_] else score
            key = get_string_id(span.text)
            by_surface[key] = by_surface.get(key, 0.0) + error
        own = found.errors[[place]]
        assert sorted(own.data.tolist()) == pytest.approx(sorted(by_surface.values()), abs=1e-5)
        total += len(by_surface)
    assert total > len(TRAIN)


def test_an_untrained_component_has_no_more_candidates_than_its_limit():
    nlp = blank(max_spans=3)
    train(nlp, steps=0)
    nlp.get_pipe("span_globalpointer").calibration = dict.fromkeys(
        nlp.get_pipe("span_globalpointer").labels, (0.01, 0.0)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_doubts(nlp, [text for text, _ in TRAIN])
    assert (numpy.diff(found.errors.indptr) <= 3).all()
    assert found.errors.nnz


def test_texts_that_the_tokenizer_changes_are_named():
    nlp = blank()
    train(nlp, steps=1)
    tokenizer = nlp.tokenizer
    nlp.tokenizer = lambda text: tokenizer(text.replace("咳", "嗽"))
    assert find_doubts(nlp, ["咳", "痛", "头痛"]).changed.tolist() == [True, False, False]


def test_the_pipeline_is_left_as_it_was():
    nlp = blank(threshold=0.4, thresholds={"bod": 0.3})
    train(nlp, steps=2)
    before = nlp.to_bytes()
    find_doubts(nlp, ["膝关节置换术后感染"])
    assert nlp.to_bytes() == before
