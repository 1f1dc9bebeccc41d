"""`spacy gpner ensemble`: one pipeline of several."""

import numpy
import pytest
import spacy
import torch
from spacy.cli import app
from spacy.util import load_config
from typer.testing import CliRunner

from ..components import COMPONENTS
from ..spans.oracle import dense_scores
from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_MODEL,
    TINY_TOK2VEC,
    TRAIN,
    WINDOW,
    blank,
    entities,
    make_examples,
    make_tiny_bert,
    save_docs,
    train,
    transformer_nlp,
)

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
LABELS = ["bod", "dis", "dru", "pro", "sym"]
GLOBALPOINTER = {"@architectures": "spacy-gpner.GlobalPointer.v1", "head_size": 8, "tok2vec": TINY_CNN}
BIAFFINE = {"@architectures": "spacy-gpner.Biaffine.v1", "head_size": 6, "tok2vec": TINY_TOK2VEC}
MIXED = {"efficient": TINY_MODEL, "globalpointer": GLOBALPOINTER, "biaffine": BIAFFINE}


def save(nlp, path, labels=LABELS, steps=30):
    for label in labels:
        nlp.get_pipe(NAME).add_label(label)
    train(nlp, steps=steps)
    nlp.to_disk(path)
    return path


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Pipelines with three heads; one has its labels in another order."""
    path = tmp_path_factory.mktemp("members")
    return [
        save(blank(model=block), path / name, LABELS[::-1] if name == "biaffine" else LABELS)
        for name, block in MIXED.items()
    ]


@pytest.fixture
def ensemble(run, members, tmp_path):
    code, text = run("ensemble", tmp_path / "ensemble", *members)
    assert code == 0, text
    assert "the ensemble of 3 pipelines" in text
    assert "⚠" not in text
    return tmp_path / "ensemble"


def dense(path):
    """Scores of each text, with the labels in one order."""
    nlp = spacy.load(path)
    pipe = nlp.get_pipe(NAME)
    factors = pipe.model.predict([nlp.make_doc(text) for text in TEXTS])
    doubles = factors.with_tensors(*(x.double() for x in factors.tensors))
    return dense_scores(doubles.types([pipe.labels.index(label) for label in LABELS]))


def test_scores_are_the_mean(members, ensemble):
    for *parts, mean in zip(*map(dense, members), dense(ensemble), strict=True):
        torch.testing.assert_close(mean, sum(parts) / 3, atol=1e-5, rtol=0)
    nlp = spacy.load(ensemble)
    assert nlp.get_pipe(NAME).labels == tuple(LABELS)
    assert [entities(doc) for doc in nlp.pipe(TEXTS)] == [sorted(spans) for _, spans in TRAIN]
    assert nlp.meta["performance"] == {}
    # and again through a file
    nlp.to_disk(ensemble.parent / "again")
    for x, y in zip(dense(ensemble), dense(ensemble.parent / "again"), strict=True):
        assert torch.equal(x, y)


@pytest.mark.filterwarnings("ignore:.*There are no queries:spacy_gpner.errors.GpnerWarning")
def test_readings_with_queries_in_another_order(run, tmp_path):
    """Each member asks in its own order, and a type has the mean of its own scores."""
    paths, orders = [tmp_path / name for name in "ab"], (LABELS, LABELS[::-1])
    for path, labels in zip(paths, orders, strict=True):
        nlp = COMPONENTS["mrc"].blank(decoding="biaffine")
        for label in labels:
            nlp.get_pipe("span_mrc").add_label(label)
        train(nlp, steps=20)
        nlp.to_disk(path)
    code, text = run("ensemble", tmp_path / "out", *paths)
    assert code == 0, text
    found = []
    for path in (*paths, tmp_path / "out"):
        nlp = spacy.load(path)
        pipe = nlp.get_pipe("span_mrc")
        scores = pipe.model.predict([nlp.make_doc(text) for text in TEXTS]).parts["biaffine"]
        found.append(dense_scores(scores.types([pipe.labels.index(label) for label in LABELS])))
    for first, second, mean in zip(*found, strict=True):
        assert not torch.allclose(first, second, atol=0.1)
        torch.testing.assert_close(mean, (first + second) / 2, atol=1e-4, rtol=1e-4)


def test_it_is_written_over(run, members, ensemble):
    assert run("ensemble", ensemble, *members[:2])[0] == 0
    assert len(spacy.load(ensemble).get_pipe(NAME).model.get_ref("tok2vec").layers) == 2


def test_it_learns_on(ensemble):
    nlp = spacy.load(ensemble)
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    data = [*TRAIN, ("体温计已消毒", [(0, 3, "equ")])]
    nlp.get_pipe(NAME).add_label("equ")
    for _ in range(60):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
    assert [entities(nlp(text)) for text, _ in data] == [sorted(spans) for _, spans in data]


def test_it_is_calibrated_and_evaluated(run, ensemble, members, tmp_path):
    corpus = save_docs(tmp_path / "dev.spacy")
    code, text = run("calibrate", ensemble, corpus, tmp_path / "calibrated")
    assert code == 0, text
    assert set(spacy.load(tmp_path / "calibrated").get_pipe(NAME).calibration) == set(LABELS)
    code, text = run("evaluate", ensemble, *members, corpus, "--output", tmp_path / "metrics")
    assert code == 0, text


def test_its_config_is_complete(ensemble, tmp_path):
    def spacy_cli(*args):
        result = CliRunner().invoke(app, [str(arg) for arg in args])
        assert result.exit_code == 0, result.output
        return result.output

    config = ensemble / "config.cfg"
    spacy_cli("init", "fill-config", config, tmp_path / "filled.cfg")
    assert load_config(tmp_path / "filled.cfg") == load_config(config)
    corpus = save_docs(tmp_path / "train.spacy")
    paths = ["--paths.train", corpus, "--paths.dev", corpus]
    width = f"--components.{NAME}.model.members.member_2.tok2vec.width"
    assert "Config is valid" in spacy_cli("debug", "config", config, *paths, width, 8)
    assert (
        spacy.load(ensemble, config={"components": {NAME: {"threshold": 0.3}}}).get_pipe(NAME).threshold
        == 0.3
    )


def test_thresholds_that_agree_are_kept(run, tmp_path):
    paths = [save(blank(threshold=0.4), tmp_path / name, steps=1) for name in "ab"]
    code, text = run("ensemble", tmp_path / "out", *paths)
    assert (code, "⚠" in text) == (0, False)
    assert spacy.load(tmp_path / "out").get_pipe(NAME).threshold == 0.4


def test_thresholds_that_differ_are_left_out(run, members, tmp_path):
    nlp = spacy.load(members[0])
    nlp.get_pipe(NAME).threshold = 0.3
    nlp.get_pipe(NAME).thresholds = {"bod": 0.6}
    nlp.to_disk(tmp_path / "other")
    code, text = run("ensemble", tmp_path / "out", tmp_path / "other", members[1])
    assert code == 0, text
    assert "The threshold is 0.5: those of the pipelines differ" in text
    pipe = spacy.load(tmp_path / "out").get_pipe(NAME)
    assert (pipe.threshold, pipe.thresholds) == (0.5, None)
    override = {"components": {NAME: {"threshold": 0.3}}}
    assert spacy.load(tmp_path / "out", config=override).get_pipe(NAME).threshold == 0.3


@pytest.mark.parametrize("place", [0, 1])
def test_calibrations_are_left_out(run, members, tmp_path, place):
    nlp = spacy.load(members[0])
    nlp.get_pipe(NAME).threshold = 0.3
    nlp.get_pipe(NAME).calibration = {"bod": (0.5, -1.0)}
    nlp.to_disk(tmp_path / "calibrated")
    paths = [members[1]]
    paths.insert(place, tmp_path / "calibrated")
    code, text = run("ensemble", tmp_path / "out", *paths)
    assert code == 0, text
    assert "Calibrations are left out" in text
    assert "The threshold is 0.5" in text
    pipe = spacy.load(tmp_path / "out").get_pipe(NAME)
    assert (pipe.threshold, pipe.calibration) == (0.5, None)


def test_settings_are_the_firsts(run, members, tmp_path):
    nlp = spacy.load(members[0])
    nlp.get_pipe(NAME).cfg["ents_policy"] = "longest"
    nlp.to_disk(tmp_path / "first")
    assert run("ensemble", tmp_path / "out", tmp_path / "first", members[1])[0] == 0
    block = load_config(tmp_path / "out" / "config.cfg")["components"][NAME]
    assert block["ents_policy"] == "longest"
    assert spacy.load(tmp_path / "out").get_pipe(NAME).cfg["ents_policy"] == "longest"


@pytest.mark.parametrize("encoder", ["tok2vec", "transformer"])
def test_a_shared_encoder_becomes_the_members_own(run, members, tmp_path, encoder):
    if encoder == "transformer":
        nlp = transformer_nlp(make_tiny_bert(tmp_path / "bert"), shared=True)
    else:
        nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
        nlp.add_pipe("tok2vec", config={"model": TINY_TOK2VEC})
        listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
        nlp.add_pipe(NAME, config={"model": {**TINY_MODEL, "tok2vec": listener}, "window": WINDOW})
    shared = save(nlp, tmp_path / "shared")
    code, text = run("ensemble", tmp_path / "out", shared, members[0])
    assert code == 0, text
    joint = spacy.load(tmp_path / "out")
    assert joint.pipe_names == [NAME]
    own = spacy.load(shared)
    docs = [own.get_pipe(encoder)(own.make_doc(text)) for text in TEXTS]
    factors = own.get_pipe(NAME).model.predict(docs)
    parts = dense_scores(factors.with_tensors(*(x.double() for x in factors.tensors)))
    for one, two, mean in zip(parts, dense(members[0]), dense(tmp_path / "out"), strict=True):
        torch.testing.assert_close(mean, (one + two) / 2, atol=1e-5, rtol=0)


class TestRefused:
    @pytest.fixture
    def fails(self, run, members, tmp_path):
        def check(*paths, words, output=tmp_path / "out"):
            there = sorted(tmp_path.rglob("*"))
            code, text = run("ensemble", output, members[0], *paths)
            assert code == 1, text
            for word in words:
                assert word in text
            assert sorted(tmp_path.rglob("*")) == there

        return check

    @pytest.mark.parametrize(
        ("settings", "labels", "words"),
        [
            ({}, LABELS[:2], ["have different labels", "bod, dis, dru, pro, sym and"]),
            ({"window": 8}, LABELS, [f"have different window: {WINDOW} and 8"]),
            ({"window_mode": "prefix"}, LABELS, ["have different window_mode: band and prefix"]),
            ({"lang": "en"}, LABELS, ["have different language", "zh and en"]),
            ({"char_tokenizer": False}, LABELS, ["have different tokenizer", "CharTokenizer", "spacy.zh"]),
        ],
    )
    def test_what_differs(self, fails, tmp_path, settings, labels, words):
        nlp = blank(**settings)
        for label in labels:
            nlp.get_pipe(NAME).add_label(label)
        nlp.initialize()
        nlp.to_disk(tmp_path / "other")
        fails(tmp_path / "other", words=[str(tmp_path / "other").split("/")[-1], *words])

    def test_word_vectors(self, fails, members, tmp_path):
        nlp = spacy.load(members[1])
        nlp.vocab.set_vector("热", numpy.ones(2, dtype="float32"))
        nlp.to_disk(tmp_path / "other")
        fails(tmp_path / "other", words=["have different word vectors"])

    def test_other_components(self, fails, members, tmp_path):
        nlp = spacy.load(members[1])
        nlp.add_pipe("sentencizer")
        nlp.to_disk(tmp_path / "other")
        fails(tmp_path / "other", words=["has other components than span_globalpointer", "sentencizer"])

    def test_untrained(self, fails, tmp_path):
        blank().to_disk(tmp_path / "other")
        fails(tmp_path / "other", words=["has not been trained"])

    def test_an_ensemble(self, run, fails, members, tmp_path):
        assert run("ensemble", tmp_path / "other", *members)[0] == 0
        fails(tmp_path / "other", words=["other is an ensemble. Give its members in its place"])

    def test_one_twice(self, fails, members, tmp_path):
        (tmp_path / "link").symlink_to(members[0])
        for path in (members[0], tmp_path / "link"):
            fails(path, words=["A pipeline is named twice", "Give each once"])

    def test_one_alone(self, fails):
        fails(words=["one pipeline alone"])

    def test_no_pipeline(self, fails, tmp_path):
        fails(tmp_path / "gone", words=["gone"])

    def test_an_output_that_is_something_else(self, fails, members, tmp_path):
        fails(members[1], output=members[0], words=["is the pipeline to read"])
        fails(members[1], output=members[1], words=["Give another directory"])
        blank().to_disk(tmp_path / "out")
        fails(members[1], words=["is there and is no ensemble pipeline"])
