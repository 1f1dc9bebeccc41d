"""What the joint teacher gives, and where gradients go."""

import numpy
import pytest
import spacy
import torch
from thinc.api import fix_random_seed, set_dropout_rate

from spacy_gpner.distillation.encoder import token_vectors
from spacy_gpner.distillation.linkage import AddLinkage, ConcatLinkage, GatedLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.errors import CacheError, DistillationError
from spacy_gpner.models.cache import VectorCache
from spacy_gpner.spans import DistillationLoss

from ..util import TINY_MODEL, TRAIN, blank, entities, make_examples, train

NAME = "span_globalpointer"
GLOBALPOINTER = {
    "@architectures": "spacy-gpner.GlobalPointer.v1",
    "head_size": 8,
    "dropout": 0.0,
}
LINKAGES = [AddLinkage, ConcatLinkage, GatedLinkage]


@pytest.fixture
def student():
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    return nlp


def link(teacher, student, **kwargs):
    return LinkedTeacher(teacher, NAME, student.get_pipe(NAME), **kwargs)


@pytest.mark.parametrize("linkage", LINKAGES)
def test_a_new_linkage_changes_nothing(teacher, student, linkage):
    docs = [student.make_doc(text) for text, _ in TRAIN]
    vectors = token_vectors(student, NAME, docs)
    alone = link(teacher, student).teach(docs, vectors, is_train=False)
    joint = link(teacher, student, linkage=linkage(dropout=0.3)).teach(docs, vectors, is_train=False)
    for x, y in zip(alone.target.tensors, joint.target.tensors, strict=True):
        torch.testing.assert_close(x, y, atol=1e-5, rtol=0)
    assert [entities(doc) for doc in link(teacher, student).predict(docs, vectors)] == [
        sorted(spans) for _, spans in TRAIN
    ]


def step(teacher, student, linkage, *, alpha=1.0, weighting="additive", sgd=None, steps=1, **kwargs):
    """Distil, and return the gradient of the student's weights in the last step."""
    settings = DistillationLoss(alpha=alpha, weighting=weighting)
    component = student.get_pipe(NAME)
    joint = link(teacher, student, linkage=linkage, **kwargs)
    optimizer = student.create_optimizer() if sgd is None else sgd
    for i in range(steps):
        fix_random_seed(i)
        losses = component.distill(joint, make_examples(student), settings=settings)
        if i < steps - 1:
            joint.finish_update(optimizer)
            for node in component.model.walk():
                for name in node.param_names:
                    if node.has_grad(name):
                        node.set_grad(name, node.get_grad(name) * 0)
                for shim in node.shims:
                    shim.module.zero_grad()
    grads = [
        node.get_grad(n) for node in component.model.walk() for n in node.param_names if node.has_grad(n)
    ]
    shims = [shim for node in component.model.walk() for shim in node.shims]
    grads += [p.grad.numpy() for shim in shims for p in shim.module.parameters() if p.grad is not None]
    return losses, [grad.copy() for grad in grads]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_a_detached_linkage_leaves_the_student_alone(teacher_path, linkage):
    """With α = 0 the joint teacher's loss is the only way to the student."""

    def gradient(build):
        nlp = blank()
        nlp.initialize(lambda: make_examples(nlp))
        return step(spacy.load(teacher_path), nlp, build, alpha=0.0, steps=4)[1]

    without = gradient(None)
    detached, attached = gradient(linkage(detach=True)), gradient(linkage(detach=False))
    for x, y in zip(without, detached, strict=True):
        numpy.testing.assert_array_equal(x, y)
    assert any(abs(x - y).max() > 1e-6 for x, y in zip(without, attached, strict=True))


def test_gold_and_teacher_are_weighed(teacher_path):
    """A convex mixture goes from gold alone to the teacher alone, in equal steps."""

    def measured(alpha, weighting):
        nlp = blank()
        nlp.initialize(lambda: make_examples(nlp))
        return step(spacy.load(teacher_path), nlp, None, alpha=alpha, weighting=weighting)

    gold_losses, gold = measured(0.0, "additive")
    _, both = measured(1.0, "additive")
    for alpha in (0.0, 0.3, 1.0):
        losses, mixed = measured(alpha, "convex")
        assert losses[NAME] == pytest.approx((1 - alpha) * gold_losses[NAME])
        for x, y, z in zip(gold, both, mixed, strict=True):
            numpy.testing.assert_allclose(z, (1 - alpha) * x + alpha * (y - x), atol=1e-5)


