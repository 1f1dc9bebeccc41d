"""Settings that can't work are refused where they are given, by name."""

import pytest

from spacy_gpner.pipeline.settings import Settings, check_calibration
from spacy_gpner.pipeline.span_globalpointer import GlobalPointerSettings
from spacy_gpner.spans import Window
from spacy_gpner.spans.globalpointer import SpanObjective

from ..util import TRAIN, blank, entities, make_examples

NAN = float("nan")
BAD = {
    "threshold": [1.5, -0.1, NAN, True, "0.5", None],
    "thresholds": [{"bod": 1.5}, {"bod": NAN}, {"bod": True}, {"bod": None}, [0.5], 0.5],
    "max_spans": [0, -1, True, 1.5, "3", 2**63, 10**30],
    "spans_key": ["", "\ud800", 5, None],
    "ents_policy": ["best", "", 5],
    "stretch": [0, -1, 3999, True, 8000.5, "8000", 2**63],
}
BAD_WINDOWS = {
    "window": [0, -1, True, 2.0, "5", 2**63, 10**30],
    "window_mode": ["suffix", "", None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, own in BAD.items() for value in own])
def test_bad_settings_are_named(name, value):
    with pytest.raises(ValueError, match=f"Invalid {name}"):
        Settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, own in BAD_WINDOWS.items() for value in own]
)
def test_bad_windows_are_named(name, value):
    with pytest.raises(ValueError, match=f"Invalid {name}"):
        GlobalPointerSettings(**{name: value})


@pytest.mark.parametrize(
    "settings", [{"threshold": 1.5}, {"max_spans": -1}, {"window": 0}, {"window_mode": "suffix"}]
)
def test_bad_settings_in_a_config(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        blank(**settings)


def test_changes_at_run_time_are_checked():
    component = blank().get_pipe("span_globalpointer")
    for value in (1.5, NAN, True, None):
        with pytest.raises(ValueError, match="Invalid threshold"):
            component.threshold = value
        with pytest.raises(ValueError, match="Invalid thresholds of 'bod'"):
            component.thresholds = {"bod": value}


@pytest.mark.parametrize(
    "calibration", [(0.0, 0.0), (-1.0, 0.0), (NAN, 0.0), (1.0, NAN), (1.0, float("inf"))]
)
def test_bad_calibrations_are_named(calibration):
    with pytest.raises(ValueError, match="Invalid calibration of 'bod'"):
        check_calibration({"bod": calibration})


def test_a_threshold_that_is_no_number_is_refused_though_written_behind_the_back():
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    nlp.get_pipe("span_globalpointer").cfg["threshold"] = NAN
    with pytest.raises(ValueError, match="Invalid threshold: nan"):
        nlp(TRAIN[0][0])


def test_the_largest_numbers_work():
    most = 2**63 - 1
    nlp = blank(window=most, max_spans=most, threshold=0.0)
    nlp.get_pipe("span_globalpointer").add_label("bod")
    nlp.initialize(lambda: make_examples(nlp, [(TRAIN[0][0], [])]))
    n = len(TRAIN[0][0])
    assert len(entities(nlp(TRAIN[0][0]))) == n * (n + 1) // 2
    assert SpanObjective(Window(most)).refuse([(0, n, "bod")]) == [None]
