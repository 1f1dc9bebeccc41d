"""Thresholds of single labels, in whatever form they are given."""

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_gpner.pipeline.thresholds import is_key, read_thresholds

from ..util import blank

NAME = "span_globalpointer"
# No comma, as one in a label may look like the end of a threshold
LABELS = st.text(st.characters(exclude_characters=","), min_size=1, max_size=5).map(str.strip).filter(bool)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(LABELS, st.floats(0, 1), min_size=1, max_size=3))
def test_a_string_says_what_a_dictionary_says(by_label):
    text = ",".join(f"{label}={value!r}" for label, value in by_label.items())
    assert read_thresholds(text) == by_label
    assert read_thresholds(text.replace(",", " ,  ")) == by_label


@pytest.mark.parametrize("label", ["bod", "Drug name", "a.b", "A/B", "症状（轻）", "%s", "0", "+"])
def test_names_that_a_config_can_have(label):
    assert is_key(label)
    assert read_thresholds({label: 0.3}) == {label: 0.3}


@given(st.text(max_size=6))
def test_whether_a_name_comes_back_is_told_without_an_error(label):
    assert is_key(label) in (True, False)


@pytest.mark.parametrize("label", ["UMLS:T047", "a=b", "#x", "[x]", " x", "", ";x", "a\nb"])
def test_a_name_that_a_config_would_lose_is_refused_with_the_way_out(label):
    assert not is_key(label)
    with pytest.raises(ValueError, match=r"can't have .* as a name. Give them as a string"):
        read_thresholds({label: 0.3})


@pytest.mark.parametrize(
    "text", ["", ",", "dru", "dru=", "dru=x", "=0.3", "dru=0.3,sym", "dru=1.5", "dru=nan", "d=.1,d=.2"]
)
def test_bad_strings_are_refused(text):
    with pytest.raises(ValueError, match="Invalid thresholds"):
        read_thresholds(text)


def test_labels_may_hold_the_signs():
    assert read_thresholds("a=b=0.3, x,y = 0.4") == {"a=b": 0.3, "x,y": 0.4}


@pytest.mark.parametrize("at_first", [None, {"bod": 0.2}, "bod=0.2"])
@pytest.mark.parametrize("nested", [True, False])
def test_a_string_overrides_at_load(at_first, nested, tmp_path):
    nlp = blank(thresholds=at_first)
    for label in ("bod", "UMLS:T047"):
        nlp.get_pipe(NAME).add_label(label)
    nlp.to_disk(tmp_path)
    given = "UMLS:T047=0.3,bod=0.4"
    config = {"components": {NAME: {"thresholds": given}}}
    loaded = spacy.load(tmp_path, config=config if nested else {f"components.{NAME}.thresholds": given})
    assert loaded.get_pipe(NAME).thresholds == {"UMLS:T047": 0.3, "bod": 0.4}
    loaded.to_disk(tmp_path / "again")
    assert spacy.load(tmp_path / "again").get_pipe(NAME).thresholds == {"UMLS:T047": 0.3, "bod": 0.4}


def test_labels_that_a_config_cannot_name_are_kept_with_the_component(tmp_path):
    nlp = blank()
    pipe = nlp.get_pipe(NAME)
    for label in ("bod", "UMLS:T047"):
        pipe.add_label(label)
    pipe.thresholds = {"bod": 0.2}
    pipe.thresholds = {"UMLS:T047": 0.3}
    nlp.to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe(NAME).thresholds == {"UMLS:T047": 0.3}
