"""Adversaries move embedding tables, and put them back."""

import numpy
import pytest
import torch
from thinc.api import Adam, Linear, PyTorchWrapper, fix_random_seed

from spacy_gpner.errors import PipelineError
from spacy_gpner.models.adversary import FGM, PGD, Gradients, find_tables
from spacy_gpner.pipeline.find import find_pipe

from ..components import COMPONENTS
from ..util import make_tiny_bert, transformer_nlp

KIND = COMPONENTS["efficient"]


@pytest.fixture
def bert(tmp_path):
    return make_tiny_bert(tmp_path / "bert")


def transformer(bert, **settings):
    return {"@architectures": "spacy-gpner.Transformer.v1", "name": bert, "dropout": 0.0, **settings}


@pytest.fixture(params=["scratch", "transformer"])
def pipe(request, bert):
    """A component whose steps are not random."""
    tok2vec = {} if request.param == "scratch" else {"tok2vec": transformer(bert)}
    return KIND.initialized(**tok2vec)


def make_step(nlp, component):
    examples = KIND.examples(nlp)

    def step():
        scores, backprop = component.model.begin_update([eg.x for eg in examples])
        loss, d_scores = component.get_loss(examples, scores)
        backprop(d_scores)
        return loss

    return step


def gradients(model):
    found = [node.get_grad(name).copy().ravel() for node in model.walk() for name in node.grad_names]
    for node in model.walk():
        for shim in node.shims:
            for parameter in shim.module.parameters():
                found.append(
                    numpy.zeros(0) if parameter.grad is None else parameter.grad.flatten().numpy().copy()
                )
    return numpy.concatenate(found)


def clear(model):
    for node in model.walk():
        for name in node.grad_names:
            node.set_grad(name, node.get_grad(name) * 0)
        for shim in node.shims:
            shim.module.zero_grad()


def weights(model):
    return model.to_bytes()


def test_the_second_gradient_is_that_of_the_moved_tables(pipe):
    model, step = pipe[1].model, make_step(*pipe)
    step()
    plain, tables = gradients(model), find_tables(model)
    before = [table.weights.clone() for table in tables]
    for table in tables:
        gradient = table.read_gradient()
        table.weights.add_(0.5 * gradient / gradient.norm())
    clear(model)
    step()
    moved = gradients(model)
    for table, own in zip(tables, before, strict=True):
        table.weights.copy_(own)
    clear(model)

    saved = weights(model)
    loss = FGM(0.5)(model, step)
    numpy.testing.assert_allclose(gradients(model), plain + moved, rtol=1e-4, atol=1e-6)
    assert numpy.abs(plain - moved).max() > 1e-4
    assert weights(model) == saved
    clear(model)
    assert loss == pytest.approx(step())


def test_one_move_of_pgd_is_fgm(pipe):
    model, step = pipe[1].model, make_step(*pipe)
    FGM(0.3)(model, step)
    expected = gradients(model)
    clear(model)
    PGD(epsilon=1.0, alpha=0.3, steps=1)(model, step)
    numpy.testing.assert_allclose(gradients(model), expected, rtol=1e-4, atol=1e-6)


def test_moves_stay_within_epsilon_and_go_uphill(pipe):
    model, step = pipe[1].model, make_step(*pipe)
    tables = find_tables(model)
    before, saved = [table.weights.clone() for table in tables], weights(model)
    places, losses = [], []

    def watched():
        places.append([float((t.weights - own).norm()) for t, own in zip(tables, before, strict=True)])
        losses.append(step())
        return losses[-1]

    PGD(epsilon=0.5, alpha=0.3, steps=3)(model, watched)
    first, *moved = places
    assert max(first) == 0
    assert all(0 < distance < 0.5 + 1e-4 for place in moved for distance in place)
    assert moved[0] == pytest.approx([0.3] * len(tables), rel=1e-3)
    assert min(losses[1:]) > losses[0]
    assert weights(model) == saved


@pytest.mark.parametrize("adversary", [FGM(0.5), PGD()], ids=["fgm", "pgd"])
def test_earlier_batches_move_nothing(pipe, adversary):
    """Where gradients of several are accumulated, each is moved along its own."""
    model, step = pipe[1].model, make_step(*pipe)
    adversary(model, step)
    alone = gradients(model)
    clear(model)
    # Earlier ones that point the other way
    step()
    for node in model.walk():
        for name in node.grad_names:
            node.set_grad(name, -3 * node.get_grad(name))
        for shim in node.shims:
            for parameter in shim.module.parameters():
                if parameter.grad is not None:
                    parameter.grad *= -3
    before = gradients(model)
    adversary(model, step)
    numpy.testing.assert_allclose(gradients(model), before + alone, rtol=1e-3, atol=1e-4)