def test_the_rate_that_a_teacher_was_trained_with_is_off(student):
    """A head without a dropout of its own follows that of the training, which is saved with it."""
    nlp = blank(model={**TINY_MODEL, "dropout": None})
    train(nlp, steps=2)
    set_dropout_rate(nlp.get_pipe(NAME).model, 0.5)
    joint = link(nlp, student, linkage=AddLinkage())
    docs = [student.make_doc(text) for text, _ in TRAIN]
    vectors, _ = student.get_pipe(NAME).model.get_ref("tok2vec").begin_update(docs)
    one, two = (joint.teach(docs, vectors, is_train=True).target.flat() for _ in range(2))
    assert torch.equal(one, two)


@pytest.mark.parametrize("train_head", [False, True])
def test_what_of_the_teacher_learns(teacher, student, train_head):
    before = {
        name: teacher.get_pipe(NAME).model.get_ref(name).to_bytes() for name in ("tok2vec", "output_layer")
    }
    joint = link(teacher, student, linkage=AddLinkage(), train_head=train_head)
    optimizer = student.create_optimizer()
    for _ in range(3):
        losses = student.get_pipe(NAME).distill(joint, make_examples(student), sgd=optimizer)
    assert losses[f"{NAME}_teacher"] > 0
    assert any(p.abs().sum() > 0 for p in joint.linkage.shims[0].module.parameters())
    assert before["tok2vec"] == teacher.get_pipe(NAME).model.get_ref("tok2vec").to_bytes()
    assert (
        before["output_layer"] == teacher.get_pipe(NAME).model.get_ref("output_layer").to_bytes()
    ) is not train_head


def test_the_linkage_can_learn_more_slowly(teacher, student):
    """Adam's first step is the learning rate itself, whatever the gradient."""
    moved = []
    for lr_scale in (1.0, 0.1):
        joint = link(teacher, student, linkage=AddLinkage(), lr_scale=lr_scale)
        optimizer = student.create_optimizer()
        optimizer.learn_rate = 0.01
        student.get_pipe(NAME).distill(joint, make_examples(student), sgd=optimizer)
        assert optimizer.learn_rate == 0.01
        moved.append(max(float(p.detach().abs().max()) for p in joint.linkage.shims[0].module.parameters()))
    assert moved[1] == pytest.approx(0.1 * moved[0], rel=0.01)


def test_a_step_that_fails_leaves_the_learning_rate(teacher, student):
    """The optimizer is the student's too."""
    joint = link(teacher, student, linkage=AddLinkage(), lr_scale=0.1)
    optimizer = student.create_optimizer()
    optimizer.learn_rate = 0.01

    def fail(optimizer):
        assert optimizer.learn_rate == pytest.approx(0.001)
        raise RuntimeError("out of memory")

    joint.linkage.shims[0].finish_update = fail
    with pytest.raises(RuntimeError, match="out of memory"):
        student.get_pipe(NAME).distill(joint, make_examples(student), sgd=optimizer)
    assert optimizer.learn_rate == 0.01


def test_other_tokens_widths_and_heads():
    """A student on words, with another head, learns from raw text and a teacher that reads characters."""
    text = "fever and chest pain"
    data = [
        (text, [(0, 5, "sym"), (10, 20, "sym"), (10, 15, "bod")]),
        ("no fever", [(3, 8, "sym")]),
        ("", []),
    ]
    chars = blank()
    train(chars, data)
    words = blank("en", char_tokenizer=False, model={**TINY_MODEL, **GLOBALPOINTER})
    raw = make_examples(words, [(text, []) for text, _ in data])
    for example in raw:
        del example.reference.spans["sc"]
    component = words.get_pipe(NAME)
    for label in ("sym", "bod"):
        component.add_label(label)
    optimizer = words.initialize(lambda: raw)
    optimizer.learn_rate = 0.02
    joint = link(chars, words, linkage=AddLinkage())
    for _ in range(100):
        losses = component.distill(joint, raw, sgd=optimizer)
    assert losses[NAME] == 0
    assert entities(words(text)) == [(0, 1, "sym"), (2, 3, "bod"), (2, 4, "sym")]


