"""Adaptive pretraining as a course (Gururangan et al., 2020)."""

import math
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import count, islice
from pathlib import Path
from timeit import default_timer as timer
from typing import IO, Any, ClassVar, Optional

import numpy
import safetensors.torch
import srsly
from spacy.training.batchers import minibatch_by_padded_size
from spacy.util import minibatch
from thinc.api import Adam, Model, Optimizer, fix_random_seed, warmup_linear
from torch import nn
from transformers import PreTrainedModel

from ..checks import MAX_SIZE, check_count, is_number
from ..errors import DivergedError
from ..files import save_arrays
from ..models.torch_layer import digest_weights, get_shim
from ..models.transformers.pretrained import save_encoder
from ..training.course import Pace
from .masking import MaskedBatch, Masking, Window, Windows
from .model import MaskedModel, get_transformer

RESULT = "adaptation.json"
WEIGHTS = "weights.safetensors"
STATE = "state.msgpack"

# A head from nothing learns faster than what has been trained.
HEAD_RATE = 1e-3
WARMUP = 0.1
WEIGHT_DECAY = 0.01
GRAD_CLIP = 1.0
# Evaluations in all, and the most pieces that one reads
EVALUATIONS = 20
HELD_OUT_PIECES = 100_000
MAX_EPOCHS = 10_000
# Windows that are sorted by length, so that their batches need little padding
BUFFER = 4096


@dataclass(frozen=True)
class Settings:
    """How to adapt an encoder.

    lang (str): The language's code, for its words.
    window (int): Pieces that the encoder reads at once.
    batch_size (int): Pieces of a batch, with padding.
    epochs (int): How often to go through the text.
    steps (Optional[int]): Batches to learn from, in place of epochs.
    head_steps (int): Batches from which the head learns alone before, if the encoder has none.
    learn_rate (float): The learning rate.
    heldout (float): Share of the texts to hold out.
    seed (int): Of all that is random.
    """

    lang: str = "zh"
    window: int = 128
    batch_size: int = 4096
    epochs: int = 1
    steps: Optional[int] = None
    head_steps: int = 300
    learn_rate: float = 1e-4
    heldout: float = 0.01
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("window", self.window, "a positive number of pieces", most=MAX_SIZE)
        check_count("batch_size", self.batch_size, f"at least a window ({self.window})", least=self.window)
        check_count("epochs", self.epochs, "at least 1", most=MAX_EPOCHS)
        if self.steps is not None:
            check_count("steps", self.steps, "at least 1")
        check_count("head_steps", self.head_steps, "at least 0", least=0)
        check_count("seed", self.seed, "at least 0", least=0, most=2**32 - 1)
        if not is_number(self.heldout) or not 0 < self.heldout < 1:
            raise ValueError(f"Invalid heldout: {self.heldout!r}. Expected a share above 0, below 1.")
        if not is_number(self.learn_rate) or not 0 < self.learn_rate < math.inf:
            raise ValueError(f"Invalid learn_rate: {self.learn_rate!r}. Expected a positive number.")