def test_nothing_is_put_aside_between_steps(pipe):
    nlp, component = pipe
    model, step = component.model, make_step(nlp, component)
    optimizer = nlp.create_optimizer()
    for _ in range(2):
        FGM(0.5)(model, step)
        assert not Gradients([model]).are_zero
        component.finish_update(optimizer)
        assert Gradients([model]).are_zero


@pytest.mark.parametrize("adversary", [FGM(0.5), PGD(steps=3)], ids=["fgm", "pgd"])
def test_what_learns_beside_it_learns_as_often(pipe, adversary):
    model, step = pipe[1].model, make_step(*pipe)
    beside = Linear(1, 1)
    beside.initialize()

    def both():
        beside.inc_grad("b", numpy.ones(1, dtype="float32"))
        return step()

    adversary(model, both, [beside])
    # Of the batch as it is, and of the harder one
    assert beside.get_grad("b") == [2]


@pytest.mark.parametrize("adversary", [FGM(0.5), PGD()], ids=["fgm", "pgd"])
def test_tables_are_put_back_after_an_error(pipe, adversary):
    model, step = pipe[1].model, make_step(*pipe)
    saved, calls = weights(model), []

    def failing():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return step()

    with pytest.raises(KeyboardInterrupt):
        adversary(model, failing)
    assert weights(model) == saved


def test_what_an_adversary_can_not_move_is_refused(bert):
    adversary = {"@misc": "spacy-gpner.FGM.v1", "epsilon": 1.0}
    frozen = {"@architectures": "spacy-gpner.FrozenTransformer.v1", "name": bert, "layers": [1], "width": 8}
    for tok2vec in (frozen, transformer(bert, frozen_layers=1)):
        nlp = KIND.blank(tok2vec=tok2vec, adversary=adversary)
        with pytest.raises(PipelineError, match="the encoder is frozen"):
            nlp.initialize(lambda nlp=nlp: KIND.examples(nlp))
    nlp = transformer_nlp(bert, shared=True)
    find_pipe(nlp).adversary = FGM()
    with pytest.raises(PipelineError, match="shared encoder"):
        nlp.initialize(lambda: KIND.examples(nlp))


@pytest.mark.parametrize(
    ("build", "settings", "message"),
    [
        (FGM, {"epsilon": 0.0}, "epsilon"),
        (FGM, {"epsilon": -1}, "epsilon"),
        (FGM, {"epsilon": float("nan")}, "epsilon"),
        (FGM, {"epsilon": "1"}, "epsilon"),
        (PGD, {"alpha": 0}, "alpha"),
        (PGD, {"steps": 0}, "steps"),
    ],
)
def test_settings_are_checked(build, settings, message):
    with pytest.raises(ValueError, match=f"Invalid {message}|{message}"):
        build(**settings)


def test_a_table_that_parts_share_is_moved_once():
    class Encoder(torch.nn.Module):
        def __init__(self, table, *parts):
            super().__init__()
            self.table, self.parts = table, torch.nn.ModuleList(parts)

        def get_input_embeddings(self):
            return self.table

    table = torch.nn.Embedding(3, 2)
    assert len(find_tables(PyTorchWrapper(Encoder(table, Encoder(table))))) == 1
    assert len(find_tables(PyTorchWrapper(Encoder(table, Encoder(torch.nn.Embedding(3, 2)))))) == 2


def test_a_table_without_gradient_stays():
    model = KIND.initialized()[1].model
    saved = weights(model)
    FGM()(model, lambda: 0.0)
    assert weights(model) == saved


def test_adversaries_do_not_change_the_random_numbers_of_the_first_step():
    """The loss that is logged is that of the batch as it is; what is learned is not."""
    losses, learned = [], []
    for settings in ({}, {"adversary": {"@misc": "spacy-gpner.FGM.v1"}}):
        nlp, component = KIND.initialized(**settings)
        fix_random_seed(0)
        losses.append(nlp.update(KIND.examples(nlp), drop=0.2, sgd=Adam(0.01))["span_globalpointer"])
        learned.append(weights(component.model))
    assert losses[0] == losses[1]
    assert learned[0] != learned[1]
