"""Contest *archive*: `spacy gpner annotate` against bare `nlp.pipe` on the same texts."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import srsly

from spacy_gpner.loading import load_pipeline

from .pipeline import BATCH_SIZE
from .texts import read_texts, use


def prepare_pipe(*, model: str, dev: str, limit: int, copies: int, device: str) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts.

    model (str): The pipeline.
    dev (str): A DocBin file.
    limit (int): How many of its texts.
    copies (int): How often to go through them.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp = load_pipeline(model)
    texts = read_texts(dev, limit) * copies
    return lambda: sum(len(doc) for doc in nlp.pipe(texts, batch_size=BATCH_SIZE))


def prepare_annotate(
    *, model: str, dev: str, limit: int, copies: int, workers: int, device: str
) -> Callable[[], Any]:
    """Time the command `annotate` over the same texts, each with a name of its own, in JSON lines. The start
    of its processes, and their loading of the pipeline, are part of it.

    model, dev, limit, copies, device: See `prepare_pipe`.
    workers (int): How many processes annotate.
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    # Texts of the corpus: removed when the contest lets go of it
    temporary = tempfile.TemporaryDirectory()
    folder = Path(temporary.name)
    texts = read_texts(dev, limit) * copies
    path = folder / "notes.jsonl"
    srsly.write_jsonl(path, ({"id": str(i), "text": text} for i, text in enumerate(texts)))
    output = str(folder / "output")
    command = [sys.executable, "-m", "spacy", "gpner", "annotate", model, str(path), "--output", output]
    options = ["--workers", str(workers), "--gpu-id", "0" if device == "cuda" else "-1"]

    def run() -> None:
        shutil.rmtree(Path(temporary.name) / "output", ignore_errors=True)
        subprocess.run([*command, *options], check=True, capture_output=True)

    return run
