"""What every kind of component owes: labels, thresholds, and settings that are kept."""

import copy
import json
import pickle
import warnings
from dataclasses import fields

import pytest
import spacy
from spacy.util import load_config

from spacy_gpner.errors import GpnerWarning, PipelineError
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.settings import Settings

from ..util import blank, entities, expected, make_examples, scores


def test_default_config_has_all_settings(kind):
    """`spacy init fill-config` shows every setting."""
    nlp = spacy.blank("zh")
    nlp.add_pipe(kind.factory)
    block = nlp.config["components"][kind.factory]
    defaults = {field.name: field.default for field in fields(Settings)}
    assert {name: block[name] for name in defaults} == defaults
    assert find_pipe(nlp).key == "sc"
    assert find_pipe(nlp).labels == ()


def test_threshold_is_a_probability(kind, trained):
    component = find_pipe(trained)
    at = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for threshold in (0.0, 1.0, 0.5):
            component.threshold = threshold
            at[threshold] = entities(trained(kind.texts[4]))
    assert at[1.0] == []
    assert set(at[0.5]) < set(at[0.0])


def test_thresholds_of_single_labels(kind, trained):
    component = find_pipe(trained)
    text, spans = kind.data[1]
    component.thresholds = {"dis": 1.0}
    assert entities(trained(text)) == [span for span in expected(spans) if span[2] != "dis"]
    for others in ({"dss": 1.0}, "dss=1.0"):
        with pytest.raises(ValueError, match="there is no label 'dss'"):
            component.thresholds = others
    assert component.thresholds == {"dis": 1.0}
    component.thresholds = "dis=0.25"
    assert component.thresholds == {"dis": 0.25}
    component.threshold = 0.5
    assert component.thresholds is None
    assert entities(trained(text)) == expected(spans)


@pytest.mark.parametrize("thresholds", [{"dss": 0.3}, "dss=0.3"])
def test_thresholds_of_no_label_are_refused_when_initialized(thresholds):
    nlp = blank(thresholds=thresholds)
    with pytest.raises(ValueError, match=r"there is no label 'dss'\. The labels are bod"):
        nlp.initialize(lambda: make_examples(nlp))


