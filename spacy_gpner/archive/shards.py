"""Shards: the parts in which an archive is annotated, each whole or not at all."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from ..files import naming
from .annotator import Annotation, Annotator
from .extras import require
from .rows import Reject, Row

# Characters of a shard's documents, beyond which no other is added
MAX_CHARACTERS = 2_000_000
DIGEST_SIZE = 16
# Folders of an output
DOCUMENTS, MENTIONS, REJECTS, UNFINISHED = "documents", "mentions", "rejects", ".unfinished"
ANNOTATED, FAILED, VANISHED = "annotated", "failed", "vanished"
FORMATS = ("jsonl", "parquet")
# A document with its digest, or a row that is none
Item = Union[tuple[Row, bytes], Reject]


def digest_row(row: Row) -> bytes:
    """What tells whether a document changed: its text, and what is carried along.

    row (Row): The document.
    RETURNS (bytes): The digest.
    """
    digest = hashlib.blake2b(row.text.encode(), digest_size=DIGEST_SIZE)
    if row.columns:
        # A byte that is in no text stands between
        digest.update(b"\xff" + json.dumps(list(row.columns.items())).encode())
    return digest.digest()


@dataclass(frozen=True)
class Shard:
    """A part of an archive.

    number (int): Which it is of its run, from 0.
    rows (Tuple[Row, ...]): Its documents.
    digests (Tuple[bytes, ...]): Those of its documents.
    rejects (Tuple[Reject, ...]): The rows among them that are none.
    vanished (Tuple[str, ...]): Names of documents that are no longer there.
    """

    number: int
    rows: tuple[Row, ...] = ()
    digests: tuple[bytes, ...] = ()
    rejects: tuple[Reject, ...] = ()
    vanished: tuple[str, ...] = ()

    @property
    def digest(self) -> bytes:
        """What tells it from one of other documents."""
        digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
        for id_, own in zip((row.id for row in self.rows), self.digests, strict=True):
            digest.update(f"{id_}\0".encode() + own)
        for reject in self.rejects:
            digest.update(repr((reject.place, reject.id, reject.reason)).encode())
        digest.update(repr(self.vanished).encode())
        return digest.digest()


@dataclass(frozen=True)
class Done:
    """What became of a shard.

    number (int): Which it is.
    documents, characters, mentions (int): What was annotated, and found.
    failed (Tuple[str, ...]): Names of the documents at which the pipeline failed.
    rejected, vanished, unread (int): Rows that are no documents; documents that are no longer there;
        sources that could not be read to their end.
    hiding (int): Rejects behind which documents that were annotated before may stand.
    """

    number: int
    documents: int = 0
    characters: int = 0
    mentions: int = 0
    failed: tuple[str, ...] = ()
    rejected: int = 0
    vanished: int = 0
    unread: int = 0
    hiding: int = 0


def cut_shards(items: Iterable[Item], size: int) -> Iterator[Shard]:
    """Cut documents into shards. What is in a shard depends on the documents alone.

    items (Iterable[Union[Tuple[Row, bytes], Reject]]): Documents with their digests, and rows that are none.
    size (int): How many make a shard.
    YIELDS (Shard): A shard.
    """
    rows: list[tuple[Row, bytes]] = []
    rejects: list[Reject] = []
    number = characters = 0

    def make() -> Shard:
        return Shard(number, tuple(x for x, _ in rows), tuple(x for _, x in rows), tuple(rejects))

    for item in items:
        if isinstance(item, Reject):
            rejects.append(item)
        else:
            rows.append(item)
            characters += len(item[0].text)
        if len(rows) + len(rejects) >= size or characters >= MAX_CHARACTERS:
            yield make()
            rows, rejects, characters, number = [], [], 0, number + 1
    if rows or rejects:
        yield make()


def name_shard(run: int, number: int) -> str:
    """What the files of a shard are called, but for their suffix.

    run (int): Which run of the output it is of, from 1.
    number (int): Which shard of the run it is, from 0.
    RETURNS (str): The name.
    """
    return f"{run:04}-{number:06}"


@dataclass(frozen=True)
class Task:
    """How a shard is annotated and written: all that a worker needs.

    annotator (Annotator): Annotates.
    run (str): The run's id.
    run_number (int): Which run of the output it is, from 1.
    output (Path): The output's folder.
    format (str): "jsonl" or "parquet".
    carried (Tuple[str, ...]): The columns that are carried along.
    """

    annotator: Annotator
    run: str
    run_number: int
    output: Path
    format: str
    carried: tuple[str, ...]

    def __call__(self, shard: Shard) -> Done:
        """Annotate a shard, and write it."""
        return self.write(shard, self.annotator([row.text for row in shard.rows]) if shard.rows else [])

    def write(self, shard: Shard, found: Sequence[Annotation]) -> Done:
        """Write what was found in a shard.

        shard (Shard): The shard.
        found (Sequence[Annotation]): What was found in each of its documents.
        RETURNS (Done): What became of it.
        RAISES (OSError): If it can't be written.
        """
        name = name_shard(self.run_number, shard.number)
        rejects = [
            {
                "run": self.run,
                "source": reject.place.source,
                "position": reject.place.position,
                "document": reject.id,
                "reason": reject.reason,
            }
            for reject in shard.rejects
        ]
        documents = [self._document(*x) for x in zip(shard.rows, shard.digests, found, strict=True)]
        documents += [
            self._describe(id_, None, None, None, VANISHED, None, dict.fromkeys(self.carried))
            for id_ in shard.vanished
        ]
        mentions = [
            dict(zip(MENTION_TYPES, (self.run, row.id, number, *mention), strict=True))
            for row, own in zip(shard.rows, found, strict=True)
            for number, mention in enumerate(own.mentions)
        ]
        if rejects:
            self._put(REJECTS, f"{name}.jsonl", lambda path: write_json_lines(path, rejects))
        if self.format == "parquet":
            self._put(MENTIONS, f"{name}.parquet", lambda path: write_parquet(path, mentions, MENTION_TYPES))
            types = {**DOCUMENT_TYPES, **dict.fromkeys(self.carried, "string")}
            self._put(DOCUMENTS, f"{name}.parquet", lambda path: write_parquet(path, documents, types))
        else:
            self._put(MENTIONS, f"{name}.jsonl", lambda path: write_json_lines(path, mentions))
            self._put(DOCUMENTS, f"{name}.jsonl", lambda path: write_json_lines(path, documents))
        return Done(
            shard.number,
            documents=len(shard.rows),
            characters=sum(len(row.text) for row in shard.rows),
            mentions=len(mentions),
            failed=tuple(row.id for row, own in zip(shard.rows, found, strict=True) if own.error),
            rejected=len(rejects),
            vanished=len(shard.vanished),
            unread=sum(reject.unread for reject in shard.rejects),
            hiding=sum(reject.may_hide for reject in shard.rejects),
        )

    def _document(self, row: Row, digest: bytes, found: Annotation) -> dict[str, Any]:
        state = FAILED if found.error else ANNOTATED
        counts = (len(row.text), None if found.error else len(found.mentions))
        return self._describe(row.id, digest.hex(), *counts, state, found.error, row.columns)

    def _describe(
        self,
        id_: str,
        digest: Optional[str],
        length: Optional[int],
        mentions: Optional[int],
        state: str,
        error: Optional[str],
        columns: dict[str, Any],
    ) -> dict[str, Any]:
        own = (self.run, id_, digest, length, mentions, state, error)
        return dict(zip(DOCUMENT_TYPES, own, strict=True)) | columns

    def _put(self, folder: str, name: str, write: Callable[[Path], None]) -> None:
        """Let a file appear whole."""
        path = self.output / folder / name
        temporary = self.output / UNFINISHED / f"{os.getpid()}-{folder}-{name}"
        try:
            with naming(path, temporary):
                write(temporary)
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


MENTION_TYPES = {
    **{"run": "string", "document": "string", "mention": "int32", "start": "int64", "end": "int64"},
    **{"text": "string", "label": "string", "probability": "float64", "depth": "int32", "parent": "int32"},
    "assertion": "string",
}
DOCUMENT_TYPES = {
    **{"run": "string", "document": "string", "digest": "string", "length": "int64", "mentions": "int64"},
    **{"state": "string", "error": "string"},
}


def write_json_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write a row a line.

    path (Path): The file.
    rows (Sequence[Dict[str, Any]]): The rows.
    """
    encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{encode(row)}\n" for row in rows)


def write_parquet(path: Path, rows: Sequence[dict[str, Any]], types: dict[str, str]) -> None:
    """Write a table.

    path (Path): The file.
    rows (Sequence[Dict[str, Any]]): The rows.
    types (Dict[str, str]): Arrow's types by column.
    """
    arrow = require("pyarrow", "archive", "Parquet")
    schema = arrow.schema([(name, arrow.type_for_alias(kind)) for name, kind in types.items()])
    require("pyarrow.parquet", "archive", "Parquet").write_table(
        arrow.Table.from_pylist(list(rows), schema=schema), path
    )
