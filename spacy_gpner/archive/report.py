"""What a run tells: while it runs, when it ends, and afterwards."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Optional

from tqdm import tqdm
from wasabi import msg

from ..errors import ArchiveError
from ..locks import is_locked
from ..tables import print_table
from .ledger import open_ledger
from .reading import Reading
from .run import FINISHED, RUNNING, Run
from .shards import REJECTS, Done

# What a run is called that has not come to its end, and at which nobody works
INTERRUPTED = "interrupted"
HEADER = (
    "run",
    "state",
    "documents",
    "mentions",
    "unchanged",
    "failed",
    "rejected",
    "vanished",
    "began",
    "ended",
)


class Progress:
    """A bar of what was read of all files, with documents and their rate; of a database, without an end."""

    def __init__(self) -> None:
        self._bar: Optional[tqdm] = None

    def close(self) -> None:
        """Remove it."""
        if self._bar is not None:
            self._bar.close()

    def show(self, run: Run, reading: Reading, done: Done) -> None:
        """Show how far a run has come."""
        tally = reading.tally
        if self._bar is None:
            form = None if tally.total is None else "{l_bar}{bar}| {elapsed}<{remaining}{postfix}"
            self._bar = tqdm(
                total=tally.total, desc="annotate", disable=None, file=sys.stderr, bar_format=form
            )
        n = run.counts.documents
        self._bar.update((n if tally.total is None else tally.done) - self._bar.n)
        rate = n / max(self._bar.format_dict["elapsed"], 1e-9)
        self._bar.set_postfix_str(f"{n:,} documents, {rate:,.0f} a second", refresh=False)


def print_run(run: Run, output: Path) -> bool:
    """Print what became of a run's rows.

    run (Run): The run.
    output (Path): The output's folder.
    RETURNS (bool): Whether all documents of the archive are annotated.
    """
    counts = run.counts
    rows = [
        ("annotated", counts.documents - counts.failed),
        ("mentions", counts.mentions),
        ("unchanged", counts.unchanged),
        ("vanished", counts.vanished),
        ("failed", counts.failed),
        ("rejected", counts.rejected),
    ]
    print_table([(name, n) for name, n in rows if n or name in ("annotated", "mentions")])
    if counts.failed:
        msg.warn(f"Documents at which the pipeline failed: {counts.failed:,}. Their rows have the error.")
    if counts.rejected:
        msg.warn(f"Rows that are no documents: {counts.rejected:,}. {output / REJECTS} says where and why.")
    if counts.unread:
        msg.warn(f"What could not be read whole: {counts.unread:,}, see there.")
    if run.changed:
        msg.warn("Files changed while they were read. Run it again for what is new.")
    complete = not (counts.failed or counts.rejected or counts.unread or run.changed)
    (msg.good if complete else msg.info)(f"{output}: run {run.number} is finished")
    return complete


def print_status(output: Path) -> None:
    """Print the runs of an output.

    output (Path): The output's folder.
    RAISES (ArchiveError): If it has no ledger.
    """
    ledger = open_ledger(output)
    if ledger is None:
        raise ArchiveError(f"{output} has no ledger of annotations. Give the output of `annotate`.")
    with closing(ledger), ledger.naming():
        runs = ledger.runs()
        rows = [_describe(record, ledger.done(record["number"])) for record in runs]
        n = ledger.count()
    if runs and runs[-1]["state"] == RUNNING and not is_locked(output):
        rows[-1] = (rows[-1][0], INTERRUPTED, *rows[-1][2:])
    if runs:
        last = runs[-1]
        msg.info(f"{last['model']['name']} {last['model']['version']} ({last['model']['digest'][:8]})")
    print_table(rows, HEADER, "llrrrrrrl")
    msg.info(f"{n:,} documents are annotated")


def _describe(record: dict[str, Any], done: list[Done]) -> tuple[Any, ...]:
    run = Run(record)
    for each in done:
        run.counts.add(each)
    counts = run.counts
    shown = (
        counts.documents,
        counts.mentions,
        record.get("unchanged", ""),
        counts.failed,
        counts.rejected,
        counts.vanished,
    )
    ended = record.get("finished", "") if record["state"] == FINISHED else ""
    return (record["number"], record["state"], *shown, record["started"], ended)
