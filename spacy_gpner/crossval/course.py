"""What is trained in a cross-validation, and what is kept of it."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import srsly
from pydantic import BaseModel, ConfigDict, ValidationError
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.util import load_config_from_str, load_model_from_config
from thinc.api import Config, ConfigValidationError

from ..corpora.docs import read_docs, require_spans
from ..errors import ConfigError, GpnerError, TrainingError
from ..files import atomic_write, digest_files, remove_leftovers, visible_names
from ..pipeline.ensemble import require_member
from ..pipeline.find import find_pipe
from .folds import divide

READER = "spacy.Corpus.v1"
# What names a file or directory in a component: an encoder, queries; and for initializing it: labels, vectors
NAMING = ("name", "queries", "source")
INITIAL = ("path", "vectors", "init_tok2vec", "vocab_data")
STATE, FOLDS = "crossval.json", "folds"


class State(BaseModel):
    """What a directory holds of a cross-validation.

    identity (Dict[str, str]): What tells it from others, by what a user knows it as.
    config (str): The config that all models share.
    spans_key (str): Key of the gold spans.
    fold_of (List[int]): The fold of each document of the corpus, from 0 on.
    folds (List[str]): Hashes of the files of the folds.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    identity: dict[str, str]
    config: str
    spans_key: str
    fold_of: list[int]
    folds: list[str]


@dataclass(frozen=True)
class CrossValidation:
    """A cross-validation in a directory.

    config (Config): The training config, not interpolated.
    output (Path): The directory.
    n_folds (int): How many folds.
    neighbours (int): Documents that stay together, in the order of the corpus.
    seed (int): Seed of the folds.
    """

    config: Config
    output: Path
    n_folds: int
    neighbours: int
    seed: int

    @cached_property
    def corpus(self) -> Path:
        """What the config trains on.

        RAISES (ConfigError): If that is not a .spacy file.
        """
        return self._find("train_corpus", "corpora.train", "--paths.train")

    def _find(self, setting: str, usual: str, option: str) -> Path:
        name, block = _corpus(self.config.interpolate(), setting, usual)
        if block.get("@readers") != READER:
            raise ConfigError(f"[{name}] is read by {block.get('@readers')}. Give a corpus of {READER}.")
        path = block.get("path")
        if not path or not Path(path).is_file():
            raise ConfigError(f"[{name}] names no .spacy file: {path}. Give one, as with {option}.")
        return Path(path)

    @cached_property
    def docs(self) -> tuple[list[Doc], list[str]]:
        """The documents to divide, and the attributes that their file has."""
        return read_docs(self.corpus)

    @property
    def dev_corpus(self) -> Path:
        """What the config chooses the best model on.

        RAISES (ConfigError): If that is not a .spacy file.
        """
        return self._find("dev_corpus", "corpora.dev", "--paths.dev")

    @property
    def identity(self) -> dict[str, str]:
        """What tells this cross-validation from others, by what a user knows it as."""
        parts = {
            "config": self.config.interpolate().to_bytes(),
            "training corpus": self.corpus.read_bytes(),
            "dev corpus": self.dev_corpus.read_bytes(),
        }
        digests = {name: _digest(part) for name, part in parts.items()}
        return {
            **digests,
            **_digest_named(self.config.interpolate()),
            "number of folds": str(self.n_folds),
            "number of neighbours": str(self.neighbours),
            "seed": str(self.seed),
        }

    @property
    def numbers(self) -> range:
        """The numbers of folds and models."""
        return range(1, self.n_folds + 1)

    def fold(self, number: int) -> Path:
        """The documents of a fold, which the model of the same number does not learn from."""
        return self.output / FOLDS / f"{number}.spacy"

    def rest(self, number: int) -> Path:
        """What that model learns from."""
        return self.output / FOLDS / f"without-{number}.spacy"

    def member(self, number: int) -> Path:
        """The directory of a model's training."""
        return self.output / f"model-{number}"

    def begin(self, use_gpu: int) -> State:
        """Divide the corpus and settle the config, or go on where that is done.

        use_gpu (int): GPU id, or -1 for CPU.
        RETURNS (State): The state, as it is on disk.
        RAISES (TrainingError): If the directory is of another cross-validation, or its folds were changed.
        RAISES (PipelineError): If no ensemble can be made of such pipelines.
        RAISES (CorpusError): If the corpus has no gold spans, or too few documents.
        """
        path, identity = self.output / STATE, self.identity
        remove_leftovers(self.output)
        if path.exists():
            state = _read_state(path)
            self._check(state, identity)
            return state
        # Folds alone are those of a run that was stopped while it wrote them
        parts = {path(number).name for number in self.numbers for path in (self.fold, self.rest)}
        if visible_names(self.output) - {FOLDS} or visible_names(self.output / FOLDS) - parts:
            raise TrainingError(f"{self.output} holds something else. Give another directory.")
        docs, attrs = self.docs
        config, key = self._settle(use_gpu)
        fold_of = divide(docs, key, self.n_folds, neighbours=self.neighbours, seed=self.seed)
        for number in self.numbers:
            for part, is_held_out in ((self.fold(number), True), (self.rest(number), False)):
                own = [d for d, f in zip(docs, fold_of, strict=True) if (f + 1 == number) == is_held_out]
                part.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(part) as temporary:
                    DocBin(attrs=attrs, store_user_data=True, docs=own).to_disk(temporary)
        state = State(
            identity=identity, config=config.to_str(), spans_key=key, fold_of=fold_of, folds=self._digests()
        )
        with atomic_write(path) as temporary:
            srsly.write_json(temporary, state.model_dump())
        return state

    def _digests(self) -> list[str]:
        paths = (path(number) for number in self.numbers for path in (self.fold, self.rest))
        return [_digest(path.read_bytes()) if path.is_file() else "" for path in paths]

    def _check(self, state: State, identity: dict[str, str]) -> None:
        """Refuse to go on with another cross-validation, or with folds that were changed."""
        others = [name for name, value in identity.items() if state.identity.get(name, value) != value]
        if others:
            raise TrainingError(
                f"{self.output} is of another {', '.join(others)}. Give what it was begun with, or another "
                "directory."
            )
        if state.folds != self._digests():
            raise TrainingError(
                f"The files in {self.output / FOLDS} are no longer those that models were trained without. "
                "Give another directory."
            )

    def config_of(self, state: State, number: int) -> Config:
        """The config of a model's training.

        state (State): The state.
        number (int): The model's number.
        RETURNS (Config): The config.
        """
        config = load_config_from_str(state.config, interpolate=False)
        _, block = _corpus(config, "train_corpus", "corpora.train")
        block["path"] = str(self.rest(number))
        return config

    def _settle(self, use_gpu: int) -> tuple[Config, str]:
        """Make of the config what all models share: the labels and the window of the whole corpus, as the
        component has them when it is initialized on it."""
        with _naming_settings():
            key = find_pipe(load_model_from_config(self.config, auto_fill=True)).key
        require_spans(self.docs[0], key, self.corpus, "Give documents with gold under the component's key.")
        with _naming_settings():
            nlp = init_nlp(self.config, use_gpu=use_gpu)
        pipe = find_pipe(nlp)
        require_member(nlp, pipe, "The config's pipeline")
        config = self.config.copy()
        components = config.setdefault("initialize", {}).setdefault("components", {})
        own: dict[str, Any] = components.setdefault(pipe.name, {})
        own["labels"] = list(pipe.labels)
        if "window" in pipe.cfg:
            config["components"][pipe.name]["window"] = pipe.cfg["window"]
        return config, pipe.key


