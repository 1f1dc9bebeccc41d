"""A teacher of one kind and a student of another: what both can say is how likely spans are."""

import pytest
import spacy
import torch
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam

from spacy_gpner.distillation.linkage import AddLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.spans import DistillationLoss, LikelySpans

from ..components import COMPONENTS, FLAT
from ..util import entities, train

PAIRS = [
    ("crf", "efficient"),
    ("flat_crf", "efficient"),
    ("efficient", "crf"),
    ("efficient", "flat_crf"),
    ("flat_crf", "crf"),
    ("crf_ensemble", "biaffine"),
    ("mrc", "efficient"),
    ("mrc", "flat_crf"),
    ("efficient", "mrc"),
]
pytestmark = pytest.mark.filterwarnings("ignore:.*There are no queries:spacy_gpner.errors.GpnerWarning")


def unlabelled(nlp):
    return [Example(nlp.make_doc(text), nlp.make_doc(text)) for text, _ in FLAT]


def make_student(kind):
    nlp = COMPONENTS[kind].blank()
    # A component knows labels from gold, and learns here without
    nlp.initialize(lambda: COMPONENTS["flat_crf"].examples(nlp))
    return nlp


@pytest.fixture(scope="module")
def teachers():
    """Pipelines that have learned entities that don't overlap."""
    made = {}
    for kind, _ in PAIRS:
        if kind not in made:
            made[kind] = COMPONENTS[kind].blank()
            train(made[kind], FLAT, 80)
    return made


@pytest.mark.parametrize(("teacher", "student"), PAIRS)
def test_a_student_learns_what_its_teacher_finds(teachers, teacher, student):
    source, nlp = teachers[teacher], make_student(student)
    own = find_pipe(nlp)
    joint = LinkedTeacher(source, find_pipe(source).name, own)
    lesson = joint.teach([nlp.make_doc(text) for text, _ in FLAT], [], is_train=True)
    assert isinstance(lesson.target, LikelySpans)
    optimizer, found = Adam(0.02, use_averages=False), []
    for _ in range(60):
        losses = own.distill(joint, unlabelled(nlp), sgd=optimizer, settings=DistillationLoss(alpha=4.0))
        found.append(losses[f"{own.name}_distillation"])
        assert losses[own.name] == 0
    assert found[-1] < 0.2 * found[0]
    assert [entities(nlp(text)) for text, _ in FLAT] == [sorted(spans) for _, spans in FLAT]


@pytest.mark.parametrize("kind", ["crf", "flat_crf"])
@pytest.mark.parametrize("divergence", ["kl", "token_kl"])
def test_a_student_learns_from_a_teacher_of_the_same_tags(teachers, kind, divergence):
    source, nlp = teachers[kind], make_student(kind)
    own = find_pipe(nlp)
    joint = LinkedTeacher(source, find_pipe(source).name, own)
    settings, optimizer, found = DistillationLoss(divergence, alpha=4.0), Adam(0.02, use_averages=False), []
    for _ in range(60):
        losses = own.distill(joint, unlabelled(nlp), sgd=optimizer, settings=settings)
        found.append(losses[f"{own.name}_distillation"])
    assert found[-1] < 0.2 * found[0]
    assert [entities(nlp(text)) for text, _ in FLAT] == [sorted(spans) for _, spans in FLAT]


def test_a_teacher_with_several_heads_teaches_by_those_that_find_spans(teachers):
    """Scores of the others are neither made nor kept."""
    source = teachers["mrc"]
    pipe = find_pipe(source)
    joint = LinkedTeacher(source, pipe.name, find_pipe(make_student("efficient")))
    assert set(joint.layout.parts) == {"crf"}
    (rows,) = joint.frozen([FLAT[0][0]])
    # A score of each of five tags, for each type
    assert rows.shape == (len(FLAT[0][0]), 5 * len(pipe.labels))


def test_a_student_is_linked_to_a_teacher_of_another_kind(teachers):
    source, nlp = teachers["crf"], make_student("efficient")
    own = find_pipe(nlp)
    joint = LinkedTeacher(source, find_pipe(source).name, own, linkage=AddLinkage())
    optimizer = Adam(0.02, use_averages=False)
    for _ in range(30):
        losses = own.distill(joint, COMPONENTS["flat_crf"].examples(nlp), sgd=optimizer)
    assert 0 < losses["span_globalpointer_teacher"] < 1
    assert [entities(nlp(text)) for text, _ in FLAT] == [sorted(spans) for _, spans in FLAT]


def test_teacher_and_student_cut_the_text_their_own_way(teachers):
    """Words against characters: spans whose edges are no words' edges are left out."""
    source, nlp = teachers["crf"], spacy.blank("en")
    nlp.add_pipe(
        "span_globalpointer",
        config={
            "model": COMPONENTS["efficient"].model(
                {
                    "@architectures": "spacy.HashEmbedCNN.v2",
                    "width": 8,
                    "depth": 1,
                    "embed_size": 50,
                    "window_size": 1,
                    "maxout_pieces": 2,
                    "subword_features": False,
                    "pretrained_vectors": None,
                }
            )
        },
    )
    own = find_pipe(nlp)
    for label in find_pipe(source).labels:
        own.add_label(label)
    nlp.initialize(lambda: [Example(nlp.make_doc(text), nlp.make_doc(text)) for text, _ in FLAT])
    joint = LinkedTeacher(source, find_pipe(source).name, own)
    lesson = joint.teach([nlp.make_doc("口服 阿司匹林 ，无特殊")], [], is_train=True)
    best = lesson.target.spans[lesson.target.logit.argmax()]
    assert best.tolist() == [1, 1, joint.labels.index("dru")]


def test_a_teacher_has_no_opinion_beyond_its_window(teachers, monkeypatch):
    source, nlp = teachers["crf"], make_student("efficient")
    monkeypatch.setitem(find_pipe(source).cfg, "window", 4)
    joint = LinkedTeacher(source, find_pipe(source).name, find_pipe(nlp))
    lesson = joint.teach([nlp.make_doc("无特殊不适")], [], is_train=True)
    first, last = torch.zeros(2, dtype=torch.long), torch.tensor([3, 4])
    assert lesson.allowed(first, last).tolist() == [True, False]
    # What it has no opinion of is not compared
    own, found = find_pipe(nlp), []
    for width in (4, None):
        monkeypatch.setitem(find_pipe(source).cfg, "window", width)
        losses = own.distill(joint, unlabelled(nlp), settings=DistillationLoss())
        found.append(losses[f"{own.name}_distillation"])
    assert found[0] < found[1]


def test_tags_on_other_tokens_are_taught_as_spans(teachers):
    source, nlp = teachers["flat_crf"], make_student("flat_crf")
    joint = LinkedTeacher(source, find_pipe(source).name, find_pipe(nlp))
    doc = Doc(nlp.vocab, words=["右上", "腹", "疼痛"], spaces=[False] * 3)
    lesson = joint.teach([doc], [], is_train=True)
    assert isinstance(lesson.target, LikelySpans)
    assert lesson.target.spans.tolist()


def test_kinds_are_compared_span_by_span(teachers):
    source, nlp = teachers["crf"], make_student("efficient")
    joint = LinkedTeacher(source, find_pipe(source).name, find_pipe(nlp))
    with pytest.raises(ValueError, match="divergence to 'bernoulli'"):
        find_pipe(nlp).distill(joint, unlabelled(nlp), settings=DistillationLoss("kl"))
