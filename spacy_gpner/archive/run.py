"""A run over an archive: what is to be annotated, and what became of it."""

import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Optional, Protocol, Union

import srsly
from spacy.util import get_package_path, is_package

from ..about import __version__
from ..errors import ArchiveError
from ..files import atomic_write, resolve
from ..loading import load_pipeline
from ..pipeline.find import find_pipe
from .annotator import Annotator
from .encoding import check_encoding
from .extras import require
from .ledger import NAME, Ledger
from .reading import Reading
from .rows import Columns, Reject, Row
from .shards import (
    DOCUMENT_TYPES,
    DOCUMENTS,
    FORMATS,
    MENTIONS,
    REJECTS,
    UNFINISHED,
    Done,
    Shard,
    Task,
    cut_shards,
    digest_row,
)
from .source import Archive

RUNS = "runs.jsonl"
RUNNING, FINISHED, ABANDONED = "running", "finished", "abandoned"
# Rows that are looked up at once
BATCH = 1000


class Engine(Protocol):
    """What annotates shards: `LocalEngine`, or one of a cluster."""

    def run(self, task: Task, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Done]]:
        """Annotate shards, and yield them with what became of them."""


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
    failed, rejected, vanished, unread (int): See `Done`.
    """

    documents: int = 0
    characters: int = 0
    mentions: int = 0
    unchanged: int = 0
    failed: int = 0
    rejected: int = 0
    vanished: int = 0
    unread: int = 0

    def add(self, done: Done) -> None:
        """Add a shard's."""
        self.documents += done.documents
        self.characters += done.characters
        self.mentions += done.mentions
        self.failed += len(done.failed)
        self.rejected += done.rejected
        self.vanished += done.vanished
        self.unread += done.unread


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
    progress (Callable): Called after each shard.
    say (Callable): Called with what a user should know.
    RETURNS (Run): The run.
    RAISES (ArchiveError): If the archive can't be read, or the output is another's.
    RAISES (PipelineError): If there is no such pipeline.
    """
    archive.check()
    if settings.format not in FORMATS:
        raise ArchiveError(f"There is no format '{settings.format}'. Give {' or '.join(FORMATS)}.")
    if taken := DOCUMENT_TYPES.keys() & settings.columns.carried:
        raise ArchiveError(
            f"A column '{min(taken)}' can't be carried along: the rows of documents have one of their own. "
            "Give it another name, in the query for instance."
        )
    if settings.format == "parquet":
        require("pyarrow", "archive", "Parquet")
    if encoding is not None:
        check_encoding(encoding)
    annotator = Annotator(model, clean=settings.clean, gpu_id=gpu_id)
    identity = {
        "model": _describe_model(model),
        "settings": srsly.json_loads(srsly.json_dumps(asdict(settings))),
        "source": archive.describe(),
    }
    ledger = _open(output, archive)
    try:
        _check_identity(ledger, identity, output)
        while True:
            run = _begin(ledger, identity, archive, say)
            task = Task(
                annotator,
                run.record["run"],
                run.number,
                output,
                settings.format,
                settings.columns.carried,
            )
            _clear(output, ledger, run.number)
            _write_runs(output, ledger)
            reading = Reading(settings.columns, settings.max_length, encoding, archive.tally())
            try:
                _annotate(run, task, archive, ledger, engine, reading, settings, progress)
                break
            except _ChangedError:
                say(
                    "The archive has changed since the run was interrupted: it ends here, and another begins."
                )
                ledger.put_run({**run.record, "state": ABANDONED})
        _mark_vanished(run, task, ledger, settings, progress, reading, say)
        _finish(run, archive, ledger, reading)
        _write_runs(output, ledger)
    finally:
        ledger.close()
    return run


def _open(output: Path, archive: Archive) -> Ledger:
    """Open the ledger of an output, or begin one in an empty folder."""
    own = resolve(output)
    for given in archive.inputs:
        path = resolve(given)
        if own == path or path in own.parents or own in path.parents:
            raise ArchiveError(f"{output} and the input {given} lie in one another. Give another output.")
    if own.exists() and not own.is_dir():
        raise ArchiveError(f"{output} is a file. Give a folder.")
    if own.is_dir() and not (own / NAME).is_file() and any(own.iterdir()):
        raise ArchiveError(f"{output} holds something, and no ledger of annotations. Give another folder.")
    for folder in (MENTIONS, DOCUMENTS, REJECTS, UNFINISHED):
        (own / folder).mkdir(parents=True, exist_ok=True)
    return Ledger(own)


def _describe_model(model: str) -> dict[str, Any]:
    """A pipeline's name and what tells it from others: its files, but for a model card."""
    nlp = load_pipeline(model)
    find_pipe(nlp)
    path = get_package_path(model) if is_package(model) else Path(model)
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(path.rglob("*")):
        if file.is_file() and file.name != "README.md" and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as content:
                while part := content.read(1 << 20):
                    digest.update(part)
    name = "_".join(str(nlp.meta[key]) for key in ("lang", "name") if nlp.meta.get(key))
    return {"name": name, "version": nlp.meta.get("version"), "digest": digest.hexdigest()}


