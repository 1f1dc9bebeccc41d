"""Checkpoints of a distillation: all that a run needs to go on as if it had never stopped."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, cast

import numpy
import srsly
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from spacy.language import Language
from thinc.api import Model, Optimizer, get_current_ops

from ..distillation.teacher import LinkedTeacher
from ..errors import DistillationError
from ..files import atomic_directory, atomic_write, save_arrays

PREFIX = "checkpoint-"
STATE = "state.msgpack"
OPTIMIZER = "optimizer.safetensors"
DONE = "distilled.json"
MOMENTS = ("mom1", "mom2", "averages")


@dataclass
class Progress:
    """How far a run has come.

    step (int): Steps done.
    results (List[Tuple[float, int]]): Score and step of each evaluation.
    start (Dict[str, Any]): The state of the random number generators at its start.
    """

    step: int
    results: list[tuple[float, int]]
    start: dict[str, Any]


def save_checkpoint(
    output: Path,
    nlp: Language,
    teacher: LinkedTeacher,
    optimizer: Optimizer,
    progress: Progress,
    identity: dict[str, Any],
) -> None:
    """Write a checkpoint, and then remove those before it.

    output (Path): The run's output directory.
    nlp (Language): The student's pipeline.
    teacher (LinkedTeacher): The teacher.
    optimizer (Optimizer): The optimizer.
    progress (Progress): How far the run has come.
    identity (Dict[str, Any]): What a run that goes on must have in common with this one.
    """
    with atomic_directory(output / f"{PREFIX}{progress.step}") as directory:
        nlp.to_disk(directory / "student")
        for name, model in teacher.learning.items():
            (directory / name).write_bytes(model.to_bytes())
        slots = _slots(nlp, teacher)
        arrays = {
            f"{moment}/{slots[key]}": get_current_ops().to_numpy(array)
            for moment in MOMENTS
            for key, array in (getattr(optimizer, moment) or {}).items()
            if key in slots
        }
        save_arrays(arrays, directory / OPTIMIZER)
        state = {
            "step": progress.step,
            "results": progress.results,
            "updates": {slots[key]: n for key, n in optimizer.nr_update.items() if key in slots},
            "start": progress.start,
            "random": random_state(),
            "identity": identity,
        }
        srsly.write_msgpack(directory / STATE, state)
    for path in _checkpoints(output)[:-1]:
        _remove(path)


def load_checkpoint(
    output: Path,
    nlp: Language,
    teacher: LinkedTeacher,
    optimizer: Optimizer,
) -> Optional[tuple[Progress, dict[str, Any]]]:
    """Load the last checkpoint.

    output (Path): The run's output directory.
    nlp (Language): The student's pipeline, initialized.
    teacher (LinkedTeacher): The teacher.
    optimizer (Optimizer): The optimizer, as new.
    RETURNS (Optional[Tuple[Progress, Dict[str, Any]]]): How far the run had come, and the state of the random
        number generators; None if there is no checkpoint.
    RAISES (DistillationError): If the checkpoint is damaged.
    """
    found = _checkpoints(output)
    if not found:
        return None
    directory = found[-1]
    try:
        state = srsly.read_msgpack(directory / STATE)
        arrays = load_file(directory / OPTIMIZER)
        nlp.from_disk(directory / "student")
        for name in teacher.learning:
            teacher.load_learned(name, (directory / name).read_bytes())
    except (ValueError, KeyError, OSError, SafetensorError) as err:
        raise DistillationError(
            f"Can't read {directory} ({type(err).__name__}: {err}). Remove it to start from the beginning."
        ) from None
    keys = {slot: key for key, slot in _slots(nlp, teacher).items()}
    ops = get_current_ops()
    for name, array in arrays.items():
        moment, slot = name.split("/", 1)
        getattr(optimizer, moment)[keys[slot]] = ops.asarray(cast(Any, array))
    optimizer.nr_update.update({keys[slot]: n for slot, n in state["updates"].items()})
    for _ in range(state["step"]):
        optimizer.step_schedules()
    results = [(score, step) for score, step in state["results"]]
    return Progress(state["step"], results, state["start"]), state["random"]


def check_output(output: Path, identity: dict[str, Any], *, resume: bool) -> bool:
    """Look at an output directory before any work is done.

    output (Path): The run's output directory.
    identity (Dict[str, Any]): What a run that goes on must have in common with the one before.
    resume (bool): Whether to go on with it.
    RETURNS (bool): Whether there is something to do: a finished run that is to go on has nothing.
    RAISES (DistillationError): If an interrupted run would be lost, or is of other settings.
    RAISES (OSError): If it is not a directory.
    """
    if output.exists() and not output.is_dir():
        raise NotADirectoryError(f"{output} is not a directory.")
    if resume and (output / DONE).is_file():
        try:
            finished = srsly.read_json(output / DONE)
        except ValueError as err:
            raise DistillationError(
                f"Can't read {output / DONE} ({err}). Remove it to train again."
            ) from None
        if finished == identity:
            return False
    found = _checkpoints(output)
    if not found:
        return True
    if not resume:
        raise DistillationError(
            f"{output} holds an interrupted run ({found[-1].name}). Give --resume to go on with it, or "
            "remove the directory to start again."
        )
    try:
        before = srsly.read_msgpack(found[-1] / STATE)["identity"]
    except (ValueError, KeyError, OSError) as err:
        raise DistillationError(f"Can't read {found[-1]} ({err}). Remove it.") from None
    different = sorted(key for key in {*identity, *before} if before.get(key) != identity.get(key))
    if different:
        raise DistillationError(
            f"{found[-1]} is of another run (different: {', '.join(different)}). Give the same settings and "
            "teacher to go on with it, or remove the directory to start again."
        )
    return True


def begin(output: Path) -> None:
    """Remove the note that a run is done: another one starts.

    output (Path): The run's output directory.
    """
    (output / DONE).unlink(missing_ok=True)


def finish(output: Path, identity: dict[str, Any]) -> None:
    """Remove the checkpoints of a run that is done, and leave a note that it is.

    output (Path): The run's output directory.
    identity (Dict[str, Any]): What a run that goes on must have in common with this one.
    """
    with atomic_write(output / DONE) as temporary:
        srsly.write_json(temporary, identity)
    for path in _checkpoints(output):
        _remove(path)


def _remove(checkpoint: Path) -> None:
    # Under another name: a process killed on the way leaves no half of one behind.
    hidden = checkpoint.with_name(f".{checkpoint.name}.old")
    checkpoint.replace(hidden)
    shutil.rmtree(hidden)


def restore_random(state: dict[str, Any]) -> None:
    """Set the random number generators back.

    state (Dict[str, Any]): Their state, as a checkpoint has it.
    """
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    numpy.random.set_state((name, numpy.frombuffer(keys, dtype="uint32"), position, has_gauss, cached))
    torch.set_rng_state(_byte_tensor(state["torch"]))
    if state["cuda"]:
        torch.cuda.set_rng_state_all([_byte_tensor(each) for each in state["cuda"]])


def random_state() -> dict[str, Any]:
    """RETURNS (Dict[str, Any]): The state of all random number generators."""
    name, keys, *rest = numpy.random.get_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {
        "python": random.getstate(),
        "numpy": [name, numpy.asarray(keys).tobytes(), *rest],
        "torch": torch.get_rng_state().numpy().tobytes(),
        "cuda": [each.numpy().tobytes() for each in cuda],
    }


def _byte_tensor(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)


def _checkpoints(output: Path) -> list[Path]:
    """The complete checkpoints, the last one at the end."""
    found = [path for path in output.glob(f"{PREFIX}*") if path.name[len(PREFIX) :].isdecimal()]
    return sorted(found, key=lambda path: int(path.name[len(PREFIX) :]))


def _slots(nlp: Language, teacher: LinkedTeacher) -> dict[tuple[int, str], str]:
    """A name for each parameter that stays the same in another process, by the optimizer's key for it."""
    models: Iterator[tuple[str, Any]] = iter(
        [(name, getattr(pipe, "model", None)) for name, pipe in nlp.pipeline] + list(teacher.learning.items())
    )
    slots = {}
    for name, model in models:
        if isinstance(model, Model):
            for i, node in enumerate(model.walk()):
                slots.update({(node.id, param): f"{name}.{i}.{param}" for param in node.param_names})
                for shim in node.shims:
                    parameters = getattr(shim, "_model", None)
                    if isinstance(parameters, torch.nn.Module):
                        names = [param for param, _ in parameters.named_parameters()]
                        slots.update({(shim.id, param): f"{name}.{i}.{param}" for param in names})
    return slots
