"""Train the models of the main paper's Tables 3 to 5 on a corpus, over several seeds.

A cell of the grid is one model with one seed: a fixed part of the training text, a fixed number of steps,
the last model, its threshold chosen on held-out text, and one prediction of the dev part. A finished cell is
a file, so that an interrupted grid goes on where it stopped. `paper_tables.py` makes the tables.

Example: python scripts/paper.py corpus/cmeee metrics/paper/cpu/cmeee training/paper/cpu/cmeee --preset cpu
"""

import argparse
import hashlib
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import filelock
import spacy
import srsly
from make_config import fit_config
from paper_cells import Cell, read_cell, write_cell
from paper_presets import PRESETS, Preset, describe_encoder, read_preset
from paper_rows import ROWS, Row
from report import CANDIDATES, COMPONENT, choose_threshold
from spacy.language import Language
from spacy.tokens import DocBin
from thinc.api import Config
from tqdm import tqdm
from wasabi import msg

from spacy_gpner.about import __version__
from spacy_gpner.entities import Entity, entities, scored_entities
from spacy_gpner.files import atomic_write

# Paths of a config to files; where they lie is no setting
FILES = {"train", "dev", "raw_text", "init_tok2vec", "vectors"}
# Documents of the evaluations that nobody looks at
FEW = 20


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
        return _hash(*(path.read_bytes() for path in self.parts))

    def config(self, row: Row) -> Config:
        """The config of a row."""
        config = self.preset.config(row.size, self.corpus.name)
        fit_config(config, self.train, self.few, self.preset.steps, eval_frequency=self.preset.steps)
        row.apply(config)
        return config

    def identity(self, row: Row) -> str:
        """What tells this cell from one of another corpus, config or teacher. Where files lie does not
        matter."""
        config = self.config(row)
        config["paths"] = {name: path for name, path in config["paths"].items() if name not in FILES}
        own = _hash(config.to_bytes(), self.corpus_hash.encode(), str(self.preset.documents).encode())
        return own if row.teacher is None else _hash(own.encode(), self.identity(ROWS[row.teacher]).encode())

    def result(self, row: Row, seed: int) -> Path:
        """The file of a cell."""
        return self.results / f"{row.name}-{seed}.json"

    def check(self, rows: list[Row], seeds: list[int]) -> None:
        """Stop before the first training if something is missing, or a result is of another grid."""
        missing = [
            str(path)
            for path in (self.preset.teacher, self.preset.student, *self.parts)
            if not path.is_file()
        ]
        if missing:
            msg.fail("Nothing to train", f"Not there: {', '.join(missing)}", exits=1)
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

    def run(self, row: Row, seed: int) -> None:
        """Train and measure one cell, unless that is done."""
        if self.result(row, seed).is_file():
            return
        self._draw_documents()
        model, seconds = self._train(row, seed)
        cell = Cell(
            row=row.name,
            seed=seed,
            identity=self.identity(row),
            corpus=self.corpus.name,
            encoder=describe_encoder(self.config(row)),
            machine=describe_machine(self.gpu_id),
            version=__version__,
            documents=self.preset.documents,
            steps=self.preset.steps,
            seconds=round(seconds),
            **measure(model, self.corpus),
        )
        write_cell(cell, self.result(row, seed))
        if not self._teaches(row):
            shutil.rmtree(model.parent)

    def _draw_documents(self) -> None:
        """Take the training documents, evenly spread over the training part."""
        if self.train.is_file():
            return
        docs = list(DocBin().from_disk(self.parts[0]).get_docs(spacy.blank("zh").vocab))
        n = min(self.preset.documents or len(docs), len(docs))
        for path, drawn in (
            (self.few, docs[:FEW]),
            (self.train, [docs[i * len(docs) // n] for i in range(n)]),
        ):
            with atomic_write(path) as temporary:
                DocBin(docs=drawn).to_disk(temporary)

    @staticmethod
    def _teaches(row: Row) -> bool:
        return any(other.teacher == row.name for other in ROWS.values())

    def _train(self, row: Row, seed: int) -> tuple[Path, float]:
        """Train a model, unless it is a teacher that is kept from before; its teacher first."""
        output = self.work / "models" / f"{row.name}-{seed}"
        model, done = output / "model-last", output / "trained.json"
        if done.is_file():
            trained = srsly.read_json(done)
            if trained["identity"] == self.identity(row):
                return model, trained["seconds"]
        command = ["train"]
        if row.teacher is not None:
            teacher, _ = self._train(ROWS[row.teacher], seed)
            command = ["gpner", "distill", str(teacher)]
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        config = output / "config.cfg"
        self.config(row).to_disk(config)
        options = ["--output", str(output), "--gpu-id", str(self.gpu_id), "--system.seed", str(seed)]
        start = time.perf_counter()
        log = output / "log.txt"
        with log.open("wb") as file:
            code = subprocess.run(
                [sys.executable, "-m", "spacy", *command, str(config), *options], stdout=file, stderr=file
            ).returncode
        if code:
            msg.fail(f"The training of {row.name} failed", f"See {log}", exits=1)
        seconds = time.perf_counter() - start
        with atomic_write(done) as temporary:
            srsly.write_json(temporary, {"identity": self.identity(row), "seconds": seconds})
        return model, seconds


def measure(model: Path, corpus: Path) -> dict[str, Any]:
    """Count, for each document of the dev part, the entities that a model predicts, those of them that are
    right, and the gold ones; at the threshold with the best F1 on the held-out part."""
    nlp = spacy.load(model)
    heldout, dev = (read_gold(corpus / f"{part}.spacy") for part in ("heldout", "dev"))
    threshold = choose_threshold(_predict(nlp, heldout, CANDIDATES[0]), (gold for _, gold in heldout))
    found = _predict(nlp, dev, threshold)
    return {
        "threshold": threshold,
        "predicted": [len(own) for own in found],
        "right": [len(own.keys() & gold) for own, (_, gold) in zip(found, dev, strict=True)],
        "gold": [len(gold) for _, gold in dev],
    }


@cache
def read_gold(path: Path) -> list[tuple[str, set[Entity]]]:
    """Text and gold entities of a corpus, read once for all cells."""
    docs = DocBin().from_disk(path).get_docs(spacy.blank("zh").vocab)
    return [(doc.text, set(entities(doc, "sc"))) for doc in docs]


def _predict(nlp: Language, gold: list[tuple[str, set[Entity]]], threshold: float) -> list[dict[Entity, Any]]:
    nlp.get_pipe(COMPONENT).threshold = threshold
    return [scored_entities(doc, "sc") for doc in nlp.pipe(text for text, _ in gold)]


def describe_machine(gpu_id: int) -> str:
    """The GPU's name, or the processor's kind."""
    if gpu_id < 0:
        return f"CPU ({platform.machine()})"
    import torch

    return torch.cuda.get_device_name(gpu_id)


def _hash(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="directory with train.spacy, heldout.spacy and dev.spacy")
    parser.add_argument("results", type=Path, help="directory for the results, a file a cell")
    parser.add_argument("work", type=Path, help="directory for teachers, configs and logs")
    parser.add_argument("--preset", default="cpu", help="how to train: a name in --presets")
    parser.add_argument("--presets", type=Path, default=PRESETS, help="file of presets")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="default: all")
    parser.add_argument("--gpu-id", type=int, default=-1)
    args = parser.parse_args()
    if args.gpu_id >= 0:
        spacy.require_gpu(args.gpu_id)
    preset = read_preset(args.presets, args.preset)
    grid = Grid(args.corpus, args.results, args.work, preset, args.gpu_id)
    rows = [ROWS[name] for name in args.rows]
    # Else a training would outlive the grid, and its lock
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with grid.lock():
        grid.check(rows, preset.seeds)
        cells = [(row, seed) for seed in preset.seeds for row in rows]
        done = sum(grid.result(*cell).is_file() for cell in cells)
        msg.info(f"{len(cells)} cells, {done} of them finished")
        try:
            with tqdm(cells, unit="cell", disable=None) as progress:
                for row, seed in progress:
                    progress.set_description(f"{row.name}, seed {seed}")
                    grid.run(row, seed)
        except KeyboardInterrupt:
            msg.warn("Interrupted", "Finished cells are kept: the same command goes on.")
            sys.exit(130)


if __name__ == "__main__":
    main()
