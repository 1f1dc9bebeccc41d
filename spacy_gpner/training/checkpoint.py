"""Checkpoints: all that a course needs to go on as if it had never stopped."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Optional

import srsly
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, ValidationError
from safetensors.numpy import load_file

from ..errors import TrainingError
from ..files import (
    atomic_directory,
    atomic_write,
    check_writable,
    remove_directory,
    remove_leftovers,
    save_arrays,
)
from .course import Course, Result
from .randomness import RandomState
from .slots import dump_optimizer, find_slots, restore_optimizer

PREFIX = "checkpoint-"
STATE = "state.msgpack"
OPTIMIZER = "optimizer.safetensors"
COURSE = "course"

Count = Annotated[StrictInt, Field(ge=0)]


@dataclass
class Progress:
    """How far a course has come.

    step (int): Steps done.
    results (List[Result]): Score and step of each evaluation.
    start (RandomState): The random number generators before the first batch.
    """

    step: int
    results: list[Result]
    start: RandomState


class State(BaseModel):
    """What a checkpoint holds beside weights and what the optimizer keeps in arrays.

    step, results, start: Those of `Progress`.
    random (RandomState): The random number generators.
    numbers (Dict[str, Dict[str, float]]): What the optimizer keeps in numbers.
    identity (Dict[str, Any]): The course's.
    """

    step: Count
    results: list[tuple[float, Count]]
    start: RandomState
    random: RandomState
    numbers: dict[str, dict[str, StrictInt | StrictFloat]]
    identity: dict[str, Any]

    model_config = ConfigDict(extra="forbid")


def save_checkpoint(output: Path, course: Course, progress: Progress) -> None:
    """Write a checkpoint, and then remove those before it.

    output (Path): The output directory.
    course (Course): What learns.
    progress (Progress): How far it has come.
    RAISES (TrainingError): If the optimizer keeps what a checkpoint can't hold.
    """
    with atomic_directory(output / f"{PREFIX}{progress.step}") as directory:
        (directory / COURSE).mkdir()
        course.to_disk(directory / COURSE)
        arrays, numbers = dump_optimizer(course.optimizer, find_slots(course.learning))
        save_arrays(arrays, directory / OPTIMIZER)
        state = State(
            step=progress.step,
            results=progress.results,
            start=progress.start,
            random=RandomState.now(),
            numbers=numbers,
            identity=dict(course.identity),
        )
        srsly.write_msgpack(directory / STATE, state.model_dump())
    for path in _checkpoints(output)[:-1]:
        remove_directory(path)


def load_checkpoint(output: Path, course: Course) -> Optional[tuple[Progress, RandomState]]:
    """Load the last checkpoint.

    output (Path): The output directory.
    course (Course): What learns, prepared.
    RETURNS (Optional[Tuple[Progress, RandomState]]): How far it had come, and the random number generators
        then; None if there is no checkpoint.
    RAISES (TrainingError): If the checkpoint is damaged.
    """
    found = _checkpoints(output)
    if not found:
        return None
    directory = found[-1]
    state = _read_state(directory)
    with _naming(directory):
        arrays = load_file(directory / OPTIMIZER)
        before = find_slots(course.learning)
        course.from_disk(directory / COURSE)
        slots = find_slots(course.learning)
        changed = [slot.name for key, slot in before.items() if slots.get(key) != slot]
        if changed:
            raise ValueError(f"'{changed[0]}' is of another shape or type")
        restore_optimizer(course.optimizer, slots, arrays, state.numbers)
        _try(state.start, state.random)
    for _ in range(state.step):
        course.optimizer.step_schedules()
    return Progress(state.step, state.results, state.start), state.random


def _try(*states: RandomState) -> None:
    here = RandomState.now()
    for state in states:
        state.restore()
    here.restore()


def _read_state(directory: Path) -> State:
    with _naming(directory):
        state = State.model_validate(srsly.read_msgpack(directory / STATE))
        if directory.name != f"{PREFIX}{state.step}":
            raise ValueError(f"it is of step {state.step}")
    return state


@contextmanager
def _naming(directory: Path) -> Iterator[None]:
    """Turn whatever a damaged checkpoint raises into one error that names it."""
    try:
        yield
    except Exception as err:
        reason = str(err)
        if isinstance(err, ValidationError):
            # Without the values, which can be long.
            first = err.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise TrainingError(
            f"Can't read {directory} ({type(err).__name__}: {reason}). Remove it to start from the beginning."
        ) from None


def check_output(output: Path, done: str, identity: Mapping[str, Any], *, resume: bool) -> bool:
    """Look at an output directory before any work is done.

    output (Path): The output directory.
    done (str): Name of the file which says that a course is done.
    identity (Mapping[str, Any]): The course's.
    resume (bool): Whether to go on with it.
    RETURNS (bool): Whether there is something to do: a course that is done and is to go on has nothing.
    RAISES (TrainingError): If an interrupted run would be lost, or is of other settings.
    RAISES (OSError): If it is not a directory, or can't be written to.
    """
    check_writable(output)
    if resume and (output / done).is_file():
        try:
            finished = srsly.read_json(output / done)
        except ValueError as err:
            raise TrainingError(f"Can't read {output / done} ({err}). Remove it to train again.") from None
        if finished == identity:
            return False
    found = _checkpoints(output)
    if not found:
        return True
    if not resume:
        raise TrainingError(
            f"{output} holds an interrupted run ({found[-1].name}). Give --resume to go on with it, or "
            "remove the directory to start again."
        )
    before = _read_state(found[-1]).identity
    different = sorted(key for key in {*identity, *before} if before.get(key) != identity.get(key))
    if different:
        raise TrainingError(
            f"{found[-1]} is of another run (different: {', '.join(different)}). Give the same as "
            "before to go on with it, or remove the directory to start again."
        )
    return True


def begin(output: Path, done: str) -> None:
    """Remove the note that a course is done, since another one starts, and what killed processes left.

    output (Path): The output directory.
    done (str): Name of the note.
    """
    (output / done).unlink(missing_ok=True)
    remove_leftovers(output)


def finish(output: Path, done: str, identity: Mapping[str, Any]) -> None:
    """Remove the checkpoints of a course that is done, and leave a note that it is.

    output (Path): The output directory.
    done (str): Name of the note.
    identity (Mapping[str, Any]): The course's.
    """
    with atomic_write(output / done) as temporary:
        srsly.write_json(temporary, dict(identity))
    for path in _checkpoints(output):
        remove_directory(path)


def _checkpoints(output: Path) -> list[Path]:
    """The complete checkpoints, the last one at the end."""
    found = [path for path in output.glob(f"{PREFIX}*") if path.name[len(PREFIX) :].isdecimal()]
    return sorted(found, key=lambda path: int(path.name[len(PREFIX) :]))
