"""What a component of another kind gets from the base: the toy tagger has scores, an objective and a head."""

import json

import pytest
import spacy
import torch
from spacy.cli._util import app
from thinc.api import Config, fix_random_seed
from typer.testing import CliRunner

from spacy_gpner.distillation.linkage import AddLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.errors import DistillationError

from .. import toy_tagger  # noqa: F401
from ..distillation.conftest import STUDENT
from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_MODEL,
    TINY_TOK2VEC,
    blank,
    entities,
    make_examples,
    save_docs,
    scores,
    train,
)

NAME = "toy_tagger"
DATA = [
    ("患者右上腹疼痛三天", [(2, 7, "sym")]),
    ("确诊肺癌后行化疗", [(2, 4, "dis"), (6, 8, "pro")]),
    ("口服阿司匹林", [(2, 6, "dru")]),
    ("无特殊不适", []),
    ("发热腹泻伴头痛", [(0, 2, "sym"), (2, 4, "sym"), (5, 7, "sym")]),
]
TEXTS = [text for text, _ in DATA]
TAGGER = {"@architectures": "toy.Tagger.v1", "tok2vec": TINY_TOK2VEC}
ENSEMBLE = {
    "@architectures": "spacy-gpner.Ensemble.v1",
    "members": {"lstm": TAGGER, "cnn": {**TAGGER, "tok2vec": TINY_CNN}},
}


def toy(model=TAGGER, **settings):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe(NAME, config={"model": model, **settings})
    return nlp


def f_score(nlp):
    return nlp.evaluate(make_examples(nlp, DATA))["spans_sc_f"]


def found(nlp):
    return [(entities(doc), scores(doc)) for doc in nlp.pipe([*TEXTS, ""])]


@pytest.fixture(scope="module")
def trained():
    nlp = toy()
    train(nlp, DATA)
    return nlp


@pytest.fixture
def saved(trained, tmp_path):
    trained.to_disk(tmp_path / "toy")
    return tmp_path / "toy"


@pytest.mark.parametrize("model", [TAGGER, ENSEMBLE])
def test_learns_saves_and_loads(model, tmp_path):
    nlp = toy(model)
    nlp.initialize(lambda: make_examples(nlp, DATA))
    assert f_score(nlp) < 0.5
    train(nlp, DATA)
    assert f_score(nlp) == 1.0
    nlp.to_disk(tmp_path)
    assert found(spacy.load(tmp_path)) == found(nlp)
    assert found(toy(model).from_bytes(nlp.to_bytes())) == found(nlp)
    assert all(0.5 < score <= 1 for _, own in found(nlp) for score in own)


def test_a_threshold_cuts(saved):
    nlp = spacy.load(saved, config={"components": {NAME: {"threshold": 1.0}}})
    assert not any(own for own, _ in found(nlp))


def test_a_new_label_keeps_what_was_learned(saved):
    nlp = spacy.load(saved)
    nlp.get_pipe(NAME).add_label("equ")
    data = [*DATA, ("体温计已消毒", [(0, 3, "equ")])]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(40):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
    assert [entities(nlp(text)) for text, _ in data] == [spans for _, spans in data]


def test_is_calibrated(run, saved, tmp_path):
    """On text where it is wrong at times, so that its scores are too sure."""
    wrong = [(text, [(start, end, "dis") for start, end, _ in spans]) for text, spans in DATA]
    corpus = save_docs(tmp_path / "dev.spacy", [*DATA, *wrong])
    code, text = run("calibrate", saved, corpus, tmp_path / "calibrated")
    assert code == 0, text
    nlp = spacy.load(tmp_path / "calibrated")
    pipe = nlp.get_pipe(NAME)
    assert set(pipe.calibration) == set(pipe.labels) == {"dis", "dru", "pro", "sym"}
    assert pipe.threshold < 0.5
    before, after = found(spacy.load(saved)), found(nlp)
    assert [own for own, _ in after] == [own for own, _ in before]
    assert max(score for _, own in after for score in own) < min(score for _, own in before for score in own)


def test_is_evaluated(run, saved, tmp_path):
    """By both commands, on seven entities that it finds and one whose label it gets wrong."""
    corpus = save_docs(tmp_path / "dev.spacy", [*DATA, ("无发热", [(1, 3, "dis")])])
    output = tmp_path / "scores.json"
    result = CliRunner().invoke(app, ["evaluate", str(saved), str(corpus), "--output", str(output)])
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text(encoding="utf-8"))["spans_sc_f"] == 0.875
    code, text = run("evaluate", saved, corpus, "--output", tmp_path / "out")
    assert code == 0, text
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    (own,) = metrics["models"].values()
    assert own["micro"]["f"] == own["curve"][-1]["f"] == 0.875
    assert own["calibration"]["error"] > 0.1