def test_settings_are_no_attributes(kind):
    """Which would change nothing."""
    component = find_pipe(kind.blank())
    for name in ("decoding", "spans_key", "max_spans", "stretch"):
        if name in component.cfg:
            with pytest.raises(AttributeError, match=f"'{name}' is a setting: change component.cfg"):
                setattr(component, name, 1)
    with pytest.raises(AttributeError):
        component.window = 1
    component.of_ones_own = 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda cfg: {**cfg, "labels": cfg["labels"][1:]}, "4 labels, and weights for 5"),
        (lambda cfg: {**cfg, "labels": [*cfg["labels"], "other"]}, "6 labels, and weights for 5"),
        (lambda cfg: {**cfg, "labels": ["sym"] * 5}, "cfg is damaged"),
        (lambda cfg: {**cfg, "labels": None}, "cfg is damaged"),
        (lambda cfg: {key: value for key, value in cfg.items() if key != "labels"}, "cfg is damaged"),
        (lambda cfg: ["labels"], "cfg is damaged"),
    ],
)
def test_damaged_labels(trained, tmp_path, damage, message):
    trained.to_disk(tmp_path)
    path = tmp_path / find_pipe(trained).name / "cfg"
    path.write_text(json.dumps(damage(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    with pytest.raises(PipelineError, match=message):
        spacy.load(tmp_path)


def test_calibration_is_applied_saved_and_goes_with_learning(kind, trained, tmp_path):
    component = find_pipe(trained)
    text = kind.texts[1]
    before = trained(text)
    component.calibration = dict.fromkeys(component.labels, (0.05, 0.0))
    after = trained(text)
    trained.to_disk(tmp_path)
    component.calibration = None
    assert entities(after) == entities(before)
    assert all(0.5 < x < y for x, y in zip(scores(after), scores(before), strict=True))
    loaded = spacy.load(tmp_path)
    assert scores(loaded(text)) == pytest.approx(scores(after), abs=1e-6)
    loaded.update(kind.examples(loaded), sgd=loaded.resume_training())
    assert find_pipe(loaded).calibration is None


def test_settings_can_be_overridden_when_loading(trained, tmp_path):
    name = find_pipe(trained).name

    def load(path, **settings):
        return spacy.load(tmp_path / path, config={"components": {name: settings}})

    trained.to_disk(tmp_path / "a")
    loaded = load("a", threshold=0.9)
    assert find_pipe(loaded).threshold == 0.9
    # and a setting that was changed at run time is saved
    find_pipe(loaded).threshold = 0.25
    loaded.to_disk(tmp_path / "b")
    again = load("b")
    assert find_pipe(again).threshold == 0.25
    again.to_disk(tmp_path / "c")
    assert find_pipe(load("c")).threshold == 0.25
    # but gives way to an explicit override
    assert find_pipe(load("c", threshold=0.7)).threshold == 0.7


def shown(nlp, name):
    block = nlp.config["components"][name]
    return block["threshold"], block["thresholds"]


def test_settings_changed_at_run_time_show_in_the_config(kind, tmp_path):
    nlp = kind.blank()
    pipe = find_pipe(nlp)
    pipe.add_label("bod")
    name = pipe.name
    assert shown(nlp, name) == (0.5, None)
    pipe.threshold = 0.3
    pipe.thresholds = {"bod": 0.2}
    assert shown(nlp, name) == (0.3, {"bod": 0.2})
    nlp.to_disk(tmp_path / "a")
    assert load_config(tmp_path / "a" / "config.cfg")["components"][name]["threshold"] == 0.3
    loaded = spacy.load(tmp_path / "a")
    assert shown(loaded, name) == (0.3, {"bod": 0.2})
    # as find-threshold does it
    find_pipe(loaded).cfg["threshold"] = 0.6
    loaded.to_disk(tmp_path / "b")
    assert shown(spacy.load(tmp_path / "b"), name) == (0.6, {"bod": 0.2})


def test_what_is_given_at_load_wins_and_shows_though_it_is_what_once_was(kind, tmp_path):
    nlp = kind.blank()
    find_pipe(nlp).threshold = 0.3
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path, config={"components": {find_pipe(nlp).name: {"threshold": 0.5}}})
    assert find_pipe(loaded).threshold == 0.5
    assert shown(loaded, find_pipe(nlp).name) == (0.5, None)


@pytest.mark.parametrize("name", ["span_globalpointer", "other"])
def test_a_component_of_another_pipeline_keeps_its_settings(kind, name, tmp_path):
    source = kind.blank()
    find_pipe(source).threshold = 0.3
    nlp = spacy.blank("zh", vocab=source.vocab)
    pipe = nlp.add_pipe(find_pipe(source).name, name=name, source=source)
    assert shown(nlp, name) == (0.3, None)
    pipe.threshold = 0.2
    nlp.to_disk(tmp_path)
    assert find_pipe(spacy.load(tmp_path)).threshold == 0.2
    assert shown(spacy.load(tmp_path), name) == (0.2, None)


def test_copies_and_pickles(kind):
    nlp = kind.blank()
    find_pipe(nlp).threshold = 0.3
    for other in (copy.deepcopy(nlp), pickle.loads(pickle.dumps(nlp))):
        find_pipe(other).threshold = 0.2
        assert (find_pipe(nlp).threshold, shown(nlp, find_pipe(nlp).name)) == (0.3, (0.3, None))


@pytest.mark.parametrize("given", [0.6, 0.0003, 1 / 3])
def test_changes_of_settings_are_kept_whatever_the_digits(kind, given):
    """srsly reads 0.6 as 0.6000000000000001."""
    nlp = kind.blank(threshold=given)
    find_pipe(nlp).threshold = 0.25
    assert find_pipe(kind.blank(threshold=given).from_bytes(nlp.to_bytes())).threshold == 0.25


def test_other_spans_key(kind):
    nlp = kind.blank(spans_key="entities", threshold=1.0)
    with pytest.warns(UserWarning, match="spans_entities_f"):
        optimizer = nlp.initialize(lambda: kind.examples(nlp, "entities"))
    nlp.update(kind.examples(nlp, "entities"), sgd=optimizer)
    doc = nlp(kind.texts[0])
    assert "entities" in doc.spans
    assert "sc" not in doc.spans
    assert nlp.evaluate(kind.examples(nlp, "entities"))["spans_entities_f"] is not None


def test_labels_given_or_found(kind):
    nlp = kind.blank()
    component = find_pipe(nlp)
    component.add_label("sym")
    nlp.initialize(lambda: kind.examples(nlp))
    assert component.labels[0] == "sym"
    assert list(component.labels[1:]) == sorted({"bod", "dis", "dru", "pro"})
    assert component.label_data == list(component.labels)

    nlp = kind.blank()
    component = find_pipe(nlp)
    with pytest.warns(UserWarning, match="labels that the component does not have"):
        component.initialize(lambda: kind.examples(nlp), nlp=nlp, labels=["bod", "sym"])
    assert component.labels == ("bod", "sym")
    # labels unseen in training are no gold
    assert nlp.update(kind.examples(nlp))[component.name] > 0


def test_label_added_after_initialization(kind, trained, tmp_path):
    nlp = kind.blank().from_bytes(trained.to_bytes())
    component = find_pipe(nlp)
    assert component.add_label("bod") == 0
    before = entities(nlp(kind.texts[0]))
    assert component.add_label("dep") == 1
    assert [e for e in entities(nlp(kind.texts[0])) if e[2] != "dep"] == before
    data = [*kind.data, ("转入消化内科", [(2, 6, "dep")])]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(60):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
    nlp.to_disk(tmp_path)
    assert entities(spacy.load(tmp_path)("转入消化内科")) == [(2, 6, "dep")]


@pytest.mark.parametrize("label", ["", 3, None, "\ud800"])
def test_bad_labels(kind, label):
    with pytest.raises(ValueError, match="Invalid label"):
        find_pipe(kind.blank()).add_label(label)


def test_no_labels_at_all(kind):
    nlp = kind.blank(spans_key="entities")
    with pytest.raises(ValueError, match=r"no spans under doc.spans\['entities'\].*key 'sc' \(\d documents"):
        nlp.initialize(lambda: kind.examples(nlp))


def test_gold_under_another_key_is_warned_of(kind):
    """When it is initialized with labels of a config, and when it is scored; once in a training."""
    nlp = kind.blank()
    others = kind.examples(nlp, key="other")
    with pytest.warns(GpnerWarning, match="nothing to learn") as record:
        find_pipe(nlp).initialize(lambda: others, nlp=nlp, labels=["bod"])
    assert sum("nothing to learn" in str(warning.message) for warning in record) == 1
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("default")
        scores = [nlp.evaluate(others)["spans_sc_f"] for _ in range(3)]
    assert scores == [None, None, None]
    assert ["nothing to score" in str(warning.message) for warning in record] == [True]


def test_initialize_without_examples_that_have_tokens(kind):
    nlp = kind.blank()
    find_pipe(nlp).initialize(lambda: make_examples(nlp, [("", [])]), nlp=nlp, labels=["bod"])
    assert entities(nlp(kind.texts[0])) == []
