"""Adversaries: small moves of the embedding tables that make a batch harder, so that a model learns to bear
them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy
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
            with _restored(find_tables(model)) as looked_up:
                for rows in looked_up:
                    rows.move(self.epsilon)
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
            gradients = Gradients(learning)
            with _restored(find_tables(model)) as looked_up:
                for number in range(self.steps):
                    for rows in looked_up:
                        rows.move(self.alpha)
                        rows.stay_within(self.epsilon)
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

    @property
    def looked_up(self) -> "Rows":
        """The rows that a batch has looked up, which are few: those with a gradient."""
        gradient = self.read_gradient()
        index = torch.zeros(0, dtype=torch.long) if gradient is None else _rows(gradient)
        index = index.to(self.weights.device)
        return Rows(self, index, self.weights[index])


@dataclass(frozen=True)
class Rows:
    """Some rows of a table.

    table (Table): The table.
    index (Tensor): Which rows, shape (R,).
    before (Tensor): What they held, shape (R, width).
    """

    table: Table
    index: Tensor
    before: Tensor

    def move(self, distance: float) -> None:
        """Move them along the table's gradient.

        distance (float): How far.
        """
        gradient = self.table.read_gradient()
        if gradient is None:
            return
        gradient = gradient[self.index]
        norm = float(gradient.norm())
        if 0 < norm < math.inf:
            self.table.weights.index_add_(0, self.index, gradient, alpha=distance / norm)

    def stay_within(self, distance: float) -> None:
        """Bring them back where they have gone too far.

        distance (float): How far they can be from where they were.
        """
        moved = self.table.weights[self.index] - self.before
        norm = float(moved.norm())
        if norm > distance:
            self.table.weights[self.index] = self.before + moved * (distance / norm)

    def restore(self) -> None:
        """Put back what they held."""
        self.table.weights[self.index] = self.before


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
            tables.append(Table(_share(node.get_param(TABLE)), partial(_gradient, node)))
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
            "frozen. Fine-tune it (spacy-gpner.Transformer.v1 with frozen_layers = 0; of span_mrc "
            "spacy-gpner.QueryTransformer.v1), add spacy-gpner.CharNgramEmbed.v1, or set adversary to null."
        )


def _gradient(node: Model) -> Tensor | None:
    return _share(node.get_grad(TABLE)) if node.has_grad(TABLE) else None


def _share(array: Any) -> Tensor:
    """An array as a tensor in the same memory."""
    return torch.from_numpy(array) if isinstance(array, numpy.ndarray) else xp2torch(array)


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


def _rows(gradient: Tensor) -> Tensor:
    """Which rows of a gradient are not 0."""
    rows = gradient.flatten(1) if gradient.ndim > 1 else gradient[:, None]
    return torch.einsum("ij,ij->i", rows, rows).nonzero()[:, 0]


@contextmanager
def _restored(tables: Sequence[Table]) -> Iterator[list[Rows]]:
    """Put back what tables hold now, whatever happens. Gives the rows that were looked up."""
    looked_up = [table.looked_up for table in tables]
    try:
        yield looked_up
    finally:
        for rows in looked_up:
            rows.restore()


@contextmanager
def _put_aside(models: Sequence[Model]) -> Iterator[None]:
    """Begin without the gradients of earlier batches, which are not this one's, and add them in the end."""
    earlier = Gradients(models)
    if not earlier.are_zero:
        earlier.clear()
    try:
        yield
    finally:
        earlier.add()


class Gradients:
    """The gradients of models, to be put aside and added to later. Of thinc's, the rows that are not 0: in an
    embedding table few are."""

    def __init__(self, models: Sequence[Model]) -> None:
        nodes = [node for model in models for node in model.walk()]
        self._of_thinc = []
        for gradient in (_share(node.get_grad(name)) for node in nodes for name in node.grad_names):
            index = _rows(gradient)
            self._of_thinc.append((gradient, index, gradient[index]))
        parameters = [p for node in nodes for x in _modules(node) for p in x.parameters()]
        # Between steps thinc leaves zeros
        self._of_torch = [
            (p, p.grad.clone() if p.grad is not None and p.grad.any() else None) for p in parameters
        ]

    @property
    def are_zero(self) -> bool:
        """Whether there is nothing to put aside."""
        of_thinc, of_torch = self._of_thinc, self._of_torch
        return not any(len(index) for _, index, _ in of_thinc) and all(own is None for _, own in of_torch)

    def clear(self) -> None:
        """Start anew."""
        for gradient, _, _ in self._of_thinc:
            gradient.zero_()
        for parameter, _ in self._of_torch:
            parameter.grad = None

    def add(self) -> None:
        """Add those that were put aside to those that there are."""
        for gradient, index, values in self._of_thinc:
            gradient.index_add_(0, index, values)
        for parameter, own in self._of_torch:
            if own is not None:
                parameter.grad = own if parameter.grad is None else parameter.grad.add_(own)

    def restore(self) -> None:
        """Put back those that were put aside."""
        for gradient, index, values in self._of_thinc:
            gradient.zero_()
            gradient[index] = values
        for parameter, own in self._of_torch:
            parameter.grad = None if own is None else own.clone()
