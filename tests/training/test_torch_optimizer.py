"""torch's optimizers do in thinc what they do in torch."""

import numpy
import pytest
import torch
from spacy.util import registry

from spacy_gpner.training.slots import Slot, dump_optimizer, restore_optimizer
from spacy_gpner.training.torch_optimizer import NAMES

KEY = (7, "weight")
SETTINGS = {"SGD": {"momentum": 0.9}, "AdamW": {"weight_decay": 0.1}}


def make(name="Adam", learn_rate=0.1, **settings):
    config = {"@optimizers": "spacy-gpner.TorchOptimizer.v1", "name": name, "learn_rate": learn_rate}
    return registry.resolve({"optimizer": {**config, "grad_clip": 0.0, **settings}})["optimizer"]


def gradients(n=6):
    rng = numpy.random.default_rng(0)
    return [rng.normal(size=(3, 2)).astype("float32") for _ in range(n)]


def run(optimizer, weights, given, key=KEY):
    for gradient in given:
        gradient = gradient.copy()
        weights, gradient = optimizer(key, weights, gradient)
        assert not gradient.any()
        optimizer.step_schedules()
    return weights


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_those_of_torch(name):
    settings = SETTINGS.get(name, {})
    ours = run(make(name, settings=settings), numpy.ones((3, 2), dtype="float32"), gradients())
    parameter = torch.nn.Parameter(torch.ones(3, 2))
    optimizer = getattr(torch.optim, name)([parameter], lr=0.1, **settings)
    for gradient in gradients():
        parameter.grad = torch.from_numpy(gradient)
        optimizer.step()
    numpy.testing.assert_allclose(ours, parameter.detach().numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lookahead", [0, 2])
def test_what_it_keeps_is_restored(name, lookahead):
    settings = {"settings": SETTINGS.get(name, {}), "lookahead": lookahead, "use_averages": True}
    whole, first, second = (make(name, **settings) for _ in range(3))
    start = numpy.ones((3, 2), dtype="float32")
    expected = run(whole, start.copy(), gradients())
    half = run(first, start.copy(), gradients()[:3])
    slots = {KEY: Slot("layer.weight", (3, 2), "float32")}
    restore_optimizer(second, slots, *dump_optimizer(first, slots))
    numpy.testing.assert_array_equal(run(second, half, gradients()[3:]), expected)
    numpy.testing.assert_array_equal(second.averages[KEY], whole.averages[KEY])


def test_lookahead_goes_back_a_part_of_the_way():
    plain, ahead = make("SGD"), make("SGD", lookahead=3, lookahead_alpha=0.25)
    start = numpy.ones((3, 2), dtype="float32")
    far = run(plain, start.copy(), gradients(3))
    numpy.testing.assert_allclose(run(ahead, start.copy(), gradients(3)), start + 0.25 * (far - start))
    two = run(make("SGD", lookahead=3), start.copy(), gradients(2))
    numpy.testing.assert_array_equal(two, run(make("SGD"), start.copy(), gradients(2)))


def test_rates_by_part_schedules_and_clipping():
    optimizer = make("SGD", lr_scale={"transformer.*": 0.1, "*bias": 0.0})
    for name, scale in (("transformer.bias", 0.1), ("bias", 0.0), ("weight", 1.0)):
        moved = run(optimizer, numpy.zeros((3, 2), dtype="float32"), gradients(1), (1, name))
        numpy.testing.assert_allclose(moved, -0.1 * scale * gradients(1)[0], rtol=1e-6)
    schedule = {"@schedules": "compounding.v1", "start": 0.1, "stop": 1.0, "compound": 2.0}
    moved = run(make("SGD", schedule), numpy.zeros((3, 2), dtype="float32"), gradients(2))
    numpy.testing.assert_allclose(moved, -0.1 * gradients(2)[0] - 0.2 * gradients(2)[1], rtol=1e-5)
    moved = run(make("SGD", 1.0, grad_clip=0.5), numpy.zeros((3, 2), dtype="float32"), gradients(1))
    assert numpy.linalg.norm(moved) == pytest.approx(0.5, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "Lion"}, "Expected one of torch's optimizers"),
        ({"settings": {"momentums": 0.9}}, "Invalid settings of torch's Adam"),
        ({"settings": {"betas": [2.0, 0.9]}}, "Invalid settings of torch's Adam"),
        ({"settings": {"betas": [0.9]}}, "Invalid settings of torch's Adam, .*betas"),
        ({"settings": {"weight_decay": "x"}}, "Invalid settings of torch's Adam, .*weight_decay"),
        ({"learn_rate": -1.0}, "learn_rate"),
        ({"grad_clip": -1.0}, "grad_clip"),
        ({"lookahead_alpha": 0}, "lookahead_alpha"),
        ({"lookahead": -1}, "lookahead"),
        ({"lookahead_alpha": 1.5}, "lookahead_alpha"),
        ({"lr_scale": {"*": -1.0}}, "lr_scale"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        make(**settings)