def unlabelled(nlp):
    examples = make_examples(nlp, DATA)
    for example in examples:
        del example.reference.spans["sc"]
    return examples


def student_of(teacher, examples, steps=60, **kwargs):
    """A student, how good it was before its teacher, and its last losses."""
    fix_random_seed(0)
    nlp = toy({**TAGGER, "tok2vec": TINY_CNN})
    pipe = nlp.get_pipe(NAME)
    for label in teacher.get_pipe(NAME).labels:
        pipe.add_label(label)
    optimizer = nlp.initialize(lambda: examples(nlp))
    optimizer.learn_rate = 0.02
    before = f_score(nlp)
    linked = LinkedTeacher(teacher, NAME, pipe, **kwargs)
    batch = examples(nlp)
    for _ in range(steps):
        losses = pipe.distill(linked, batch, sgd=optimizer)
    return nlp, before, losses


def test_learns_from_a_teacher_alone_and_teaches(saved):
    teacher = spacy.load(saved)
    for _ in range(2):
        teacher, before, losses = student_of(teacher, unlabelled)
        assert losses[NAME] == losses[f"{NAME}_teacher"] == 0
        assert losses[f"{NAME}_distillation"] < 0.1
        assert before < 0.5
        assert f_score(teacher) == 1.0


def test_learns_from_a_linked_teacher(saved):
    linkage = AddLinkage(detach=False)
    _, _, first = student_of(spacy.load(saved), lambda nlp: make_examples(nlp, DATA), 1)
    # After more steps the teacher's loss is 0 in float32, for some random numbers.
    nlp, before, losses = student_of(
        spacy.load(saved), lambda nlp: make_examples(nlp, DATA), 25, linkage=linkage, train_head=True
    )
    assert before < 0.5
    assert f_score(nlp) == 1.0
    assert 0 < losses[f"{NAME}_teacher"] < losses[NAME] < first[NAME]
    assert any(p.abs().sum() > 0 for p in linkage.shims[0].module.parameters())


@pytest.mark.parametrize(
    "settings",
    [
        {"corpus": None, "unlabelled_corpus": "corpora.train", "linkage": None},
        {"linkage": {"@architectures": "spacy-gpner.AddLinkage.v1"}},
    ],
)
def test_is_distilled_by_the_command(run, saved, tmp_path, settings):
    """From text without gold alone, and linked."""
    config = Config().from_str(STUDENT, interpolate=False)
    config["nlp"]["pipeline"] = [NAME]
    config["components"] = {NAME: {"factory": NAME, "model": {**TAGGER, "tok2vec": TINY_CNN}}}
    config["distillation"].update(max_steps=120, **settings)
    config["paths"]["train"] = str(save_docs(tmp_path / "train.spacy", DATA))
    config.to_disk(tmp_path / "student.cfg")
    code, text = run("distill", saved, tmp_path / "student.cfg", "--output", tmp_path / "out")
    assert code == 0, text
    assert f_score(spacy.load(tmp_path / "out" / "model-best")) > 0.9


def test_a_teacher_of_another_kind(saved):
    other = blank()
    train(other, DATA, steps=1)
    with pytest.raises(DistillationError, match="scores of different kinds"):
        LinkedTeacher(other, "span_globalpointer", spacy.load(saved).get_pipe(NAME))


def test_an_ensemble_of_different_kinds():
    nlp = blank(
        model={"@architectures": "spacy-gpner.Ensemble.v1", "members": {"span": TINY_MODEL, "tag": TAGGER}}
    )
    with pytest.raises(ValueError, match=r"of different kinds \(SpanFactors, TagScores\)"):
        nlp.initialize(lambda: make_examples(nlp, DATA))


def test_an_ensembles_scores_are_the_mean():
    nlp = toy(ENSEMBLE)
    nlp.initialize(lambda: make_examples(nlp, DATA))
    model = nlp.get_pipe(NAME).model
    vectors = model.get_ref("tok2vec").predict([nlp.make_doc(text) for text in TEXTS])
    flat = torch.cat([torch.tensor(x) for x in vectors])
    lstm, cnn = model.get_ref("output_layer").shims[0].module.members
    with torch.no_grad():
        expected = (lstm(flat[:, :32], []).tags + cnn(flat[:, 32:], []).tags) / 2
    torch.testing.assert_close(model.get_ref("output_layer").predict(vectors).tags, expected)
