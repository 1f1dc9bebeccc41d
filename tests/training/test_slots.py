"""Names of parameters, and what an optimizer keeps for them."""

import numpy
import pytest
import torch
from thinc.api import Adam, Linear, PyTorchWrapper, chain, noop

from spacy_gpner.models.torch_layer import LazyTorchShim
from spacy_gpner.training.slots import dump_optimizer, find_slots, keep_apart, restore_optimizer

from .line import SlowWeights


class Bias(torch.nn.Module):
    """A module with a parameter of the name that thinc's layers have."""

    def __init__(self):
        super().__init__()
        self.b = torch.nn.Parameter(torch.zeros(5))


def make_model():
    model = chain(Linear(5, 2), PyTorchWrapper(Bias()))
    model.initialize()
    return model


def collide(model):
    linear, wrapper = model.layers
    wrapper.shims[0].id = linear.id
    return linear, wrapper


def test_names_outlive_the_process():
    one, other = ({"a": make_model(), "b": make_model()} for _ in range(2))
    names = [slot.name for slot in find_slots(one).values()]
    assert names == [slot.name for slot in find_slots(other).values()]
    assert sorted(names) == sorted(f"{name}.{own}" for name in "ab" for own in ("1.W", "1.b", "2.shim0.b"))
    assert not set(find_slots(one)) & set(find_slots(other))


def test_a_shared_layer_has_one_name():
    shared = Linear(5, 5)
    models = {"a": chain(shared, Linear(5, 5)), "b": chain(shared, Linear(5, 5))}
    for model in models.values():
        model.initialize(X=numpy.zeros((1, 5), "f"))
    assert len({slot.name for slot in find_slots(models).values()}) == len(find_slots(models)) == 6


def test_what_has_not_been_initialized_has_none():
    model = chain(Linear(), noop())
    model.shims.append(LazyTorchShim(Bias))
    assert not find_slots({"a": model})


def test_ids_that_collide_are_kept_apart():
    """Without that, one state of the optimizer serves two parameters."""
    model = make_model()
    linear, wrapper = collide(model)
    assert len(find_slots({"a": model})) == 2
    keep_apart({"a": model})
    assert linear.id != wrapper.shims[0].id
    assert len(find_slots({"a": model})) == 3
    before = wrapper.shims[0].id
    keep_apart({"a": model})
    assert wrapper.shims[0].id == before


def test_other_names_can_share_an_id():
    model = chain(Linear(5, 2), PyTorchWrapper(torch.nn.Linear(5, 1)))
    model.initialize()
    linear, wrapper = collide(model)
    keep_apart({"a": model})
    assert linear.id == wrapper.shims[0].id
    assert len(find_slots({"a": model})) == 4


@pytest.mark.parametrize("make", [Adam, SlowWeights])
def test_whatever_an_optimizer_keeps(make):
    optimizer, again = make(0.1), make(0.1)
    model, other = make_model(), make_model()
    for key, slot in find_slots({"a": model}).items():
        for _ in range(2):
            optimizer(key, numpy.ones(slot.shape, "f"), numpy.ones(slot.shape, "f"))
    optimizer((10**9, "W"), numpy.ones(3, "f"), numpy.ones(3, "f"))
    arrays, numbers = dump_optimizer(optimizer, find_slots({"a": model}))
    kept = {"mom1", "mom2", "averages"} | ({"slow"} if make is SlowWeights else set())
    assert {name.partition("/")[0] for name in arrays} == kept
    assert set(numbers) == {"nr_update"} | ({"rates"} if make is SlowWeights else set())
    restore_optimizer(again, find_slots({"a": other}), arrays, numbers)
    copied, numbers_copied = dump_optimizer(again, find_slots({"a": other}))
    assert numbers_copied == numbers
    assert copied.keys() == arrays.keys()
    for name, array in arrays.items():
        numpy.testing.assert_array_equal(copied[name], array)


FLOATS = numpy.ones((2, 5), "f")


@pytest.mark.parametrize(
    ("arrays", "numbers", "message"),
    [
        ({"mom3/a.1.b": FLOATS[:, 0]}, {}, "keeps no 'mom3'"),
        ({"schedules/a.1.b": FLOATS[:, 0]}, {}, "keeps no 'schedules'"),
        ({"learn_rate/a.1.b": FLOATS[:, 0]}, {}, "keeps no 'learn_rate'"),
        ({"mom1": FLOATS[:, 0]}, {}, "no parameter ''"),
        ({"mom1/a.7.b": FLOATS[:, 0]}, {}, "no parameter 'a.7.b'"),
        ({"mom1/a.1.b": FLOATS[0, :4]}, {}, "'mom1' of 'a.1.b'"),
        ({"mom1/a.1.W": FLOATS.T}, {}, "'mom1' of 'a.1.W'"),
        ({"averages/a.1.W": FLOATS.reshape(-1)}, {}, "'averages' of 'a.1.W'"),
        ({"mom1/a.1.W": FLOATS.astype("f8")}, {}, "'mom1' of 'a.1.W'"),
        ({"mom1/a.1.W": FLOATS.astype("i4")}, {}, "'mom1' of 'a.1.W'"),
        ({"nr_update/a.1.W": FLOATS}, {}, "'nr_update' of 'a.1.W'"),
        ({}, {"mom1": {"a.1.W": 1.0}}, "'mom1' of 'a.1.W'"),
        ({}, {"nr_update": {"a.1.W": 1.5}}, "'nr_update' of 'a.1.W'"),
        ({}, {"nr_update": {"a.1.W": -1}}, "'nr_update' of 'a.1.W'"),
        ({}, {"nr_update": {"a.7.W": 1}}, "no parameter 'a.7.W'"),
        ({}, {"__class__": {"a.1.W": 1}}, "keeps no '__class__'"),
    ],
)
def test_what_does_not_fit_is_refused_whole(arrays, numbers, message):
    optimizer = Adam(0.1)
    slots = find_slots({"a": chain(Linear(2, 5).initialize(), Linear(2, 2).initialize())})
    good = {"mom2/a.1.b": numpy.ones(2, "f")}
    with pytest.raises(ValueError, match=message):
        restore_optimizer(optimizer, slots, {**good, **arrays}, numbers)
    assert not optimizer.mom2
    restore_optimizer(optimizer, slots, good, {})
    assert len(optimizer.mom2) == 1
