"""Calibration and thresholds, against brute force and simulations, and the command."""

import itertools
import math
import shutil
import warnings
from collections import Counter

import numpy
import pytest
import spacy
import srsly
from scipy.special import expit, logit
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_gpner.calibration.fit import (
    FLOOR,
    Candidates,
    Setting,
    best_f,
    calibrate,
    calibration_error,
    f_score,
    find_candidates,
    fit,
    fit_labels,
)

from ..util import TRAIN, blank, entities, make_examples, make_tiny_bert, save_trained, train, transformer_nlp

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
# with some that can't be found
GOLD = [*TRAIN * 3, ("无特殊不适", [(1, 3, "sym"), (0, 5, "dru")])]


def simulate(slope, offset, n, seed=0):
    rng = numpy.random.default_rng(seed)
    s = rng.normal(0.5, 2.0, n)
    return s, rng.random(n) < expit(slope * s + offset)


def all_scores(docs):
    return [float(score) for doc in docs for score in doc.spans["sc"].attrs["scores"]]


def candidates_of(types, s, right, missed=0):
    n = max(types) + 1
    labels = tuple(f"label{t}" for t in range(n))
    gold = numpy.bincount(types, weights=right, minlength=n).astype(int) + missed
    return Candidates(labels, numpy.asarray(types), s, right, gold, Counter(), 0)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.6, -0.5), (2.0, 1.0)])
def test_fit_recovers_what_was_simulated(slope, offset):
    s, right = simulate(slope, offset, 50_000)
    assert fit(s, right) == pytest.approx((slope, offset), abs=0.06)
    assert calibration_error(expit(slope * s + offset), right) < 0.01
    if (slope, offset) != (1.0, 0.0):
        assert calibration_error(expit(s), right) > 0.05


def test_fit_where_there_is_little_to_fit():
    nothing = numpy.zeros(0), numpy.zeros(0, dtype=bool)
    assert fit(*nothing, around=(0.7, -0.2)) == (0.7, -0.2)
    for right in (numpy.ones(9, dtype=bool), numpy.zeros(9, dtype=bool)):
        slope, offset = fit(numpy.linspace(-2, 9, 9), right)
        assert 0 < slope < math.inf
        assert math.isfinite(offset)
    # higher scores are worse
    s, right = simulate(1.0, 0.0, 5000)
    assert fit(s, ~right, around=(0.7, -0.2)) == (0.7, -0.2)


def test_labels_with_little_data_are_near_all_others():
    s, right = simulate(0.5, -0.5, 20_000)
    few, few_right = simulate(3.0, 2.0, 10, seed=1)
    types = numpy.array([0] * len(s) + [1] * len(few))
    fitted = fit_labels(candidates_of(types, numpy.append(s, few), numpy.append(right, few_right)))
    assert fitted[0] == pytest.approx((0.5, -0.5), abs=0.05)
    assert fitted[1] == pytest.approx((0.5, -0.5), abs=0.3)


@pytest.mark.parametrize("seed", range(20))
def test_best_f_equals_brute_force(seed):
    rng = numpy.random.default_rng(seed)
    s = rng.integers(0, 6, rng.integers(1, 12)).astype(float)
    right = rng.random(len(s)) < 0.5
    n_gold = int(right.sum()) + 3
    cuts = [2 * right[s > t].sum() / ((s > t).sum() + n_gold) for t in numpy.arange(-1, 7) + 0.5]
    assert best_f(s, right, n_gold) == pytest.approx(max(cuts))


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_as_good_as_any_by_label(seed):
    """With scores that are probabilities, no thresholds by label have a higher expected F1."""
    rng = numpy.random.default_rng(seed)
    p = rng.random(8)
    types = numpy.array([0, 1] * 4)
    missed = 1.5

    def expected(thresholds):
        above = p > thresholds[types]
        return 2 * p[above].sum() / (above.sum() + p.sum() + missed)

    cuts = [0.0, *p]
    best = max(expected(numpy.array(pair)) for pair in itertools.product(cuts, cuts))
    assert expected(numpy.full(2, best / 2)) == pytest.approx(best)


