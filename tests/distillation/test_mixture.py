"""Hard and soft labels in a mixture, (1 - α) · loss + α · divergence: of batches with and without gold, at
its ends, with a temperature, and of labels that a teacher lacks."""

import numpy
import pytest
import torch
from thinc.api import Adam

from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.learning import gold_loss, lesson_divergence
from spacy_gpner.spans import DistillationLoss

from ..components import COMPONENTS, FLAT
from ..util import entities, make_examples

KINDS = [("efficient", "bernoulli"), ("efficient", "kl"), ("crf", "token_kl"), ("flat_crf", "token_kl")]
ANNOTATED = 2
EQUIPMENT = ("体温计已消毒", [(0, 3, "equ")])


@pytest.fixture(scope="module")
def teachers():
    """Pipelines that have learned a little."""
    return {kind: COMPONENTS[kind].trained(steps=5) for kind in ("efficient", "crf", "flat_crf")}


def make_batch(nlp, annotated, data=FLAT):
    """A batch of which the first documents alone have gold."""
    examples = make_examples(nlp, data)
    for example in examples[annotated:]:
        del example.reference.spans["sc"]
    return examples


def learn(teacher, kind, annotated, data=FLAT, **settings):
    """The losses of a new student on a batch, and the gradient of its weights."""
    nlp, own = COMPONENTS[kind].initialized()
    joint = LinkedTeacher(teacher, find_pipe(teacher).name, own)
    examples = make_batch(nlp, annotated, data)
    losses = own.distill(joint, examples, settings=DistillationLoss(weighting="convex", **settings))
    nodes = list(own.model.walk())
    found = [node.get_grad(name) for node in nodes for name in node.param_names if node.has_grad(name)]
    weights = (x for node in nodes for shim in node.shims for x in shim.module.parameters())
    found += [x.grad.numpy() for x in weights if x.grad is not None]
    return losses[own.name], losses[f"{own.name}_distillation"], [x.copy() for x in found]


def means(teacher, kind, annotated, **settings):
    """The loss of the documents with gold, and the divergence of each document of the batch."""
    nlp, own = COMPONENTS[kind].initialized()
    joint = LinkedTeacher(teacher, find_pipe(teacher).name, own)
    examples, how = make_batch(nlp, annotated), DistillationLoss(**settings)
    with torch.no_grad():
        label_ids = {label: i for i, label in enumerate(own.labels)}
        scores = own.model.predict([eg.predicted for eg in examples])
        hard = gold_loss(scores, examples, own.key, label_ids, own.objective)
        types, soft = [own.labels.index(label) for label in joint.labels], []
        for doc in (eg.predicted for eg in examples):
            lesson = joint.teach([doc], [], is_train=True)
            scores = own.model.predict([doc]).types(types)
            soft.append(float(lesson_divergence(scores, lesson, own.objective, how)))
    return float(hard), soft


@pytest.mark.parametrize(("kind", "divergence"), KINDS)
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_a_mixed_batch_is_a_mixture_of_two_means(teachers, kind, divergence, alpha):
    """The loss is the mean over the documents with gold, the divergence that over all of them."""
    hard, soft = means(teachers[kind], kind, ANNOTATED, divergence=divergence)
    assert hard > 0 < min(soft)
    found = learn(teachers[kind], kind, ANNOTATED, divergence=divergence, alpha=alpha)
    assert found[0] == pytest.approx((1 - alpha) * hard, rel=1e-4)
    assert found[1] == pytest.approx(alpha * numpy.mean(soft), rel=1e-4)


@pytest.mark.parametrize(("kind", "divergence"), KINDS)
def test_gradients_of_a_mixed_batch_go_from_gold_to_the_teacher(teachers, kind, divergence):
    gold, mixed, taught = (
        learn(teachers[kind], kind, ANNOTATED, divergence=divergence, alpha=alpha)[2]
        for alpha in (0.0, 0.3, 1.0)
    )
    for x, y, z in zip(gold, mixed, taught, strict=True):
        numpy.testing.assert_allclose(y, 0.7 * x + 0.3 * z, atol=1e-5)
    # At the one end the teacher says nothing, at the other gold does not
    other = learn(teachers[kind], kind, len(FLAT), divergence=divergence, alpha=1.0)[2]
    for x, y in zip(taught, other, strict=True):
        numpy.testing.assert_array_equal(x, y)
    for x, y in zip(gold, learn(teachers[kind], kind, ANNOTATED, alpha=0.0)[2], strict=True):
        numpy.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(("kind", "divergence"), KINDS)
