"""Train the models of a paper's tables on a corpus, over several seeds.

A cell of the grid is one model with one seed: a fixed part of the training text, a fixed number of steps,
the last model, its threshold chosen on held-out text, and one prediction of the dev part. A finished cell is
a file, so that an interrupted grid goes on where it stopped. `python -m paper.tables` makes the tables.

Example: python -m paper.train corpus/cmeee metrics/paper/cpu/cmeee training/paper/cpu/cmeee --preset cpu
"""

import argparse
import json
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import spacy
import srsly
from spacy.tokens import DocBin
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
from tqdm import tqdm
from wasabi import msg

from spacy_gpner.about import __version__
from spacy_gpner.cli._gpu import setup_gpu
from spacy_gpner.crossval.course import FOLDS
from spacy_gpner.crossval.run import ENSEMBLE
from spacy_gpner.files import atomic_write

from .cells import Cell, write_cell
from .encoders import describe_encoder
from .grid import Grid
from .measure import measure, spread
from .presets import PRESETS, read_preset
from .study import Row

# Documents of the evaluations that nobody looks at
FEW = 20
# Where spaCy's logger writes the others
CURVE = "evaluations.jsonl"


def run_cell(grid: Grid, row: Row, seed: int, *, keep: bool) -> None:
    """Train and measure one cell, unless that is done.

    grid (Grid): The grid.
    row (Row): The model.
    seed (int): The seed.
    keep (bool): Whether a model stays that teaches no other, and is read in no other way.
    """
    if grid.result(row, seed).is_file():
        return
    draw_documents(grid)
    preset = grid.preset
    model, seconds = train_model(grid, row, seed)
    cell = Cell(
        study=preset.study,
        row=row.name,
        seed=seed,
        identity=grid.identity(row),
        corpus=grid.corpus.name,
        encoder=describe_encoder(grid.config(row)),
        machine=describe_machine(grid.gpu_id),
        version=__version__,
        documents=preset.documents,
        steps=grid.steps(row),
        seconds=round(seconds),
        curve=read_curve(model.parent),
        **measure(model, grid.corpus, preset.dev_documents, preset.heldout_documents, row.prepare),
    )
    write_cell(cell, grid.result(row, seed))
    others = preset.get_study().rows.values()
    if not keep and not any(row.name in (other.teacher, other.reads) for other in others):
        shutil.rmtree(grid.output(row, seed), ignore_errors=True)


def draw_documents(grid: Grid) -> None:
    """Take the training documents, evenly spread over the training part, unless that is done."""
    if grid.train.is_file():
        return
    docs = list(DocBin().from_disk(grid.parts[0]).get_docs(spacy.blank("zh").vocab))
    for path, drawn in ((grid.few, docs[:FEW]), (grid.train, spread(docs, grid.preset.documents))):
        with atomic_write(path) as temporary:
            DocBin(docs=drawn).to_disk(temporary)


def train_model(grid: Grid, row: Row, seed: int) -> tuple[Path, float]:
    """Train a model, unless it is a teacher that is kept from before; its teacher first.

    grid (Grid): The grid.
    row (Row): The model.
    seed (int): The seed.
    RETURNS (Tuple[Path, float]): The trained pipeline, and how many seconds its training took.
    """
    if row.reads is not None:
        read = grid.preset.get_study().rows[row.reads]
        model, seconds = train_model(grid, read, seed)
        if not row.member:
            return model, seconds
        return model.parent / f"model-{row.member}" / DIR_MODEL_BEST, seconds / read.folds
    output = grid.output(row, seed)
    model, state = output / DIR_MODEL_LAST, output / "state.json"
    if row.folds:
        model = output / "crossval" / ENSEMBLE
    begun = srsly.read_json(state) if state.is_file() else {}
    if begun.get("identity") != grid.identity(row):
        begun = {"identity": grid.identity(row), "seconds": 0.0, "done": False}
        shutil.rmtree(output, ignore_errors=True)
    elif begun["done"]:
        return model, begun["seconds"]
    command, place, own = ["train"], output, list[str]()
    if (teacher := grid.teacher(row)) is not None:
        trained_teacher, _ = train_model(grid, teacher, grid.preset.teacher_seed_of(seed))
        command = ["gpner", "distill", str(trained_teacher)]
        if teacher.folds:
            parts = [str(trained_teacher.parent / FOLDS / f"{i + 1}.spacy") for i in range(teacher.folds)]
            own = ["--distillation.folds", json.dumps(parts)]
        elif grid.config(row)["distillation"]["linkage"] is None:
            # Of the texts of this config, once for all rows and seeds
            own = ["--distillation.cache.path", str(trained_teacher.parent / f"{row.config}.safetensors")]
    elif row.folds:
        command, place, own = ["gpner", "crossval"], model.parent, ["--folds", str(row.folds)]
    path, log = output / "config.cfg", output / "log.txt"
    if row.folds and log.is_file():
        # A cross-validation goes on where it was stopped
        begun["seconds"] += log.stat().st_mtime - begun["started"]
    else:
        shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    config = grid.config(row)
    if grid.preset.evaluations:
        config["training"]["logger"] = {
            "@loggers": "spacy.ConsoleLogger.v3",
            "output_file": str(output / CURVE),
        }
    config.to_disk(path)
    options = ["--output", str(place), "--gpu-id", str(grid.gpu_id), "--system.seed", str(seed), *own]
    begun["started"] = time.time()
    _write_state(state, begun)
    with log.open("ab") as file:
        code = subprocess.run(
            [sys.executable, "-m", "spacy", *command, str(path), *options], stdout=file, stderr=file
        ).returncode
    if code:
        msg.fail(f"The training of {row.name} failed", f"See {log}", exits=1)
    begun["seconds"] += time.time() - begun["started"]
    _write_state(state, begun | {"done": True})
    return model, begun["seconds"]