def test_calibration_error():
    assert calibration_error(numpy.zeros(0), numpy.zeros(0, dtype=bool)) is None
    p = numpy.array([0.0, 1.0, 1.0, 0.9])
    right = numpy.array([False, True, True, False])
    assert calibration_error(p, right) == pytest.approx(0.9 / 4)
    # in one bin, too much makes up for too little
    assert calibration_error(numpy.array([0.5, 0.5]), numpy.array([True, False])) == pytest.approx(0.0)


def test_calibrate():
    s, right = simulate(0.6, -0.5, 20_000)
    types = numpy.arange(len(s)) % 2
    s = numpy.where(types == 1, s - 2, s)
    keep = expit(s) > FLOOR
    candidates = candidates_of(types[keep], s[keep], right[keep], missed=10)
    after = calibrate(candidates)
    before = Setting(numpy.array([[1.0, 0.0]] * 2), 0.5, numpy.full(2, 0.5))
    assert f_score(candidates, after) > f_score(candidates, before)
    assert f_score(candidates, after) == pytest.approx(2 * after.threshold, abs=0.01)
    # the same probability is another score for each label
    assert logit(after.uncalibrated[0]) - logit(after.uncalibrated[1]) == pytest.approx(2.0, abs=0.2)


def test_what_is_no_candidate_does_not_pass():
    """Right at every score: a common threshold would let in what was not looked at."""
    s, right = simulate(0.6, -1.0, 5000)
    keep = expit(s) > FLOOR
    s, right = s[keep], right[keep]
    types = numpy.append(numpy.zeros(len(s), dtype=int), numpy.ones(len(s), dtype=int))
    after = calibrate(candidates_of(types, numpy.append(s, s), numpy.append(right, numpy.ones_like(right))))
    assert after.uncalibrated.min() >= FLOOR
    assert after.thresholds[1] > after.threshold == after.thresholds[0]


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("full"), steps=25)


def write(path, data, nlp=None, key="sc"):
    docs = [eg.reference for eg in make_examples(nlp or blank(), data, key)]
    DocBin(docs=docs).to_disk(path)
    return path


@pytest.fixture
def corpus(tmp_path):
    return write(tmp_path / "gold.spacy", GOLD)


def references(data):
    return [eg.reference for eg in make_examples(blank(), data)]


def test_candidates_are_what_is_predicted(full):
    nlp = spacy.load(full, config={"components": {NAME: {"threshold": FLOOR}}})
    docs = list(nlp.pipe(TEXTS))
    found = find_candidates(spacy.load(full), [*references(TRAIN), *references([("", [])])])
    assert expit(found.score).tolist() == pytest.approx(all_scores(docs), abs=1e-6)
    gold = [set(spans) for _, spans in TRAIN]
    right = [e in own for doc, own in zip(docs, gold, strict=True) for e in entities(doc)]
    assert found.right.tolist() == right
    assert dict(zip(found.labels, found.gold.tolist(), strict=True)) == {
        "bod": 3, "dis": 1, "dru": 1, "pro": 1, "sym": 3,
    }  # fmt: skip


def test_other_tokens_and_texts_that_the_tokenizer_changes(tmp_path):
    nlp = blank("en", char_tokenizer=False)
    data = [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod")])]
    train(nlp, data)
    found = find_candidates(nlp, references(data))
    assert found.right.sum() == 2
    assert found.changed == 0
    nlp = blank(char_tokenizer=False)
    train(nlp)
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=list(text.replace(" ", "")))
    assert find_candidates(nlp, references([("咳 嗽伴发 热", [(0, 3, "sym")])])).changed == 1


def test_a_shared_encoder(tmp_path):
    nlp = transformer_nlp(make_tiny_bert(tmp_path / "bert"), shared=True)
    train(nlp, steps=2)
    nlp.get_pipe(NAME).threshold = FLOOR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = all_scores(nlp.pipe(TEXTS))
    assert expit(find_candidates(nlp, references(TRAIN)).score).tolist() == pytest.approx(found, abs=1e-5)
    assert nlp.pipe_names == ["transformer", NAME]


