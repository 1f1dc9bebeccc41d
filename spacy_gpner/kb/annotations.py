"""Reading what `annotate` wrote."""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..archive.extras import require
from ..archive.ledger import open_ledger
from ..archive.run import RUNNING
from ..archive.shards import DOCUMENTS, MENTIONS, Done, name_shard
from ..errors import KnowledgeError


@dataclass(frozen=True)
class AnnotatedShard:
    """What a shard says.

    documents (List[Dict[str, Any]]): Its rows of documents.
    mentions (Dict[str, List[Dict[str, Any]]]): Those of mentions, by document.
    """

    documents: list[dict[str, Any]]
    mentions: dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Annotations:
    """An output of `annotate`.

    path (Path): Its folder.
    runs (List[Dict[str, Any]]): The records of its runs, in their order.
    shards (Dict[int, Dict[int, Done]]): What became of the shards of each run that are done, by its number
        and theirs.
    """

    path: Path
    runs: list[dict[str, Any]]
    shards: dict[int, dict[int, Done]]

    @property
    def unfinished(self) -> list[str]:
        """The runs that did not come to their end."""
        return [record["run"] for record in self.runs if record["state"] == RUNNING]

    def read(self, record: dict[str, Any], number: int) -> AnnotatedShard:
        """Read a shard.

        record (Dict[str, Any]): Its run's.
        number (int): Which it is.
        RETURNS (AnnotatedShard): What it says.
        RAISES (KnowledgeError): If a file is missing or damaged, or has not all that the ledger says.
        """
        name = f"{name_shard(record['number'], number)}.{record['settings']['format']}"
        done = self.shards[record["number"]][number]
        mentions: dict[str, list[dict[str, Any]]] = {}
        for row in _read(self.path / MENTIONS / name, done.mentions):
            mentions.setdefault(row["document"], []).append(row)
        return AnnotatedShard(_read(self.path / DOCUMENTS / name, done.documents + done.vanished), mentions)


def open_annotations(path: Path) -> Annotations:
    """Look at an output of `annotate`.

    path (Path): Its folder.
    RETURNS (Annotations): The output.
    RAISES (KnowledgeError): If there is none.
    """
    ledger = open_ledger(path)
    if ledger is None:
        raise KnowledgeError(f"{path} has no ledger of annotations. Give the output of `annotate`.")
    with closing(ledger), ledger.naming():
        runs = ledger.runs()
        shards = {
            record["number"]: {done.number: done for done in ledger.done(record["number"])} for record in runs
        }
    return Annotations(path, runs, shards)


def _read(path: Path, n: int) -> list[dict[str, Any]]:
    try:
        if path.suffix == ".parquet":
            parquet = require("pyarrow.parquet", "archive", "Parquet")
            found = parquet.read_table(path).to_pylist()
        else:
            with path.open(encoding="utf-8") as file:
                found = [json.loads(line) for line in file]
        rows = [_storable(row) for row in found]
    # Arrow's errors are ValueErrors and OSErrors, as json's and the system's are
    except (ValueError, OSError, AttributeError) as err:
        raise _damaged(path, type(err).__name__) from None
    if len(rows) != n or not all("document" in row for row in rows):
        raise _damaged(path, f"{len(rows):,} rows, where there were {n:,}")
    return rows


def _damaged(path: Path, why: str) -> KnowledgeError:
    return KnowledgeError(
        f"{path} is missing or damaged ({why}), though the ledger has it. Annotate into another output, and "
        "build from that."
    )


def _storable(row: dict[str, Any]) -> dict[str, Any]:
    """A row as every database takes it: PostgreSQL has no place for the character 0."""
    return {name: x.replace("\0", "\ufffd") if isinstance(x, str) else x for name, x in row.items()}