@dataclass(kw_only=True)
class AdaptationCourse:
    """An encoder that learns to tell masked words.

    name (str): The encoder's name or directory.
    model (Model[MaskedBatch, Floats1d]): The encoder, with a head.
    has_head (bool): Whether the head has been trained.
    tokenizer (PreTrainedTokenizerFast): The encoder's tokenizer.
    masking (Masking): Masks words.
    windows, held_out (Windows): What to learn from, and what to score on.
    texts (Dict[str, Any]): What was read, in numbers.
    settings (Settings): How to learn.
    stdout, stderr (IO[str]): Where messages go, and where progress bars.
    before (Optional[float]): Held-out loss before the encoder has learned anything.
    """

    done: ClassVar[str] = "adapted.json"

    name: str
    model: MaskedModel
    has_head: bool
    tokenizer: Any
    masking: Masking
    windows: Windows
    held_out: Windows
    texts: dict[str, Any]
    settings: Settings
    stdout: IO[str] = field(default_factory=lambda: sys.stdout)
    stderr: IO[str] = field(default_factory=lambda: sys.stderr)
    before: Optional[float] = field(default=None, init=False)
    _loss: Optional[float] = field(default=None, init=False)

    def say(self, text: str) -> None:
        """Print a message.

        text (str): The message.
        """
        print(text, file=self.stdout, flush=True)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that the outcome depends on. See `Course`."""
        return {
            "encoder": digest_weights(self._transformer if self.has_head else self._transformer.base_model),
            "texts": self.texts,
            **asdict(self.settings),
        }

    @property
    def head_steps(self) -> int:
        """Batches from which the head learns alone."""
        return 0 if self.has_head else self.settings.head_steps

    @cached_property
    def n_steps(self) -> int:
        """Batches in all."""
        if self.settings.steps is not None:
            return self.head_steps + self.settings.steps
        epochs = range(self.settings.epochs)
        return self.head_steps + sum(1 for epoch in epochs for _ in self._epoch(epoch))

    @cached_property
    def pace(self) -> Pace:
        """How long to learn: as many batches as there are."""
        return Pace(eval_frequency=max(1, self.n_steps // EVALUATIONS))

    @cached_property
    def optimizer(self) -> Optimizer:
        """The optimizer."""
        rates: Any = self._rates()
        return Adam(rates, L2=WEIGHT_DECAY, L2_is_weight_decay=True, grad_clip=GRAD_CLIP, use_averages=False)

    def _rates(self) -> Generator[float, None, None]:
        yield from islice(_warm_up(HEAD_RATE, self.head_steps), self.head_steps)
        yield from _warm_up(self.settings.learn_rate, self.n_steps - self.head_steps)

    @property
    def learning(self) -> dict[str, Model]:
        """The encoder with its head."""
        return {"encoder": self.model}

    @property
    def _module(self) -> nn.Module:
        module = get_shim(self.model).module
        assert module is not None
        return module

    @property
    def _transformer(self) -> PreTrainedModel:
        return get_transformer(self.model)

    def prepare(self) -> None:
        """Seed the random number generators."""
        fix_random_seed(self.settings.seed)

    def batches(self) -> Iterator[tuple[int, Sequence[Window]]]:
        """Those for the head alone, then the shuffled text from its beginning. See `Course`."""
        yield from islice(self._epochs(), self.head_steps)
        yield from islice(self._epochs(), self.n_steps - self.head_steps)

    def _epochs(self) -> Iterator[tuple[int, Sequence[Window]]]:
        return ((epoch, batch) for epoch in count() for batch in self._epoch(epoch))

    def _epoch(self, epoch: int) -> Iterator[Sequence[Window]]:
        return self._batches(self.windows, self._rng(epoch))

    def _batches(self, windows: Windows, rng: numpy.random.Generator) -> Iterator[Sequence[Window]]:
        for drawn in minibatch(rng.permutation(len(windows)), BUFFER):
            own = (windows[i] for i in drawn)
            batches = list(minibatch_by_padded_size(own, self.settings.batch_size, buffer=BUFFER))
            for i in rng.permutation(len(batches)):
                yield batches[i]

    def _rng(self, *numbers: int) -> numpy.random.Generator:
        return numpy.random.default_rng((self.settings.seed, *numbers))

    def step(self, batch: Sequence[Window], losses: dict[str, float], *, number: int, epoch: int) -> None:
        """Learn from a batch. See `Course`."""
        if number == self.head_steps:
            self.before = self.heldout_loss()
        start = timer()
        self._loss = None
        # In the beginning the head learns alone, but for what it has in common with the encoder.
        self._transformer.base_model.requires_grad_(number >= self.head_steps)
        found, backprop = self.model.begin_update(self.masking(batch, self._rng(epoch, number)))
        loss = _sum(found)
        if not math.isfinite(loss):
            raise DivergedError("adapt", loss)
        backprop(self.model.ops.xp.full_like(found, 1 / len(found)))
        self.model.finish_update(self.optimizer)
        for key, value in (
            ("loss", loss),
            ("masked", len(found)),
            ("pieces", sum(map(len, batch))),
            ("seconds", timer() - start),
        ):
            losses[key] = losses.get(key, 0.0) + value

    @cached_property
    def _exam(self) -> list[MaskedBatch]:
        """The held-out part, with masks that stay the same: as much of it as is learned from between two
        evaluations, so that these don't take more time than learning."""
        most = min(HELD_OUT_PIECES, self.pace.eval_frequency * self.settings.batch_size)
        rng, n_pieces, exam = self._rng(), 0, []
        for batch in self._batches(self.held_out, rng):
            exam.append(self.masking(batch, rng))
            n_pieces += int(exam[-1].lengths.sum())
            if n_pieces >= most:
                break
        return exam

    def heldout_loss(self) -> float:
        """RETURNS (float): The mean loss of the held-out part's masked pieces."""
        if self._loss is None:
            found = [self.model.predict(batch) for batch in self._exam]
            self._loss = sum(map(_sum, found)) / sum(map(len, found))
        return self._loss

    def evaluate(self, losses: Mapping[str, float]) -> tuple[float, dict[str, Any]]:
        """Score on the held-out part. See `Course`."""
        loss = self.heldout_loss()
        return -loss, {"loss": loss, "perplexity": perplexity(loss)}

    @property
    def result(self) -> dict[str, Any]:
        """What was read, and what was gained."""
        perplexities = {
            "before": None if self.before is None else perplexity(self.before),
            "after": perplexity(self.heldout_loss()),
        }
        return {"name": self.name, "perplexity": perplexities, **self.identity}

    def save(self, directory: Path) -> None:
        """Write encoder, head and tokenizer as transformers does, and `result`.

        directory (Path): Where to.
        """
        save_encoder(self._transformer, self.tokenizer, directory, directory)
        srsly.write_json(directory / RESULT, self.result)

    def to_disk(self, directory: Path) -> None:
        """Write the weights. See `Course`.

        directory (Path): Where to.
        """
        own = {name: x.detach().cpu().numpy() for name, x in self._module.named_parameters()}
        save_arrays(own, directory / WEIGHTS)
        srsly.write_msgpack(directory / STATE, {"before": self.before})

    def from_disk(self, directory: Path) -> None:
        """Load what `to_disk` wrote.

        directory (Path): Where it is.
        RAISES (ValueError): If it is of another encoder.
        """
        saved = safetensors.torch.load_file(directory / WEIGHTS)
        if saved.keys() != dict(self._module.named_parameters()).keys():
            raise ValueError("the weights are those of another encoder")
        self._module.load_state_dict(saved, strict=False)
        self.before = srsly.read_msgpack(directory / STATE)["before"]


def perplexity(loss: float) -> float:
    """How many pieces a masked one could be, as the model sees it."""
    return math.exp(min(loss, 700.0))


def _sum(losses: Any) -> float:
    return float(losses.sum())


def _warm_up(rate: float, n_steps: int) -> Iterator[float]:
    """The rate of each step, up and down again, but for the first one, which would be 0."""
    return islice(warmup_linear(rate, int(WARMUP * n_steps), n_steps + 1), 1, None)
