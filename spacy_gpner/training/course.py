"""What the loop knows of whatever learns."""

from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from thinc.api import Model, Optimizer

# Score and step of an evaluation
Result = tuple[float, int]


@dataclass(frozen=True)
class Pace:
    """How long to learn, and how often to look at what was learned. As in spaCy, steps count from 0.

    eval_frequency (int): Steps from one evaluation to the next, at least 1.
    max_steps (int): The last step; 0 for no end.
    patience (int): Steps to go on without a better score; 0 for no end.
    """

    eval_frequency: int
    max_steps: int = 0
    patience: int = 0

    def is_over(self, step: int, results: Sequence[Result]) -> bool:
        """Whether to stop.

        step (int): The next step.
        results (Sequence[Result]): The evaluations so far.
        RETURNS (bool): Whether it is one too many.
        """
        if self.max_steps and step > self.max_steps:
            return True
        best_step = -max(((score, -at) for score, at in results), default=(0.0, 0))[1]
        return bool(self.patience) and step > best_step + self.patience


class Course(Protocol):
    """Something to learn, step by step. Two courses of the same identity that start from the same random
    numbers learn the same."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that the outcome depends on, by names that a user knows: a run that goes on must have it in
        common with the one before. Strings, numbers, booleans, None, and lists and dictionaries of them."""
        ...

    @property
    def done(self) -> str:
        """Name of the file which says that the course is done."""
        ...

    @property
    def pace(self) -> Pace:
        """How long to learn."""
        ...

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of all that learns."""
        ...

    @property
    def learning(self) -> Mapping[str, Model]:
        """What learns, by names that outlive the process."""
        ...

    def prepare(self) -> None:
        """Make all that is needed before the first batch, and seed the random number generators. This is not
        called if the course is done."""
        ...

    def batches(self) -> Iterator[tuple[int, Sequence[Sized]]]:
        """Epoch and batch of each step, of which there may be no end. An item of a batch has as many words as
        its length says."""
        ...

    def step(self, batch: Sequence[Any], losses: dict[str, float], *, number: int, epoch: int) -> None:
        """Learn from a batch, but leave the optimizer's schedules to the loop.

        batch (Sequence[Any]): The batch.
        losses (Dict[str, float]): Record of the losses since the last evaluation, to be updated.
        number, epoch (int): Which step it is, and of which epoch.
        RAISES (DivergedError): If a loss is not finite.
        """
        ...

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, dict[str, Any]]:
        """Score what was learned. If the optimizer averages, the models have the averages.

        losses (Mapping[str, float]): Record of the losses since the last evaluation.
        RETURNS (Tuple[float, Dict[str, Any]]): The score that counts, the higher the better, and all scores.
        """
        ...

    def save(self, directory: Path) -> None:
        """Write what is learned for. If the optimizer averages, the models have the averages.

        directory (Path): An empty directory.
        """
        ...

    def to_disk(self, directory: Path) -> None:
        """Write all that another process needs to go on: the models, and what else changes on the way.
        Optimizer and random numbers are the loop's.

        directory (Path): An empty directory.
        """
        ...

    def from_disk(self, directory: Path) -> None:
        """Load what `to_disk` wrote, after `prepare`. Whatever a damaged file raises becomes a
        `TrainingError`.

        directory (Path): The directory.
        """
        ...
