"""Adversaries: small moves of the embedding tables that make a batch harder, so that a model learns to bear
them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import torch
from spacy.util import registry
from thinc.api import Model, PyTorchShim, xp2torch
from torch import Tensor

from ..checks import check_count, is_number
from ..errors import PipelineError
from .transformers.frozen import frozen_encoders

T = TypeVar("T")

# Name of the parameter of thinc's embedding layers
TABLE = "E"


class Adversary(ABC):
    """Makes steps of training harder."""

    @abstractmethod
    def __call__(self, model: Model, step: Callable[[], T], also: Iterable[Model] = ()) -> T:
        """Make a step of training, and learn from the same batch where it is harder. Afterwards the weights
        are what they were, bit for bit, and the gradients are the sum of both, and of what was there before.

        model (Model): What learns.
        step (Callable[[], T]): Adds the gradients of a batch to those of the model.
        also (Iterable[Model]): What learns from the same batch, and has no tables to move.
        RETURNS (T): What the first step gave.
        """


@registry.misc("spacy-gpner.FGM.v1")
class FGM(Adversary):
    """The fast gradient method (Miyato et al., 2017; section 3.2 of paper 4): each embedding table is moved
    by ε g / ‖g‖ along its gradient g.

    epsilon (float): ε, above 0.
    RAISES (ValueError): If it is not.
    """

    def __init__(self, epsilon: float = 1.0) -> None:
        _check_positive("epsilon", epsilon)
        self.epsilon = epsilon

    def __call__(self, model: Model, step: Callable[[], T], also: Iterable[Model] = ()) -> T:
        """See `Adversary`."""
        with _put_aside([model, *also]):
            result = step()
            tables = find_tables(model)
            with _restored(tables):
                for table in tables:
                    table.move(self.epsilon)
                step()
        return result


@registry.misc("spacy-gpner.PGD.v1")
class PGD(Adversary):
    """Projected gradient descent (Madry et al., 2018): several smaller moves, each along the gradient where
    the one before has led, and never further than ε from the tables. Only the last place is learned from.

    epsilon (float): ε, above 0.
    alpha (float): How far a move goes, above 0.
    steps (int): How many moves there are, each of which takes a pass forwards and backwards.
    RAISES (ValueError): If a setting is out of range.
    """

    def __init__(self, epsilon: float = 1.0, alpha: float = 0.3, steps: int = 3) -> None:
        _check_positive("epsilon", epsilon)
        _check_positive("alpha", alpha)
        check_count("steps", steps, "at least 1 move")
        self.epsilon, self.alpha, self.steps = epsilon, alpha, steps

    def __call__(self, model: Model, step: Callable[[], T], also: Iterable[Model] = ()) -> T:
        """See `Adversary`."""
        learning = [model, *also]
        with _put_aside(learning):
            result = step()
            tables = find_tables(model)
            gradients = _Gradients(learning)
            with _restored(tables) as weights:
                for number in range(self.steps):
                    for table, before in zip(tables, weights, strict=True):
                        table.move(self.alpha)
                        table.stay_within(self.epsilon, before)
                    if number < self.steps - 1:
                        gradients.clear()
                        step()
                gradients.restore()
                step()
        return result


def _check_positive(name: str, value: Any) -> None:
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"Invalid {name}: {value!r}. Expected a number above 0.")


@dataclass(frozen=True)
class Table:
    """An embedding table that learns.

    weights (Tensor): Its vectors, in the memory where they are.
    read_gradient (Callable[[], Optional[Tensor]]): Gives their gradient; None before there is one.
    """

    weights: Tensor
    read_gradient: Callable[[], Tensor | None]

    def move(self, distance: float) -> None:
        """Move it along its gradient.

        distance (float): How far.
        """
        gradient = self.read_gradient()
        norm = 0.0 if gradient is None else float(gradient.norm())
        if gradient is not None and 0 < norm < math.inf:
            self.weights.add_(gradient, alpha=distance / norm)

    def stay_within(self, distance: float, before: Tensor) -> None:
        """Bring it back where it has gone too far.

        distance (float): How far it can be from where it was.
        before (Tensor): What it was.
        """
        moved = self.weights - before
        norm = float(moved.norm())
        if norm > distance:
            self.weights.copy_(before + moved * (distance / norm))


def find_tables(model: Model) -> list[Table]:
    """The embedding tables of a model that learn: those of thinc's layers, and those of transformers.

    model (Model): The model.
    RETURNS (List[Table]): The tables.
    """
    tables: list[Table] = []
    frozen = frozen_encoders(model)
    for node in model.walk():
        if node in frozen:
            continue
        if node.has_param(TABLE):
            tables.append(Table(xp2torch(node.get_param(TABLE)), partial(_gradient, node)))
        for module in _modules(node):
            # A part can share its table with the whole
            found = {id(x): x for x in map(_input_table, module.modules()) if x is not None}
            tables += [Table(x.data, partial(getattr, x, "grad")) for x in found.values()]
    return tables


def require_tables(model: Model, name: str) -> None:
    """Refuse a model that an adversary can't move.

    model (Model): The model, initialized.
    name (str): The component's name.
    RAISES (PipelineError): If its vectors come from a shared encoder, or no embedding table learns.
    """
    if any(hasattr(node, "upstream_name") for node in model.walk()):
        raise PipelineError(
            f"[{name}] An adversary moves the embedding tables of the component's own encoder, and this one "
            "listens to a shared encoder. Give it an encoder of its own as its tok2vec, or set adversary to "
            "null."
        )
    if not find_tables(model):
        raise PipelineError(
            f"[{name}] An adversary moves embedding tables that learn, and there is none: the encoder is "
            "frozen. Fine-tune it (spacy-gpner.Transformer.v1 with frozen_layers = 0), add "
            "spacy-gpner.CharNgramEmbed.v1, or set adversary to null."
        )


def _gradient(node: Model) -> Tensor | None:
    return xp2torch(node.get_grad(TABLE)) if node.has_grad(TABLE) else None


def _modules(node: Model) -> Iterator[torch.nn.Module]:
    for shim in node.shims:
        if isinstance(shim, PyTorchShim) and isinstance(shim._model, torch.nn.Module):
            yield shim._model


def _input_table(part: torch.nn.Module) -> torch.nn.Parameter | None:
    """The table of a transformer's pieces, if this is one and it learns."""
    read: Any = getattr(part, "get_input_embeddings", None)
    try:
        weights = None if read is None else getattr(read(), "weight", None)
    except NotImplementedError:
        return None
    return weights if isinstance(weights, torch.nn.Parameter) and weights.requires_grad else None


