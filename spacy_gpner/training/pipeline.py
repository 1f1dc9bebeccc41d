"""The course of a pipeline that learns from a corpus."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, ClassVar, cast

from spacy.language import Language
from spacy.training import Example
from spacy.training.loop import (
    create_before_to_disk_callback,
    create_evaluation_callback,
    create_train_batches,
    subdivide_batch,
    update_meta,
)
from thinc.api import Model, Optimizer, fix_random_seed

from .course import Pace
from .loop import Logger

Corpus = Callable[[Language], Iterable[Example]]

PIPELINE = "pipeline"
# Parts of a vocabulary that can be large and that nothing changes
UNCHANGED = ("vectors", "lookups")


@dataclass(kw_only=True)
class PipelineCourse:
    """A `Course` that does step by step what `spacy train` does.

    nlp (Language): The pipeline, initialized.
    training (Dict[str, Any]): The settings of a `[training]` block, resolved.
    corpus, dev_corpus (Callable[[Language], Iterable[Example]]): What to learn from, and what to score on.
    identity (Dict[str, Any]): All that the outcome depends on.
    stdout, stderr (IO[str]): Where messages go, and where progress bars.
    """

    done: ClassVar[str] = "trained.json"

    nlp: Language
    training: dict[str, Any]
    corpus: Corpus
    dev_corpus: Corpus
    identity: dict[str, Any]
    stdout: IO[str] = field(default_factory=lambda: sys.stdout)
    stderr: IO[str] = field(default_factory=lambda: sys.stderr)

    def say(self, text: str) -> None:
        """Print a message.

        text (str): The message.
        """
        print(text, file=self.stdout, flush=True)

    @property
    def pace(self) -> Pace:
        """How long to learn."""
        return Pace(*(self.training[name] for name in ("eval_frequency", "max_steps", "patience")))

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer of all components."""
        return cast(Optimizer, self.training["optimizer"])

    @property
    def learning(self) -> dict[str, Model]:
        """The models of all components that are not frozen."""
        models = {name: getattr(pipe, "model", None) for name, pipe in self._learners()}
        return {name: model for name, model in models.items() if isinstance(model, Model)}

    def _learners(self) -> Iterator[tuple[str, Any]]:
        return (item for item in self.nlp.pipeline if item[0] not in self.training["frozen_components"])

    def prepare(self) -> None:
        """Seed the random number generators."""
        if self.training["seed"] is not None:
            fix_random_seed(self.training["seed"])

    def open_logger(self) -> Logger:
        """RETURNS (Logger): The logger that `[training]` names. It doesn't see frozen components."""
        with self.nlp.select_pipes(disable=self.training["frozen_components"]):
            return self.make_logger(self.nlp)

    def make_logger(self, nlp: Language) -> Logger:
        """Set up the logger.

        nlp (Language): The pipeline as it should see it.
        RETURNS (Logger): The logger.
        """
        logger: Logger = self.training["logger"](nlp, self.stdout, self.stderr)
        return logger

    def batches(self) -> Iterator[tuple[int, Sequence[Example]]]:
        """The shuffled corpus, epoch by epoch."""
        training = self.training
        return create_train_batches(self.nlp, self.corpus, training["batcher"], training["max_epochs"])

    def step(self, batch: Sequence[Example], losses: dict[str, float], *, number: int, epoch: int) -> None:
        """Update all components that are not frozen. See `Course`."""
        if self.training["before_update"]:
            self.training["before_update"](self.nlp, {"step": number, "epoch": epoch})
        for examples in subdivide_batch(batch, self.training["accumulate_gradient"]):
            self._update([Example(eg.predicted.copy(), eg.reference) for eg in examples], losses)
        for _, pipe in self._learners():
            if getattr(pipe, "is_trainable", False):
                pipe.finish_update(self.optimizer)

    def _update(self, examples: Sequence[Example], losses: dict[str, float]) -> None:
        learners = dict(self._learners())
        for name, pipe in self.nlp.pipeline:
            if name in learners and hasattr(pipe, "update"):
                self.learn(pipe, examples, losses)
            if name in self.training["annotating_components"]:
                docs = [eg.predicted for eg in examples]
                annotated = pipe.pipe(docs) if hasattr(pipe, "pipe") else map(pipe, docs)
                for example, doc in zip(examples, annotated, strict=True):
                    example.predicted = doc

    def learn(self, pipe: Any, examples: Sequence[Example], losses: dict[str, float]) -> None:
        """Let a component learn from a batch, but move no weight.

        pipe (TrainablePipe): The component.
        examples (Sequence[Example]): The batch.
        losses (Dict[str, float]): Record of the losses, to be updated.
        """
        pipe.update(examples, sgd=None, losses=losses, drop=float(self.training["dropout"]))

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, dict[str, Any]]:
        """Score the pipeline, and note the scores in its meta data. See `Course`."""
        score, scores = self.score()
        with self.nlp.select_pipes(disable=self.training["frozen_components"]):
            update_meta(self.training, self.nlp, {"other_scores": scores, "losses": losses})
        return score, scores

    def score(self) -> tuple[float, dict[str, Any]]:
        """RETURNS (Tuple[float, Dict[str, Any]]): The weighted score on the dev corpus, and all scores."""
        return self._score()

    @cached_property
    def _score(self) -> Callable[[], tuple[float, dict[str, Any]]]:
        return create_evaluation_callback(self.nlp, self.dev_corpus, self.training["score_weights"])

    def save(self, directory: Path) -> None:
        """Write the pipeline.

        directory (Path): Where to.
        """
        create_before_to_disk_callback(self.training["before_to_disk"])(self.nlp).to_disk(directory)

    def to_disk(self, directory: Path) -> None:
        """Write what of the pipeline can change on the way.

        directory (Path): Where to.
        """
        self.nlp.to_disk(directory / PIPELINE, exclude=self._unchanged)

    def from_disk(self, directory: Path) -> None:
        """Load what `to_disk` wrote.

        directory (Path): Where it is.
        RAISES (ValueError): If a component has other labels.
        """
        before = self.nlp.pipe_labels
        self.nlp.from_disk(directory / PIPELINE, exclude=self._unchanged)
        if self.nlp.pipe_labels != before:
            raise ValueError("the labels are not those of the pipeline")

    @property
    def _unchanged(self) -> list[str]:
        return [*self.training["frozen_components"], *UNCHANGED]
