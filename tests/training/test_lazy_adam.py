"""Adam that leaves alone what a batch has not looked up."""

import numpy
import pytest
import torch
from spacy.util import registry
from thinc.api import Adam, Embed, HashEmbed

from spacy_gpner.training.lazy_adam import LARGE, create_lazy_adam

KEY = (1, "E")
SETTINGS = {"L2": 0.0, "grad_clip": 0.0, "use_averages": False}


def gradients(rows, n_rows=7, width=3, steps=6):
    rng = numpy.random.default_rng(0)
    for step in range(steps):
        gradient = numpy.zeros((n_rows, width), dtype="f")
        chosen = rows[step % len(rows)]
        gradient[chosen] = rng.normal(size=(len(chosen), width))
        yield gradient


@pytest.mark.parametrize("settings", [SETTINGS, {"L2": 0.1, "grad_clip": 0.5, "use_averages": True}])
def test_where_every_row_is_seen_it_is_adam(settings):
    lazy, dense = create_lazy_adam(0.1, **settings), Adam(0.1, **settings)
    ours, theirs = numpy.ones((7, 3), dtype="f"), numpy.ones((7, 3), dtype="f")
    for gradient in gradients([range(7)]):
        lazy(KEY, ours, gradient.copy())
        dense(KEY, theirs, gradient)
    numpy.testing.assert_allclose(ours, theirs, rtol=1e-6)
    if settings["use_averages"]:
        numpy.testing.assert_allclose(lazy.averages[KEY], dense.averages[KEY], rtol=1e-6)


def test_where_few_rows_are_seen_it_is_sparse_adam():
    """torch's SparseAdam, which needs sparse gradients, is the oracle."""
    lazy = create_lazy_adam(0.1, **SETTINGS)
    ours = numpy.ones((7, 3), dtype="f")
    theirs = torch.ones(7, 3, requires_grad=True)
    sparse = torch.optim.SparseAdam([theirs], lr=0.1, eps=1e-8)
    for gradient in gradients([[0, 2], [2, 5], [6]]):
        theirs.grad = torch.from_numpy(gradient.copy()).to_sparse(1)
        sparse.step()
        lazy(KEY, ours, gradient)
        assert not gradient.any()
    numpy.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-5)
    assert (ours[[1, 3, 4]] == 1).all()
    assert (ours[[0, 2, 5, 6]] != 1).all()


def test_other_parameters_are_adams():
    lazy, dense = create_lazy_adam(0.1, **SETTINGS), Adam(0.1, **SETTINGS)
    ours, theirs = numpy.ones((7, 3), dtype="f"), numpy.ones((7, 3), dtype="f")
    for gradient in gradients([[0, 2], [2, 5], [6]]):
        lazy((1, "W"), ours, gradient.copy())
        dense((1, "W"), theirs, gradient)
    numpy.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        {"L2": 0.1, "grad_clip": 0.5, "use_averages": True},
        {"L2": 0.1, "L2_is_weight_decay": False, "grad_clip": 0.0, "use_averages": False, "eps": 1e-3},
    ],
)
@pytest.mark.parametrize(
    "make", [lambda shape: numpy.ones(shape, "f"), lambda shape: numpy.ones(shape[::-1], "f").T]
)
def test_large_parameters_are_adams(settings, make):
    """Those that torch's kernels move."""
    shape = (256, LARGE // 256)
    lazy, dense = create_lazy_adam(0.01, **settings), Adam(0.01, **settings)
    ours, theirs = make(shape), make(shape)
    rng = numpy.random.default_rng(0)
    for _ in range(5):
        gradient = rng.normal(size=shape).astype("f")
        mine = gradient.copy()
        # Who calls takes what is returned
        ours, mine = lazy((1, "W"), ours, mine)
        theirs, _ = dense((1, "W"), theirs, gradient)
        assert not mine.any()
    numpy.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    for name in ("mom1", "mom2", "nr_update"):
        numpy.testing.assert_allclose(
            getattr(lazy, name)[1, "W"], getattr(dense, name)[1, "W"], rtol=1e-4, atol=1e-7
        )
    if settings["use_averages"]:
        numpy.testing.assert_allclose(lazy.averages[1, "W"], dense.averages[1, "W"], rtol=1e-5)


def test_tables_of_three_dimensions_are_adams():
    lazy, dense = create_lazy_adam(0.1, **SETTINGS), Adam(0.1, **SETTINGS)
    ours, theirs = numpy.ones((2, 3, 4), dtype="f"), numpy.ones((2, 3, 4), dtype="f")
    gradient = numpy.random.default_rng(0).normal(size=(2, 3, 4)).astype("f")
    lazy(KEY, ours, gradient.copy())
    dense(KEY, theirs, gradient)
    numpy.testing.assert_array_equal(ours, theirs)


def test_a_batch_that_looks_nothing_up():
    lazy = create_lazy_adam(0.1, **SETTINGS)
    weights = numpy.ones((7, 3), dtype="f")
    lazy(KEY, weights, numpy.zeros((7, 3), dtype="f"))
    assert (weights == 1).all()


@pytest.mark.parametrize("layer", [HashEmbed, Embed])
def test_tables_of_thinc_are_found(layer):
    """Their parameter has the name that the optimizer knows tables by."""
    model = layer(nO=4, nV=50)
    model.initialize()
    before = model.get_param("E").copy()
    lazy = create_lazy_adam(0.1, **SETTINGS)
    output, backprop = model.begin_update(model.ops.asarray1i([3, 3]).astype("uint64"))
    for _ in range(2):
        backprop(output)
        model.finish_update(lazy)
    moved = (model.get_param("E") != before).any(axis=1).sum()
    assert 1 <= moved <= 4
    moved_at_once = model.get_param("E").copy()
    backprop(output * 0)
    model.finish_update(lazy)
    numpy.testing.assert_array_equal(model.get_param("E"), moved_at_once)


def test_from_a_config():
    block = {
        "@optimizers": "spacy-gpner.LazyAdam.v1",
        "learn_rate": {
            "@schedules": "warmup_linear.v1",
            "initial_rate": 0.1,
            "warmup_steps": 2,
            "total_steps": 9,
        },
    }
    optimizer = registry.resolve({"optimizer": block})["optimizer"]
    rates = []
    for _ in range(3):
        rates.append(optimizer.learn_rate)
        optimizer.step_schedules()
    assert len(set(rates)) == 3
