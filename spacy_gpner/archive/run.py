"""A run over an archive: what is to be annotated, and what became of it."""

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Any, Optional
from uuid import uuid4

import srsly

from ..about import __version__
from ..encoding import check_encoding
from ..errors import ArchiveError
from .annotator import Annotator
from .engine import Engine
from .extras import require
from .ledger import Ledger
from .output import check_identity, clear_output, describe_model, open_output, write_runs
from .reading import Reading
from .rows import Columns, Reject, Row
from .shards import DOCUMENT_TYPES, FORMATS, Done, Item, Shard, Task, cut_shards, digest_row
from .source import Archive

RUNNING, FINISHED, ABANDONED = "running", "finished", "abandoned"
# Rows that are looked up at once
BATCH = 1000


@dataclass(frozen=True)
class Settings:
    """How an archive is annotated. All runs of an output have the same.

    columns (Columns): The columns to read.
    clean (Tuple[str, ...]): Steps of cleaning.
    format (str): "jsonl" or "parquet".
    shard_size (int): Documents of a shard.
    max_length (int): The longest document, in characters.
    """

    columns: Columns = field(default_factory=Columns)
    clean: tuple[str, ...] = ()
    format: str = "jsonl"
    shard_size: int = 1000
    max_length: int = 1_000_000


@dataclass
class Counts:
    """What became of the rows of a run.

    documents, characters, mentions (int): What was annotated, and found.
    unchanged (int): Documents that an earlier run had annotated.
    failed, rejected, vanished, unread, hiding (int): See `Done`.
    """

    documents: int = 0
    characters: int = 0
    mentions: int = 0
    unchanged: int = 0
    failed: int = 0
    rejected: int = 0
    vanished: int = 0
    unread: int = 0
    hiding: int = 0

    def add(self, done: Done) -> None:
        """Add a shard's."""
        self.documents += done.documents
        self.characters += done.characters
        self.mentions += done.mentions
        self.failed += len(done.failed)
        self.rejected += done.rejected
        self.vanished += done.vanished
        self.unread += done.unread
        self.hiding += done.hiding


class _ChangedError(Exception):
    """A run that is gone on with finds other documents than it had."""


@dataclass
class Run:
    """A run.

    record (Dict[str, Any]): What is kept of it.
    counts (Counts): What became of its rows so far.
    changed (bool): Whether files changed while they were read.
    """

    record: dict[str, Any]
    counts: Counts = field(default_factory=Counts)
    changed: bool = False

    @property
    def number(self) -> int:
        """Which run of the output it is, from 1."""
        return int(self.record["number"])


