"""One pass for predictions and candidates, against a pipeline that runs with other settings."""

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import SpanGroup

from spacy_gpner.entities import Entity, scored_entities
from spacy_gpner.evaluation.candidates import FLOOR, find_both
from spacy_gpner.evaluation.predictions import predict

from ..util import CHAR_TOKENIZER, TINY_CNN, TRAIN, blank, make_examples, train

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
UNLIMITED = 10**6


@pytest.fixture(scope="module")
def nlp():
    """A pipeline that has learned a little: scores are all over the place."""
    own = blank()
    train(own, steps=8)
    return own


@pytest.fixture
def pipe(nlp):
    own = nlp.get_pipe(NAME)
    before = dict(own.cfg)
    yield own
    own.cfg.update(before)


@pytest.fixture(scope="module")
def spancat():
    """Untrained: about half of its spans score above the threshold."""
    own = spacy.blank("zh", config=CHAR_TOKENIZER)
    suggester = {"@misc": "spacy.ngram_range_suggester.v1", "min_size": 1, "max_size": 6}
    own.add_pipe("spancat", config={"suggester": suggester, "model": {"tok2vec": TINY_CNN}})
    train(own, steps=0)
    return own


@Language.factory("test_filter")
class Filter:
    """Leaves out short spans, with their scores, and gives the others another label."""

    def __init__(self, nlp, name):
        pass

    def __call__(self, doc):
        group = doc.spans["sc"]
        kept = [i for i, span in enumerate(group) if len(span) > 1]
        spans = [doc.char_span(group[i].start_char, group[i].end_char, label="long") for i in kept]
        scores = [group.attrs["scores"][i] for i in kept]
        doc.spans["sc"] = SpanGroup(doc, name="sc", spans=spans, attrs={"scores": scores})
        return doc


@Language.factory("test_guess")
class Guess:
    """A component with a threshold that is not spaCy's `TrainablePipe`: the scores go by the length."""

    def __init__(self, nlp, name):
        self.cfg = {"spans_key": "sc", "threshold": 0.5}
        self.labels = ("sym",)

    def __call__(self, doc):
        spans = [doc[:end] for end in range(1, len(doc)) if 1 / end >= self.cfg["threshold"]]
        spans = [doc.char_span(span.start_char, span.end_char, label="sym") for span in spans]
        scores = [1 / len(span) for span in spans]
        doc.spans["sc"] = SpanGroup(doc, name="sc", spans=spans, attrs={"scores": scores})
        return doc


def references(data=TRAIN):
    return [eg.reference for eg in make_examples(blank(), data)]


def annotated(nlp, **cfg):
    """What a pipeline writes, with other settings for its components."""
    pipes = [pipe for _, pipe in nlp.pipeline if "threshold" in getattr(pipe, "cfg", {})]
    before = [dict(pipe.cfg) for pipe in pipes]
    for pipe in pipes:
        pipe.cfg.update({name: value for name, value in cfg.items() if name in pipe.cfg})
    found = [scored_entities(doc, "sc") for doc in nlp.pipe(TEXTS)]
    for pipe, own in zip(pipes, before, strict=True):
        pipe.cfg.update(own)
    return found


def check(nlp):
    """Predictions and candidates are what the pipeline writes as it is, and with low thresholds."""
    gold = references()
    found = predict(nlp, gold, "sc", name="own")
    assert [own.predicted for own in found] == annotated(nlp)
    lowered = annotated(nlp, threshold=FLOOR, thresholds=None, max_spans=UNLIMITED)
    assert [own.candidates.tolist() for own in found] == [list(own.values()) for own in lowered]
    for own, candidates in zip(found, lowered, strict=True):
        assert {entity: own.score(entity) for entity in own.places} == {
            entity: score for entity, score in candidates.items() if entity in own.gold
        }
    return found


probabilities = st.one_of(st.sampled_from([0.0, 1e-12, 0.01, 0.05, 0.5, 1.0]), st.floats(0, 1))
calibrations = st.tuples(st.floats(0.01, 20), st.floats(-12, 12))
labels = st.sampled_from(["bod", "dis", "dru", "pro", "sym"])


@settings(max_examples=60, deadline=None)
@given(
    probabilities,
    st.none() | st.dictionaries(labels, probabilities, max_size=3),
    st.none() | st.dictionaries(labels, calibrations, min_size=1),
    st.none() | st.integers(1, 12),
)
def test_one_search_finds_what_two_find(nlp, threshold, thresholds, calibration, max_spans):
    pipe = nlp.get_pipe(NAME)
    before = dict(pipe.cfg)
    docs = [nlp.make_doc(text) for text in ["", *TEXTS]]
    try:
        pipe.threshold, pipe.thresholds, pipe.calibration = threshold, thresholds, calibration
        pipe.cfg["max_spans"] = max_spans
        predicted, candidates = find_both(pipe, docs)
        check_equal(predicted, pipe.predict(docs))
        pipe.threshold = FLOOR
        pipe.cfg["max_spans"] = UNLIMITED
        check_equal(candidates, pipe.predict(docs))
    finally:
        pipe.cfg.update(before)