def test_a_label_that_the_teacher_lacks_learns_from_gold(teacher, student):
    data = [*TRAIN, ("体温计已消毒", [(0, 3, "equ")])]
    nlp = blank()
    examples = make_examples(nlp, data)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    joint = link(teacher, nlp)
    assert joint.labels == ["bod", "dis", "dru", "pro", "sym"]
    for _ in range(100):
        nlp.get_pipe(NAME).distill(joint, examples, sgd=optimizer)
    assert entities(nlp("体温计已消毒")) == [(0, 3, "equ")]


def test_window_of_the_teacher(teacher, student):
    teacher.get_pipe(NAME).cfg["window"] = 3
    docs = [student.make_doc(text) for text, _ in TRAIN]
    lesson = link(teacher, student).teach(docs, [], is_train=False)
    assert lesson.allowed is not None


@pytest.mark.parametrize("linkage", [None, AddLinkage()])
def test_what_is_cached_is_the_teachers(teacher, student, tmp_path, linkage):
    texts = [text for text, _ in TRAIN]
    fresh = link(teacher, student, linkage=linkage).frozen(texts)
    for path, precision, tolerance in (
        (None, "full", 1e-5),
        (tmp_path / "v", "full", 1e-5),
        (None, "half", 1e-2),
    ):
        joint = link(teacher, student, linkage=linkage, cache=VectorCache(path, precision=precision))
        joint.fill_cache(texts, lambda n: None)
        joint.frozen(texts)
        joint.nlp = None  # nothing is left to compute with
        for x, y in zip(fresh, joint.frozen(texts), strict=True):
            numpy.testing.assert_allclose(x, y, atol=tolerance)


def test_a_cache_of_vectors_is_none_of_factors(teacher, student, tmp_path):
    texts = [text for text, _ in TRAIN]
    link(teacher, student, linkage=AddLinkage(), cache=VectorCache(tmp_path / "v")).fill_cache(texts, str)
    with pytest.raises(CacheError, match="different: encoder or linkage"):
        link(teacher, student, cache=VectorCache(tmp_path / "v")).fill_cache(texts, str)


def test_a_cache_of_another_width(teacher, student, tmp_path, monkeypatch):
    texts = [text for text, _ in TRAIN]
    joint = link(teacher, student, linkage=AddLinkage(), cache=VectorCache(tmp_path / "v"))
    with monkeypatch.context() as patch:
        patch.setattr(joint, "_compute", lambda texts: [numpy.zeros((len(text), 5), "f") for text in texts])
        with pytest.raises(CacheError, match="have 5 numbers, and the teacher's 32"):
            joint.fill_cache(texts, str)
    # The file is there now, and whole.
    again = link(teacher, student, linkage=AddLinkage(), cache=VectorCache(tmp_path / "v"))
    with pytest.raises(CacheError, match=f"{tmp_path}.* is damaged .* Remove it"):
        again.fill_cache(texts, str)


@pytest.mark.parametrize("head", ["efficient", "globalpointer"])
def test_factors_without_a_linkage_are_the_heads(teacher, student, head):
    if head == "globalpointer":
        teacher = blank(model={**TINY_MODEL, **GLOBALPOINTER})
        train(teacher, steps=2)
    docs = [teacher.make_doc(text) for text, _ in TRAIN]
    expected = teacher.get_pipe(NAME).model.predict(docs)
    lesson = link(teacher, student).teach(docs, [], is_train=True)
    assert lesson.joint is None
    assert list(lesson.target.lengths) == list(expected.lengths)
    for x, y in zip(lesson.target.tensors, expected.tensors, strict=True):
        torch.testing.assert_close(x, y)


def test_no_label_in_common(teacher):
    nlp = blank()
    nlp.get_pipe(NAME).add_label("other")
    with pytest.raises(DistillationError, match="none in common"):
        link(teacher, nlp)