def _write_state(path: Path, state: dict[str, Any]) -> None:
    with atomic_write(path) as temporary:
        srsly.write_json(temporary, state)


def read_curve(output: Path) -> list[list[float]]:
    """Steps, and F1 on the held-out part after them, of a training that was evaluated."""
    if not (output / CURVE).is_file():
        return []
    return [[row["step"], round(row["score"], 4)] for row in srsly.read_jsonl(output / CURVE)]


def describe_machine(gpu_id: int) -> str:
    """The GPU's name, or the processor's kind."""
    if gpu_id < 0:
        return f"CPU ({platform.machine()})"
    import torch

    return torch.cuda.get_device_name(gpu_id)


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
    parser.add_argument("--rows", nargs="+", help="which models of the study; default: the preset's")
    parser.add_argument("--seeds", nargs="+", type=int, help="which of the preset's seeds; default: all")
    parser.add_argument("--documents", type=int, help="training documents, in place of the preset's")
    parser.add_argument("--steps", type=int, help="steps of every training, in place of the preset's")
    parser.add_argument("--keep", action="store_true", help="keep models that nothing else needs, too")
    parser.add_argument("--gpu-id", type=int, default=-1)
    args = parser.parse_args()
    if args.gpu_id >= 0:
        setup_gpu(args.gpu_id)
    preset = read_preset(
        args.presets, args.preset, documents=args.documents, steps=args.steps, rows=args.rows
    )
    grid = Grid(args.corpus, args.results, args.work, preset, args.gpu_id)
    study = preset.get_study()
    if unknown := [name for name in args.rows or [] if name not in study.rows]:
        parser.error(f"no row '{unknown[0]}' in the study '{preset.study}': {', '.join(study.rows)}")
    rows = [study.rows[name] for name in args.rows] if args.rows else preset.trained()
    if missing := [row for row in rows if row.config not in preset.configs]:
        parser.error(f"'{missing[0].name}' needs a config '{missing[0].config}', which the preset lacks")
    if unknown_seeds := set(args.seeds or []) - set(preset.seeds):
        parser.error(f"no seed {min(unknown_seeds)} in the preset '{args.preset}', which has {preset.seeds}")
    seeds = args.seeds or preset.seeds
    # Else a training would outlive the grid, and its lock
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with grid.lock():
        grid.check(rows, seeds)
        cells = [(row, seed) for seed in seeds for row in rows]
        done = sum(grid.result(*cell).is_file() for cell in cells)
        msg.info(f"{len(cells)} cells, {done} of them finished")
        try:
            with tqdm(cells, unit="cell", disable=None) as progress:
                for row, seed in progress:
                    progress.set_description(f"{row.name}, seed {seed}")
                    run_cell(grid, row, seed, keep=args.keep)
        except KeyboardInterrupt:
            msg.warn("Interrupted", "Finished cells are kept: the same command goes on.")
            sys.exit(130)


if __name__ == "__main__":
    main()