class TestCommand:
    def test_calibrates(self, run, full, corpus, tmp_path):
        output = tmp_path / "out"
        code, text = run("calibrate", full, corpus, output)
        assert code == 0, text
        for words in ("candidates", "slope", "offset", "ECE", "F1", "bod", "sym", "all", "calibrated, with"):
            assert words in text
        nlp = spacy.load(output)
        pipe = nlp.get_pipe(NAME)
        assert set(pipe.calibration) == set(pipe.labels)
        assert nlp.config["components"][NAME]["threshold"] == pipe.threshold != 0.5
        # what the table says is what comes out
        examples = [Example(nlp(eg.reference.text), eg.reference) for eg in make_examples(nlp, GOLD)]
        assert f"{100 * pipe.score(examples)['spans_sc_f']:.2f}" in text
        # a threshold given later holds for all labels, though it be the one that the model had
        other = spacy.load(output, config={"components": {NAME: {"threshold": 0.5}}}).get_pipe(NAME)
        assert (other.threshold, other.thresholds) == (0.5, None)
        assert other.calibration == pipe.calibration
        # over the first, and from the first: the same comes out
        assert run("calibrate", full, corpus, output)[0] == 0
        assert run("calibrate", output, corpus, tmp_path / "again")[0] == 0
        again = spacy.load(tmp_path / "again").get_pipe(NAME)
        assert (again.threshold, again.calibration) == (pipe.threshold, pipe.calibration)

    def test_labels_without_gold_or_candidates(self, run, full, tmp_path):
        data = [(text, [span for span in spans if span[2] == "sym"]) for text, spans in TRAIN]
        code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
        assert code == 0, text
        saved = srsly.read_json(tmp_path / "out" / NAME / "cfg")
        values = [x for row in saved["calibration"].values() for x in row]
        assert len(values) == 10
        assert all(map(math.isfinite, values))

    def test_labels_that_the_model_lacks(self, run, full, tmp_path):
        data = [*TRAIN, ("转入消化内科", [(2, 6, "dep")])]
        code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
        assert code == 0, text
        assert "1 gold spans are not counted, as the pipeline does not have their labels: dep 1" in text

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            ([], "there are no gold spans"),
            ([("", [])], "there are no gold spans"),
            ([("无特殊不适", [])], "there are no gold spans"),
            ([("转入消化内科", [(2, 6, "dep")])], "no gold spans of the pipeline's labels (bod, dis, dru"),
            ([("无特殊不适", [(0, 5, "dru")])], "no gold span has a score above"),
        ],
    )
    def test_corpora_that_nothing_can_be_learned_from(self, run, full, tmp_path, data, words):
        code, text = run("calibrate", full, write(tmp_path / "gold.spacy", data), tmp_path / "out")
        assert code == 1
        assert words in text
        assert not (tmp_path / "out").exists()

    def test_documents_without_the_key(self, run, full, tmp_path):
        path = write(tmp_path / "gold.spacy", TRAIN, key="other")
        code, text = run("calibrate", full, path, tmp_path / "out")
        assert code == 1
        assert "no document has spans under doc.spans['sc']" in text

    def test_nothing_but_a_calibrated_pipeline_is_overwritten(self, run, full, corpus, tmp_path):
        shutil.copytree(full, tmp_path / "other")
        for path, words in (
            (full, "is the pipeline to read"),
            (full / "inside", "one lies in the other"),
            (tmp_path / "other", "is no calibrated pipeline"),
            (tmp_path, "is no calibrated pipeline"),
            (corpus, "is no calibrated pipeline"),
        ):
            code, text = run("calibrate", full, corpus, path)
            assert code == 1
            assert words in text

    def test_what_is_missing(self, run, full, corpus, tmp_path):
        output = tmp_path / "out"
        assert "Can't find model" in run("calibrate", tmp_path / "none", corpus, output)[1]
        assert "is missing" in run("calibrate", full, tmp_path / "none.spacy", output)[1]
        spacy.blank("zh").to_disk(tmp_path / "blank")
        code, text = run("calibrate", tmp_path / "blank", corpus, output)
        assert code == 1
        assert "has no span component, such as span_globalpointer, that runs" in text
        assert not output.exists()


def test_spans_without_tokens_are_no_gold(full):
    (reference,) = references([("无特殊不适", [])])
    reference.spans["sc"] = [Span(reference, 2, 2, label="sym")]
    assert find_candidates(spacy.load(full), [reference]).gold.sum() == 0