def test_one_search_of_a_document_in_stretches(nlp, pipe):
    docs = [nlp.make_doc("".join(TEXTS) * 120), nlp.make_doc(TEXTS[0])]
    pipe.cfg.update(stretch=4000, max_spans=200, threshold=0.01)
    predicted, candidates = find_both(pipe, docs)
    assert len(docs[0]) > 4000
    check_equal(predicted, pipe.predict(docs))
    assert predicted.dropped[0] > 0
    pipe.cfg.update(max_spans=UNLIMITED, threshold=FLOOR)
    check_equal(candidates, pipe.predict(docs))
    assert not candidates.dropped.any()


def check_equal(found, expected):
    for name in ("doc", "start", "end", "type", "logit", "dropped"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()


def test_what_the_pipeline_writes(nlp, pipe):
    assert sum(len(own.candidates) for own in check(nlp)) > 0
    pipe.threshold = 0.01
    pipe.thresholds = {"bod": 0.9}
    pipe.calibration = {"sym": (0.4, -1.0)}
    found = check(nlp)
    assert any(own.predicted.keys() - own.places.keys() for own in found)


def test_max_spans_limits_predictions_and_no_candidates(nlp, pipe):
    unlimited = check(nlp)
    pipe.cfg["max_spans"] = 1
    pipe.threshold = FLOOR
    with pytest.warns(UserWarning, match="beyond max_spans"):
        pipe.set_annotations(docs := [nlp.make_doc(TEXTS[0])], pipe.predict(docs))
    pipe.threshold = 0.99
    # with the filter of the tests, a warning would be an error
    limited = predict(nlp, references(), "sc", name="own")
    assert [own.candidates.tolist() for own in limited] == [own.candidates.tolist() for own in unlimited]
    assert all(len(own.predicted) <= 1 for own in limited)


def count_calls(monkeypatch, model):
    calls = []
    forward = model._func
    monkeypatch.setattr(
        model, "_func", lambda *args, **kwargs: calls.append(args) or forward(*args, **kwargs)
    )
    return calls


def test_the_model_runs_once(nlp, spancat, monkeypatch):
    for own, model in (
        (nlp, nlp.get_pipe(NAME).model.get_ref("output_layer")),
        (spancat, spancat.get_pipe("spancat").model),
    ):
        calls = count_calls(monkeypatch, model)
        found = predict(own, references(), "sc", name="own")
        assert len(calls) == 1
        assert any(len(view.candidates) for view in found)


def test_spancat(spancat):
    found = check(spancat)
    assert sum(len(own.candidates) for own in found) > sum(len(own.predicted) for own in found) > 0


def test_a_component_that_can_only_be_called():
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("test_guess")
    found = check(nlp)
    assert [len(own.predicted) for own in found] == [2, 2, 2, 2, 2]
    assert len(found[0].candidates) == len(TEXTS[0]) - 1


@pytest.mark.parametrize(
    "factories", [["test_filter"], ["sentencizer"], ["test_guess"], ["test_guess", "test_filter"]]
)
@pytest.mark.parametrize("kind", ["nlp", "spancat"])
def test_components_that_come_after(kind, factories, request):
    """What is scored is what the whole pipeline writes, and the candidates are what it would."""
    nlp = request.getfixturevalue(kind)
    try:
        for name in factories:
            nlp.add_pipe(name)
        found = check(nlp)
        assert any(len(own.candidates) for own in found)
        if "test_filter" in factories:
            assert {entity.label for own in found for entity in own.predicted} <= {"long"}
    finally:
        for name in factories:
            nlp.remove_pipe(name)


def test_components_that_come_before(nlp):
    nlp.add_pipe("sentencizer", first=True)
    try:
        check(nlp)
    finally:
        nlp.remove_pipe("sentencizer")


def test_spans_without_scores_are_no_candidates(nlp):
    ruler = nlp.add_pipe("span_ruler", config={"spans_key": "sc", "overwrite": False})
    ruler.add_patterns([{"label": "sym", "pattern": "发热"}])
    try:
        found = predict(nlp, references(), "sc", name="own")
    finally:
        nlp.remove_pipe("span_ruler")
    assert Entity(7, 9, "sym") in found[-1].predicted
    assert not any(len(own.candidates) or own.places for own in found)


def test_more_texts_than_a_batch(nlp, monkeypatch):
    monkeypatch.setattr(nlp, "batch_size", 2)
    check(nlp)