@contextmanager
def _naming_settings() -> Iterator[None]:
    """Say of an invalid setting that a component or model refuses that it is the config's."""
    try:
        yield
    except (ConfigValidationError, GpnerError):
        raise
    except ValueError as err:
        raise ConfigError(f"The pipeline of the config can't be made: {err}") from err


def _corpus(config: Config, setting: str, usual: str) -> tuple[str, dict[str, Any]]:
    """Name and block of a corpus that a config's [training] names."""
    if "training" not in config:
        raise ConfigError("The config has no [training]. Give one to train with, as `init config` writes it.")
    name = config["training"].get(setting, usual)
    block: dict[str, Any] = config
    for part in name.split("."):
        block = block.get(part, {})
    return name, block


def _digest_named(config: Config) -> dict[str, str]:
    """What tells the files and directories that a config names, beside its corpora, from others."""
    names = {*_named(config.get("components", {}), NAMING), *_named(config.get("initialize", {}), INITIAL)}
    found = {}
    for path in map(Path, sorted(names)):
        digest = hashlib.blake2b(digest_size=16)
        digest_files(digest, path)
        found[f"content of {path}"] = digest.hexdigest()
    return found


def _named(block: dict[str, Any], keys: Sequence[str]) -> Iterator[str]:
    for key, value in block.items():
        # Queries by label are no settings
        if isinstance(value, dict) and key != "queries":
            yield from _named(value, keys)
        elif isinstance(value, str) and value and key in keys:
            yield value


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _read_state(path: Path) -> State:
    try:
        return State.model_validate(srsly.read_json(path))
    except (ValidationError, ValueError):
        raise TrainingError(f"{path} is damaged. Give another directory.") from None