def test_a_batch_without_gold_has_the_divergence_alone(teachers, kind, divergence):
    half, whole = (learn(teachers[kind], kind, 0, divergence=divergence, alpha=alpha) for alpha in (0.5, 1.0))
    assert half[0] == whole[0] == 0
    assert half[1] == pytest.approx(0.5 * whole[1])
    for x, y in zip(half[2], whole[2], strict=True):
        numpy.testing.assert_allclose(x, 0.5 * y, atol=1e-6)
    nothing = learn(teachers[kind], kind, 0, divergence=divergence, alpha=0.0)
    assert nothing[:2] == (0, 0)
    assert not any(x.any() for x in nothing[2])


@pytest.mark.parametrize(("kind", "divergence"), KINDS)
def test_a_temperature_softens_the_soft_labels_alone(teachers, kind, divergence):
    hard, soft = means(teachers[kind], kind, ANNOTATED, divergence=divergence, temperature=2.0)
    _, sharp = means(teachers[kind], kind, ANNOTATED, divergence=divergence)
    assert sum(soft) != pytest.approx(sum(sharp), rel=0.1)
    found = learn(teachers[kind], kind, ANNOTATED, divergence=divergence, alpha=0.3, temperature=2.0)
    assert found[0] == pytest.approx(0.7 * hard, rel=1e-4)
    assert found[1] == pytest.approx(0.3 * numpy.mean(soft), rel=1e-4)


def student_of_more(teacher, kind):
    """A new student with a label that its teacher lacks, its batch, and its teacher."""
    nlp = COMPONENTS[kind].blank()
    examples = make_examples(nlp, [*FLAT, EQUIPMENT])
    nlp.initialize(lambda: examples)
    own = find_pipe(nlp)
    joint = LinkedTeacher(teacher, own.name, own)
    assert set(own.labels) - set(joint.labels) == {"equ"}
    return nlp, examples, joint


@pytest.mark.parametrize(("kind", "divergence"), [("efficient", "bernoulli"), ("crf", "token_kl")])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_a_label_that_the_teacher_lacks_keeps_its_gold(teachers, kind, divergence, alpha):
    """Its part of the loss, a mean over labels, is not weighed against a teacher that says nothing of it."""
    nlp, examples, joint = student_of_more(teachers[kind], kind)
    own = find_pipe(nlp)
    with torch.no_grad():
        scores = own.model.predict([eg.predicted for eg in examples])
        of_label = [
            float(gold_loss(scores.types([i]), examples, own.key, {label: 0}, own.objective))
            for i, label in enumerate(own.labels)
        ]
    weights = [1 if label == "equ" else 1 - alpha for label in own.labels]
    settings = DistillationLoss(divergence, weighting="convex", alpha=alpha)
    losses = own.distill(joint, examples, settings=settings)
    assert losses[own.name] == pytest.approx(numpy.mean(numpy.multiply(weights, of_label)), rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "divergence"), [("efficient", "bernoulli"), ("crf", "token_kl"), ("flat_crf", "token_kl")]
)
def test_a_label_that_the_teacher_lacks_is_learned_where_it_teaches_alone(teachers, kind, divergence):
    nlp, examples, joint = student_of_more(teachers[kind], kind)
    optimizer, settings = Adam(0.02), DistillationLoss(divergence, weighting="convex", alpha=1.0)
    for _ in range(60):
        find_pipe(nlp).distill(joint, examples, sgd=optimizer, settings=settings)
    assert entities(nlp(EQUIPMENT[0])) == [(0, 3, "equ")]