def annotate(
    model: str,
    archive: Archive,
    output: Path,
    settings: Settings,
    engine: Engine,
    *,
    encoding: Optional[str] = None,
    gpu_id: int = -1,
    code: Optional[Path] = None,
    progress: Callable[[Run, Reading, Done], None] = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Annotate what is new or changed in an archive since the last run, or go on with one that was
    interrupted.

    model (str): The pipeline: a directory or a package.
    archive (Archive): The archive.
    output (Path): The folder of ledger and annotations.
    settings (Settings): How to annotate.
    engine (Engine): What annotates.
    encoding (Optional[str]): That of text files; None to look at each.
    gpu_id (int): A GPU, or -1 for the processor.
    code (Optional[Path]): A Python file that workers import before they load the pipeline.
    progress (Callable): Called after each shard.
    say (Callable): Called with what a user should know.
    RETURNS (Run): The run.
    RAISES (ArchiveError): If the archive can't be read, or the output is another's.
    RAISES (PipelineError): If there is no such pipeline.
    """
    archive.check()
    _check_settings(settings)
    if encoding is not None:
        encoding = check_encoding(encoding)
    annotator = Annotator(model, clean=settings.clean, gpu_id=gpu_id, code=code)
    identity = {
        "model": describe_model(model, code),
        "settings": srsly.json_loads(srsly.json_dumps(asdict(settings))),
        "source": archive.describe(),
    }
    with closing(open_output(output, archive)) as ledger, ledger.naming():
        check_identity(ledger, identity, output)
        while True:
            run = _begin(ledger, identity, archive, say)
            reading = Reading(settings.columns, settings.max_length, encoding, archive.tally(), say=say)
            course = _Course(
                run, archive, output, settings, engine, annotator, ledger, reading, progress, say
            )
            try:
                course.go()
                return run
            except _ChangedError:
                say("The archive is not what it was when the run was interrupted: another one begins.")
                ledger.put_run({**run.record, "state": ABANDONED})


def _check_settings(settings: Settings) -> None:
    if settings.format not in FORMATS:
        raise ArchiveError(f"There is no format '{settings.format}'. Give {' or '.join(FORMATS)}.")
    if settings.format == "parquet":
        require("pyarrow", "archive", "Parquet")
    if taken := DOCUMENT_TYPES.keys() & settings.columns.carried:
        raise ArchiveError(
            f"A column '{min(taken)}' can't be carried along: the rows of documents have one of their own. "
            "Give it another name, in the query for instance."
        )


def _begin(ledger: Ledger, identity: dict[str, Any], archive: Archive, say: Callable[[str], None]) -> Run:
    """Go on with an interrupted run over the same files, or begin a new one."""
    runs = ledger.runs()
    fingerprint = _digest(archive.fingerprint())
    ledger.begin_reading()
    if runs and runs[-1]["state"] == RUNNING:
        last = runs[-1]
        if last["fingerprint"] == fingerprint:
            done = ledger.done(last["number"])
            say(f"Run {last['number']} was interrupted, and goes on after {len(done)} shards.")
            # Of a run without a document another pipeline may take the place
            run = Run({**last, **identity})
            ledger.put_run(run.record)
            for each in done:
                run.counts.add(each)
            return run
        say(f"Run {last['number']} was interrupted, and files have changed: a new one goes on.")
        ledger.put_run({**last, "state": ABANDONED})
    number = len(runs) + 1
    # Another output's run over the same archive is another run
    id_ = uuid4().hex[:12]
    record = {
        **{"run": id_, "number": number, "state": RUNNING, **identity, "fingerprint": fingerprint},
        "versions": {
            "spacy_gpner": __version__,
            **{name: version(name) for name in ("spacy", "thinc", "torch")},
            "python": platform.python_version(),
        },
        "started": _now(),
    }
    ledger.put_run(record)
    return Run(record)


def _digest(value: Any) -> str:
    return hashlib.blake2b(srsly.json_dumps(value, sort_keys=True).encode(), digest_size=16).hexdigest()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class _Course:
    """What a run does."""

    run: Run
    archive: Archive
    output: Path
    settings: Settings
    engine: Engine
    annotator: Annotator
    ledger: Ledger
    reading: Reading
    progress: Callable[[Run, Reading, Done], None]
    say: Callable[[str], None]

    @property
    def task(self) -> Task:
        run, settings = self.run, self.settings
        carried = settings.columns.carried
        return Task(self.annotator, run.record["run"], run.number, self.output, settings.format, carried)

    def go(self) -> None:
        """Annotate what is missing, and say what is gone."""
        clear_output(self.output, self.ledger)
        write_runs(self.output, self.ledger)
        items = self._sift()
        # Without a document that earlier runs did not annotate, no worker is started
        if (first := next(items, None)) is not None:
            with closing(self.engine(self.task, self._missing(chain([first], items)))) as results:
                for shard, done in results:
                    self._keep(shard, done)
        if not self.run.counts.hiding:
            self._mark_vanished()
        elif self.run.number > 1:
            self.say("Not all could be read, or told whose it is: of no document it is said that it is gone.")
        self._finish()
        write_runs(self.output, self.ledger)

    def _keep(self, shard: Shard, done: Done) -> None:
        self.ledger.put_shard(self.run.number, shard, done)
        self.run.counts.add(done)
        self.progress(self.run, self.reading, done)

    def _missing(self, items: Iterable[Item]) -> Iterator[Shard]:
        """The shards that are not done."""
        done = self.ledger.shards(self.run.number)
        for shard in cut_shards(items, self.settings.shard_size):
            if shard.number not in done:
                yield shard
            elif shard.digest != done[shard.number]:
                raise _ChangedError

    def _sift(self) -> Iterator[Item]:
        """The documents that are new or changed, and the rows that are none."""
        rows = self.archive.rows(self.reading)
        while batch := list(islice(rows, BATCH)):
            ids = list(dict.fromkeys(row.id for row in batch if isinstance(row, Row)))
            self.ledger.see_rejected([row.id for row in batch if isinstance(row, Reject) and row.id])
            before = self.ledger.see(ids)
            known = self.ledger.known(ids, self.run.number)
            for row in batch:
                if isinstance(row, Reject):
                    yield row
                elif row.id in before:
                    yield Reject(row.place, "another document has this id", row.id)
                else:
                    before.add(row.id)
                    digest = digest_row(row)
                    if known.get(row.id) == digest:
                        self.run.counts.unchanged += 1
                    else:
                        yield row, digest

    def _mark_vanished(self) -> None:
        """Say of documents of earlier runs that the reading did not come by them."""
        number = max(self.ledger.shards(self.run.number), default=-1)
        ids = self.ledger.vanished(self.run.number)
        while own := tuple(islice(ids, self.settings.shard_size)):
            number += 1
            shard = Shard(number, vanished=own)
            self._keep(shard, self.task(shard))

    def _finish(self) -> None:
        run = self.run
        run.changed = _digest(self.archive.fingerprint()) != run.record["fingerprint"]
        run.record |= {
            "state": FINISHED,
            "finished": _now(),
            **asdict(run.counts),
            "changed_meanwhile": run.changed,
            "encodings": self.reading.encodings,
        }
        self.ledger.put_run(run.record)
