"""Archives, and engines that need no processes."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from spacy_gpner.archive.annotator import Annotation, Annotator
from spacy_gpner.archive.rows import Columns
from spacy_gpner.archive.run import Run, Settings, annotate
from spacy_gpner.archive.shards import Done, Shard, Task
from spacy_gpner.archive.source import Archive

from ..util import TRAIN

TEXTS = [text for text, _ in TRAIN]


class InlineEngine:
    """Annotates in this process, up to so many shards."""

    def __init__(self, most: Optional[int] = None, annotator: Optional[Annotator] = None) -> None:
        self.most, self.annotator = most, annotator

    def __call__(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Done]]:
        for number, shard in enumerate(shards):
            if number == self.most:
                raise KeyboardInterrupt
            yield shard, task(shard)


class FailingAnnotator(Annotator):
    """Fails, or ends its process, at texts that say so."""

    def __call__(self, texts: Sequence[str]) -> list[Annotation]:
        import os

        if any("结束" in text for text in texts):
            os._exit(7)
        return super().__call__(texts)


def make_records(n: int, first: int = 0) -> list[dict[str, Any]]:
    """Documents with names of their own."""
    texts = ("".join(TEXTS[(i + j) % len(TEXTS)] for j in range(i % 4 + 1)) for i in range(first, first + n))
    return [{"id": f"d{i}", "text": text, "ward": f"w{i % 3}"} for i, text in enumerate(texts, first)]


def write_jsonl(path: Path, records: Iterable[Any]) -> Path:
    """Write records, and lines as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_output(output: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of an output by folder, in the order of its files, with the numbers of their runs."""
    records = map(json.loads, (output / "runs.jsonl").read_text(encoding="utf-8").splitlines())
    numbers = {record["run"]: record["number"] for record in records}
    return {
        folder: [
            {**(row := json.loads(line)), "run": numbers[row["run"]]}
            for path in sorted((output / folder).iterdir())
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for folder in ("documents", "mentions", "rejects")
    }


def states(output: Path) -> dict[str, tuple[int, str]]:
    """Run and state of each document, the last of several rows."""
    return {row["document"]: (row["run"], row["state"]) for row in read_output(output)["documents"]}


def go(model: Any, source: Path, output: Path, engine: Any = None, **settings: Any) -> Run:
    """Annotate a folder, in shards of four."""
    settings = {"shard_size": 4, "columns": Columns(carried=("ward",)), **settings}
    return annotate(str(model), Archive((source,)), output, Settings(**settings), engine or InlineEngine())
