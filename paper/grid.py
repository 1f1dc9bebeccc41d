"""A grid of a paper's models: where its parts lie, and what tells its cells from those of others."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Optional

import filelock
from spacy.tokens import DocBin
from thinc.api import Config
from wasabi import msg

from scripts.make_config import OTHER_TOKENS, fit_config, has_other_tokens
from spacy_gpner.corpora.docs import read_docs

from .cells import read_cell
from .encoders import identify_encoder
from .presets import Preset
from .study import Row, component_of

# Paths of a config to files; where they lie is no setting
FILES = {"train", "dev", "raw_text", "init_tok2vec"}
# Settings of the component that came after the published cells; with these values they change nothing
YOUNGER = {"overwrite_ents": False, "stretch": 24000, "adversary": None}


@dataclass(frozen=True)
class Grid:
    """What the cells have in common.

    corpus (Path): The directory with train.spacy, heldout.spacy and dev.spacy.
    results (Path): Where a file for each cell goes.
    work (Path): Where configs, logs, the part of the training text and the teachers are kept.
    preset (Preset): How to train.
    gpu_id (int): GPU id, or -1 for CPU.
    """

    corpus: Path
    results: Path
    work: Path
    preset: Preset
    gpu_id: int

    @property
    def parts(self) -> list[Path]:
        """The parts of the corpus, in the order train, held-out, dev."""
        return [self.corpus / f"{part}.spacy" for part in ("train", "heldout", "dev")]

    @property
    def train(self) -> Path:
        """The part of the training text."""
        return self.work / f"train-{self.corpus_hash}-{self.preset.documents}.spacy"

    @property
    def few(self) -> Path:
        """A few documents for the evaluations of spaCy's loop: the last model counts, whatever they say."""
        return self.work / f"few-{self.corpus_hash}.spacy"

    @cached_property
    def corpus_hash(self) -> str:
        """What tells this corpus from others."""
        return _hash(*(_content(path, split=path != self.parts[-1]) for path in self.parts))

    def teacher(self, row: Row) -> Optional[Row]:
        """The row that teaches another."""
        return None if row.teacher is None else self.preset.get_study().rows[row.teacher]

    def steps(self, row: Row) -> int:
        """The steps of a row's training."""
        return self.preset.steps_of(row.config, self.corpus.name)

    def config(self, row: Row) -> Config:
        """The config of a row."""
        config = self.preset.config(row.config, self.corpus.name)
        steps, evaluations = self.steps(row), self.preset.evaluations
        dev = self.parts[1] if evaluations else self.few
        fit_config(config, self.train, dev, steps, eval_frequency=max(1, steps // max(1, evaluations)))
        row.apply(config)
        return config

    def identity(self, row: Row) -> str:
        """What tells this cell from one of another corpus, config or teacher. Where files lie does not
        matter."""
        config = self.config(row)
        text = further_texts(config)
        config["paths"] = {name: path for name, path in config["paths"].items() if name not in FILES}
        if text:
            config["paths"]["raw_text"] = _hash(text.read_bytes())
        if "transformer" in config["paths"]:
            config["paths"]["transformer"] = identify_encoder(config["paths"]["transformer"])
        if vectors := config["paths"].pop("vectors", None):
            config["paths"]["vectors"] = _hash_files(Path(vectors) / "vocab")
        _, component = component_of(config)
        if component.get("queries"):
            component["queries"] = _hash(Path(component["queries"]).read_bytes())
        for name, value in YOUNGER.items():
            if component.get(name) == value:
                del component[name]
        own = _hash(config.to_bytes(), self.corpus_hash.encode(), str(self.preset.documents).encode())
        if row.folds:
            own = _hash(own.encode(), str(row.folds).encode())
        if row.reads is not None:
            read = self.identity(self.preset.get_study().rows[row.reads])
            own = _hash(*(x.encode() for x in (own, read, str(row.member))))
        if (teacher := self.teacher(row)) is None:
            return own
        taught = [own, self.identity(teacher)]
        if self.preset.teacher_seed is not None:
            taught.append(str(self.preset.teacher_seed))
        return _hash(*(x.encode() for x in taught))

    def result(self, row: Row, seed: int) -> Path:
        """The file of a cell."""
        return self.results / f"{row.name}-{seed}.json"

    def output(self, row: Row, seed: int) -> Path:
        """The directory of a cell's training."""
        return self.work / "models" / f"{row.name}-{seed}"

    def _queries(self, rows: list[Row]) -> set[Path]:
        """The files of queries that configs name."""
        configs = (self.preset.config(row.config, self.corpus.name) for row in rows)
        named = (component_of(config)[1].get("queries") for config in configs)
        return {Path(path) for path in named if path}

    def check(self, rows: list[Row], seeds: list[int]) -> None:
        """Stop before the first training if something is missing, a config is for other tokens than the
        corpus's, or a result is of another grid."""
        own: set[Path] = set()
        for row in rows:
            config = self.preset.config(row.config, self.corpus.name)
            if text := further_texts(config):
                own.add(text)
            elif has_further(config):
                name = self.corpus.name
                msg.fail(
                    f"'{row.name}' learns from further texts, and the preset names none for {name}",
                    f"Give it `corpora: {{{name}: {{paths.raw_text: FILE}}}}`, or rows without it.",
                    exits=1,
                )
        needed = (*self.preset.configs.values(), *self._queries(rows), *self.parts, *own)
        missing = [str(path) for path in needed if not path.is_file()]
        if missing:
            msg.fail("Nothing to train", f"Not there: {', '.join(missing)}", exits=1)
        for name in sorted(self.preset.used([row.name for row in rows])):
            if has_other_tokens(self.preset.config(name, self.corpus.name), self.parts[1]):
                msg.fail(
                    f"{self.preset.configs[name]} makes other tokens than {self.parts[1]} has",
                    OTHER_TOKENS,
                    exits=1,
                )
        for path, row in ((self.result(row, seed), row) for row in rows for seed in seeds):
            if not path.is_file():
                continue
            if read_cell(path).identity != self.identity(row):
                msg.fail(
                    f"{path} is of another corpus, config or teacher, or of other steps or documents",
                    "Name another directory, or remove it to run it again.",
                    exits=1,
                )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep a second run out of the grid. The lock ends with the process, however that ends."""
        self.results.mkdir(parents=True, exist_ok=True)
        self.work.mkdir(parents=True, exist_ok=True)
        try:
            with (
                filelock.FileLock(self.work / "lock", timeout=0),
                filelock.FileLock(self.results / ".lock", timeout=0),
            ):
                yield
        except filelock.Timeout as err:
            msg.fail(f"Another run is writing into this grid: it holds {err.lock_file}", exits=1)


def has_further(config: Config) -> bool:
    """Whether a config's student learns from texts without annotation, too."""
    return config.get("distillation", {}).get("unlabelled_corpus") is not None


def further_texts(config: Config) -> Optional[Path]:
    """The file of these texts; None for none."""
    path = config["paths"].get("raw_text")
    return Path(path) if path and has_further(config) else None


def _content(path: Path, *, split: bool) -> bytes:
    """The documents of a part, without where each came from: that came after the published cells, when only
    what `split` wrote had room for it."""
    docs, attrs = read_docs(path)
    for doc in docs:
        doc.user_data.clear()
    return DocBin(attrs=attrs, store_user_data=split, docs=docs).to_bytes()


def _hash_files(directory: Path) -> str:
    """What tells the files of a directory from others."""
    return _hash(*(path.read_bytes() for path in sorted(directory.iterdir()) if path.is_file()))


def _hash(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