@contextmanager
def _restored(tables: Sequence[Table]) -> Iterator[list[Tensor]]:
    """Put back what tables hold now, whatever happens. Gives copies of it."""
    before = [table.weights.clone() for table in tables]
    try:
        yield before
    finally:
        for table, weights in zip(tables, before, strict=True):
            table.weights.copy_(weights)


@contextmanager
def _put_aside(models: Sequence[Model]) -> Iterator[None]:
    """Begin without the gradients of earlier batches, which are not this one's, and add them in the end."""
    earlier = _Gradients(models)
    earlier.clear()
    try:
        yield
    finally:
        earlier.add()


class _Gradients:
    """The gradients of models, to be put aside and added to later."""

    def __init__(self, models: Sequence[Model]) -> None:
        nodes = [node for model in models for node in model.walk()]
        self._of_thinc = [
            (node, name, node.get_grad(name).copy()) for node in nodes for name in node.grad_names
        ]
        parameters = [p for node in nodes for x in _modules(node) for p in x.parameters()]
        self._of_torch = [(p, None if p.grad is None else p.grad.clone()) for p in parameters]

    def clear(self) -> None:
        """Start anew."""
        for node, name, gradient in self._of_thinc:
            node.set_grad(name, gradient * 0)
        for parameter, _ in self._of_torch:
            parameter.grad = None

    def add(self) -> None:
        """Add those that were put aside to those that there are."""
        for node, name, gradient in self._of_thinc:
            node.inc_grad(name, gradient)
        for parameter, own in self._of_torch:
            if own is not None:
                parameter.grad = own if parameter.grad is None else parameter.grad.add_(own)

    def restore(self) -> None:
        """Put back those that were put aside."""
        for node, name, gradient in self._of_thinc:
            node.set_grad(name, gradient.copy())
        for parameter, own in self._of_torch:
            parameter.grad = None if own is None else own.clone()
