"""A course with no pipeline in it: a line through points, by a thinc layer and a torch module."""

import random

import numpy
import torch
from thinc.api import Linear, Optimizer, PyTorchWrapper, chain, fix_random_seed

from spacy_gpner.training.course import Pace


class Killed(BaseException):
    pass


class SlowWeights(Optimizer):
    """Every third update moves slow weights, and the weights go back to them (Zhang et al., 2019)."""

    __slots__ = ("rates", "slow")

    def __init__(self, learn_rate):
        super().__init__(learn_rate)
        self.slow = {}
        self.rates = {}

    def __call__(self, key, weights, gradient, *, lr_scale=1.0):
        self.slow.setdefault(key, weights.copy())
        self.rates[key] = 0.5 * self.rates.get(key, 1.0) + 0.25
        weights, gradient = super().__call__(key, weights, gradient, lr_scale=lr_scale * self.rates[key])
        if self.nr_update[key] % 3 == 0:
            self.slow[key] += 0.5 * (weights - self.slow[key])
            weights[:] = self.slow[key]
        return weights, gradient


class Line:
    """Learns a line from twelve points, four at a time."""

    done = "drawn.json"

    def __init__(self, optimizer, *, killed_at=None, pace=None, **identity):
        self.optimizer = optimizer
        self.pace = pace or Pace(eval_frequency=4, max_steps=20)
        self.identity = {"points": 12, **identity}
        self.killed_at = killed_at
        fix_random_seed(1)
        self.model = chain(Linear(5, 2), PyTorchWrapper(torch.nn.Linear(5, 1)))
        self.model.initialize()
        self.learning = {"line": self.model}
        self.points = numpy.random.default_rng(0).normal(size=(12, 2)).astype("f")
        self.steps = []
        self.evaluated = []

    def prepare(self):
        fix_random_seed(2)

    def batches(self):
        for epoch in range(100):
            random.shuffle(points := list(self.points))
            for start in range(0, 12, 4):
                yield epoch, points[start : start + 4]

    def step(self, batch, losses, *, number, epoch):
        if number == self.killed_at:
            raise Killed
        x = numpy.stack(batch) + 0.1 * torch.randn(4, 2).numpy()
        y, backprop = self.model.begin_update(x)
        gap = y - x.sum(1, keepdims=True)
        backprop(2 * gap)
        self.model.finish_update(self.optimizer)
        losses["line"] = losses.get("line", 0.0) + float((gap**2).sum())
        self.steps.append((number, epoch))

    def weights(self):
        linear, wrapper = self.model.layers
        module = wrapper.shims[0]._model
        return [
            linear.get_param("W"),
            linear.get_param("b"),
            *(p.detach().numpy() for p in module.parameters()),
        ]

    def evaluate(self, losses):
        self.evaluated.append([x.copy() for x in self.weights()])
        gap = self.model.predict(self.points) - self.points.sum(1, keepdims=True)
        return -float((gap**2).mean()), {"losses seen": len(losses)}

    def save(self, directory):
        self.model.to_disk(directory / "line")

    def to_disk(self, directory):
        self.save(directory)

    def from_disk(self, directory):
        self.model.from_disk(directory / "line")


def quiet():
    """A logger that says nothing."""
    return lambda info: None, lambda: None