def _check_identity(ledger: Ledger, identity: dict[str, Any], output: Path) -> None:
    if not (runs := ledger.runs()):
        return
    last = runs[-1]
    for key, what in (("model", "another model"), ("source", "another archive")):
        if last[key] != identity[key]:
            raise ArchiveError(
                f"{output} has annotations of {what}: {_show(last[key])}, and this is "
                f"{_show(identity[key])}. Give another output."
            )
    given, before = _flat(identity["settings"]), _flat(last["settings"])
    if differ := [name for name in given if given[name] != before.get(name)]:
        name = differ[0]
        raise ArchiveError(
            f"{output} was made with other settings: {name} was {before.get(name)!r}, and is "
            f"{given[name]!r}. Give the same, or another output."
        )


def _show(described: dict[str, Any]) -> str:
    if "digest" in described:
        return f"{described['name']} ({described['digest'][:8]})"
    return ", ".join(map(str, described.get("inputs") or (described["sql"], described["query"])))


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    columns = settings["columns"]
    return {**columns, **{name: value for name, value in settings.items() if name != "columns"}}


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
            run = Run(last)
            for each in done:
                run.counts.add(each)
            return run
        say(f"Run {last['number']} was interrupted, and files have changed: a new one goes on.")
        ledger.put_run({**last, "state": ABANDONED})
    number = len(runs) + 1
    id_ = _digest([identity, number])[:12]
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
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _clear(output: Path, ledger: Ledger, run: int) -> None:
    """Remove what a killed process left: files that it had not finished, and those of shards that the ledger
    does not have."""
    for path in (output / UNFINISHED).iterdir():
        path.unlink()
    known = {number: set(ledger.shards(number)) for number in range(1, run + 1)}
    for folder in (MENTIONS, DOCUMENTS, REJECTS):
        for path in (output / folder).iterdir():
            own, _, shard = path.stem.partition("-")
            if int(shard) not in known[int(own)]:
                path.unlink()


def _annotate(
    run: Run,
    task: Task,
    archive: Archive,
    ledger: Ledger,
    engine: Engine,
    reading: Reading,
    settings: Settings,
    progress: Callable[[Run, Reading, Done], None],
) -> None:
    done = ledger.shards(run.number)

    def missing() -> Iterator[Shard]:
        for shard in cut_shards(_sift(run, archive, ledger, reading), settings.shard_size):
            if shard.number not in done:
                yield shard
            elif shard.digest != done[shard.number]:
                raise _ChangedError

    for shard, own in engine.run(task, missing()):
        ledger.put_shard(run.number, shard, own)
        run.counts.add(own)
        progress(run, reading, own)


def _sift(
    run: Run, archive: Archive, ledger: Ledger, reading: Reading
) -> Iterator[Union[tuple[Row, bytes], Reject]]:
    """Take the documents that are new or changed, and the rows that are none."""
    rows = archive.rows(reading)
    while batch := list(islice(rows, BATCH)):
        ids = dict.fromkeys(row.id for row in batch if isinstance(row, Row))
        before = ledger.see(list(ids))
        known = ledger.known(list(ids), run.number)
        for row in batch:
            if isinstance(row, Reject):
                yield row
            elif row.id in before:
                yield Reject(row.place, "another document has this id", row.id)
            else:
                before.add(row.id)
                digest = digest_row(row)
                if known.get(row.id) == digest:
                    run.counts.unchanged += 1
                else:
                    yield row, digest


def _mark_vanished(
    run: Run,
    task: Task,
    ledger: Ledger,
    settings: Settings,
    progress: Callable[[Run, Reading, Done], None],
    reading: Reading,
    say: Callable[[str], None],
) -> None:
    """Say of documents of earlier runs that they are no longer there, unless they may not have been read."""
    if run.counts.unread:
        say("Not all could be read: of no document it is said that it is gone.")
        return
    ids = ledger.vanished(run.number)
    while own := tuple(islice(ids, settings.shard_size)):
        shard = Shard(max(ledger.shards(run.number), default=-1) + 1, vanished=own)
        done = task(shard)
        ledger.put_shard(run.number, shard, done)
        run.counts.add(done)
        progress(run, reading, done)


def _finish(run: Run, archive: Archive, ledger: Ledger, reading: Reading) -> None:
    run.changed = _digest(archive.fingerprint()) != run.record["fingerprint"]
    run.record |= {
        "state": FINISHED,
        "finished": _now(),
        **asdict(run.counts),
        "changed_meanwhile": run.changed,
        "encodings": reading.encodings,
    }
    ledger.put_run(run.record)


def _write_runs(output: Path, ledger: Ledger) -> None:
    with atomic_write(output / RUNS) as temporary:
        srsly.write_jsonl(temporary, ledger.runs())
