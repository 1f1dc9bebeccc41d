"""A name for each parameter that outlives the process, and what an optimizer keeps for it."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, cast

import numpy
import torch
from thinc.api import Model, Optimizer, PyTorchShim, get_current_ops

from ..errors import TrainingError

# How an optimizer knows a parameter: the id of its node or shim, and its name there.
Key = tuple[int, str]
# What it keeps, by attribute and slot
Numbers = dict[str, dict[str, int | float]]

FLOAT = "float32"
# Attributes of thinc's optimizers: the one dictionary that is not keyed by parameter, and the others
SCHEDULES = "schedules"
AVERAGES = "averages"
ARRAYS = ("mom1", "mom2", AVERAGES)
COUNTS = ("nr_update", "last_seen")


@dataclass(frozen=True)
class Slot:
    """A parameter.

    name (str): Its name.
    shape (Tuple[int, ...]): Its shape.
    dtype (str): Its type.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    def fits(self, attribute: str, state: Any) -> bool:
        """Whether an optimizer can keep something for the parameter.

        attribute (str): Under which of its attributes.
        state (Any): What it is: a number, or an array of the parameter's shape or flat.
        RETURNS (bool): Whether it can. Of attributes that thinc doesn't know, only type and size are checked.
        """
        if attribute in COUNTS:
            return type(state) is int and state >= 0
        if type(state) in (int, float):
            return attribute not in ARRAYS
        if not hasattr(state, "shape"):
            return False
        shapes = [self.shape] if attribute == AVERAGES else [self.shape, (prod(self.shape),)]
        return state.shape in shapes and str(state.dtype) in (FLOAT, self.dtype)


def find_slots(learning: Mapping[str, Model]) -> dict[Key, Slot]:
    """Name parameters.

    learning (Mapping[str, Model]): The models, by name.
    RETURNS (Dict[Tuple[int, str], Slot]): A slot for each parameter that has been initialized, by the key
        that an optimizer has for it.
    """
    slots: dict[Key, Slot] = {}
    for name, model in learning.items():
        for i, node in enumerate(model.walk()):
            for param in node.param_names:
                if node.has_param(param):
                    weights: Any = node.get_param(param)
                    slot = Slot(f"{name}.{i}.{param}", weights.shape, str(weights.dtype))
                    slots.setdefault((node.id, param), slot)
            for shim_id, shim, param, tensor in _shim_parameters(node):
                dtype = str(tensor.dtype).removeprefix("torch.")
                slot = Slot(f"{name}.{i}.shim{shim}.{param}", tuple(tensor.shape), dtype)
                slots.setdefault((shim_id, param), slot)
    return slots


def _shim_parameters(node: Model) -> Iterator[tuple[int, int, str, torch.Tensor]]:
    """Id and number of each shim of a node that holds a torch module, and its parameters."""
    for i, shim in enumerate(node.shims):
        module = getattr(shim, "_model", None)
        if isinstance(module, torch.nn.Module):
            for name, tensor in module.named_parameters():
                yield shim.id, i, name, tensor


def keep_apart(learning: Mapping[str, Model]) -> None:
    """See to it that an optimizer takes no two parameters for one. The ids of nodes and of shims come from
    two counters, so that a node and a shim can have the same; if they have a parameter of the same name too,
    the shim gets another id. To be called before the first step.

    learning (Mapping[str, Model]): The models, by name.
    """
    nodes = [node for model in learning.values() for node in model.walk()]
    taken = {(node.id, name) for node in nodes for name in node.param_names}
    for node in nodes:
        names: dict[int, list[str]] = {}
        for _, i, name, _ in _shim_parameters(node):
            names.setdefault(i, []).append(name)
        for i, own in names.items():
            while any((node.shims[i].id, name) in taken for name in own):
                node.shims[i].id = PyTorchShim(None).id


def dump_optimizer(
    optimizer: Optimizer, slots: Mapping[Key, Slot]
) -> tuple[dict[str, numpy.ndarray], Numbers]:
    """What an optimizer keeps for parameters, whatever it is: all dictionaries that it has by parameter.

    optimizer (Optimizer): The optimizer.
    slots (Mapping[Tuple[int, str], Slot]): The parameters.
    RETURNS (Tuple[Dict[str, numpy.ndarray], Dict[str, Dict[str, float]]]): Arrays by attribute and slot, and
        numbers.
    RAISES (TrainingError): If it keeps something else.
    """
    arrays: dict[str, numpy.ndarray] = {}
    numbers: Numbers = {}
    for attribute, kept in _kept(optimizer).items():
        for key, state in kept.items():
            # What is left of a parameter that is gone is of no use.
            slot = slots.get(key)
            if slot is None:
                continue
            if not slot.fits(attribute, state):
                raise TrainingError(
                    f"A checkpoint can't hold what {type(optimizer).__name__} keeps as '{attribute}'. For a "
                    "parameter it must be a number, or a float32 array of the parameter's size."
                )
            if type(state) in (int, float):
                numbers.setdefault(attribute, {})[slot.name] = state
            else:
                arrays[f"{attribute}/{slot.name}"] = get_current_ops().to_numpy(state)
    return arrays, numbers


def restore_optimizer(
    optimizer: Optimizer,
    slots: Mapping[Key, Slot],
    arrays: Mapping[str, numpy.ndarray],
    numbers: Numbers,
) -> None:
    """Give an optimizer what `dump_optimizer` found, if all of it fits.

    optimizer (Optimizer): The optimizer, as new.
    slots (Mapping[Tuple[int, str], Slot]): The parameters.
    arrays (Mapping[str, numpy.ndarray]): Arrays by attribute and slot.
    numbers (Dict[str, Dict[str, float]]): Numbers.
    RAISES (ValueError): If there is no such attribute or parameter, or an array is of another size or type.
    """
    keys = {slot.name: key for key, slot in slots.items()}
    kept = _kept(optimizer)
    found: list[tuple[str, str, Any]] = [(*_parts(name), array) for name, array in arrays.items()]
    found += [(attribute, name, n) for attribute, by_slot in numbers.items() for name, n in by_slot.items()]
    for attribute, name, state in found:
        if attribute not in kept:
            raise ValueError(f"{type(optimizer).__name__} keeps no '{attribute}'")
        if name not in keys:
            raise ValueError(f"there is no parameter '{name}'")
        if not slots[keys[name]].fits(attribute, state):
            raise ValueError(f"'{attribute}' of '{name}' is not of its kind, shape or type")
    ops = get_current_ops()
    for attribute, name, state in found:
        is_array = isinstance(state, numpy.ndarray)
        kept[attribute][keys[name]] = ops.asarray(cast(Any, state)) if is_array else state


def _parts(name: str) -> tuple[str, str]:
    attribute, _, slot = name.partition("/")
    return attribute, slot


def _kept(optimizer: Optimizer) -> dict[str, dict[Key, Any]]:
    """The dictionaries of an optimizer that are keyed by parameter, or are empty."""
    names = [name for name, _ in inspect.getmembers(type(optimizer), inspect.ismemberdescriptor)]
    held = {name: getattr(optimizer, name, None) for name in [*names, *getattr(optimizer, "__dict__", {})]}
    return {
        name: kept
        for name, kept in held.items()
        if isinstance(kept, dict) and name != SCHEDULES and all(isinstance(key, tuple) for key in kept)
    }
