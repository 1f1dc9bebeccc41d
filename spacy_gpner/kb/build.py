"""From annotations to a knowledge base: shard by shard, each whole or not at all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from sqlalchemy import Connection, delete, func, insert, select, update

from ..archive.run import FINISHED
from ..archive.shards import FAILED, VANISHED
from ..errors import KnowledgeError
from ..files import resolve
from .annotations import AnnotatedShard, Annotations
from .database import Database
from .describe import describe_mention, digest_text, find_containment, identify_annotator, to_date
from .erasures import Erasures
from .forget import Forgotten, drop_unused, forget
from .rows import chunks
from .schema import about, concept, containment, document, mention, run, shard, text
from .surface import to_surface

# What says that removed texts have left something in the index
UNTIDY = "untidy"


@dataclass(frozen=True)
class Columns:
    """What columns that were carried along are for.

    patient, date (str): The patient's name, and when the document was written, where there are such columns;
        empty for none.
    """

    patient: str = "patient"
    date: str = "date"


@dataclass
class Built:
    """What a build did.

    shards, documents, mentions, vanished (int): What it took in; documents that are gone.
    concepts (int): Ways of writing that nothing was called by before.
    erased (int): Documents that were erased before, or are of a patient who was, and stay out.
    failed (int): Documents at which the pipeline failed: nothing is known of them.
    replaced (int): Documents of another output that others of their name replaced.
    stale (int): Documents of annotations that lay where an output is, and are no longer there.
    without_text, without_patient (int): Documents whose text, or patient, was not carried along.
    undated (int): Documents whose date is none that ISO 8601 knows.
    unfinished (List[str]): Runs that did not come to their end.
    """

    shards: int = 0
    documents: int = 0
    mentions: int = 0
    vanished: int = 0
    concepts: int = 0
    erased: int = 0
    failed: int = 0
    replaced: int = 0
    stale: int = 0
    without_text: int = 0
    without_patient: int = 0
    undated: int = 0
    unfinished: list[str] = field(default_factory=list)


def build(
    database: Database,
    outputs: Sequence[Annotations],
    *,
    collection: str,
    columns: Columns,
    progress: Callable[[int], None] = lambda _: None,
) -> Built:
    """Take in what is new in outputs of `annotate`.

    database (Database): The knowledge base.
    outputs (Sequence[Annotations]): The outputs.
    collection (str): What the documents belong to.
    columns (Columns): What carried columns are for.
    progress (Callable[[int], None]): Called after each shard with 1.
    RETURNS (Built): What was done.
    RAISES (KnowledgeError): If a run is in another collection, an output lacks a column, or files or database
        fail.
    """
    built = Built()
    for output in outputs:
        _check_columns(output, columns)
    for output in outputs:
        built.unfinished += output.unfinished
        place = str(resolve(output.path))
        for record in output.runs:
            annotator = identify_annotator(record)
            with database.writing() as connection:
                there = _put_run(connection, output, record, annotator, collection)
            for number in output.shards[record["number"]]:
                if number not in there:
                    read = output.read(record, number)
                    with database.writing() as connection:
                        # Another build of the same output may have come between
                        if number not in _taken(connection, record["run"]):
                            taking = _Taking(
                                database, connection, place, record, annotator, collection, columns, built
                            )
                            if taking.take(read):
                                _keep(connection, UNTIDY, "1")
                            connection.execute(insert(shard), {"run": record["run"], "number": number})
                            built.shards += 1
                progress(1)
        with database.reading() as connection:
            built.stale += _count_stale(connection, place, [record["run"] for record in output.runs])
    if built.shards:
        with database.writing() as connection:
            # Also after a build that was stopped before it
            if connection.execute(delete(about).where(about.c.key == UNTIDY)).rowcount:
                database.grams.tidy(connection)
            database.count(connection)
            numbers = {name: n for name, n in vars(built).items() if isinstance(n, int)}
            database.note(connection, "build", collection=collection, **numbers)
    return built


def _count_stale(connection: Connection, place: str, runs: Sequence[str]) -> int:
    query = select(func.count()).select_from(document).join(run, run.c.id == document.c.run)
    return connection.execute(query.where(run.c.output == place, run.c.id.not_in(runs))).scalar_one()


def _check_columns(output: Annotations, columns: Columns) -> None:
    """Refuse a name that nothing was carried along under: later builds don't read the same shards again."""
    for record in output.runs:
        carried = record["settings"]["columns"]["carried"]
        for kind, own in vars(columns).items():
            if own and own not in carried and own != getattr(Columns(), kind):
                raise KnowledgeError(
                    f"{output.path} has no column '{own}' for --{kind}-column. It has "
                    f"{', '.join(carried) or 'none'}: what `annotate --carry` took along."
                )


def _put_run(
    connection: Connection, output: Annotations, record: dict[str, Any], annotator: str, collection: str
) -> set[int]:
    """Say of a run how it is, and tell which of its shards are there."""
    id_ = record["run"]
    before = connection.execute(select(run.c.collection).where(run.c.id == id_)).scalar()
    if before is not None and before != collection:
        raise KnowledgeError(
            f"The run {id_} of {output.path} is in the collection '{before}'. Give --collection {before}."
        )
    finished = record.get("finished") if record["state"] == FINISHED else None
    if before is None:
        row = {
            **{"id": id_, "collection": collection, "annotator": annotator, "number": record["number"]},
            **{"model": record["model"]["name"], "version": record["model"]["version"]},
            **{"settings": record["settings"], "versions": record["versions"]},
            **{"output": str(resolve(output.path)), "started": record["started"], "finished": finished},
        }
        connection.execute(insert(run), row)
        return set()
    now = {"finished": finished, "output": str(resolve(output.path))}
    connection.execute(update(run).where(run.c.id == id_).values(**now))
    return _taken(connection, id_)


def _keep(connection: Connection, key: str, value: str) -> None:
    """Keep something about the database, in place of what it was."""
    if not connection.execute(update(about).where(about.c.key == key).values(value=value)).rowcount:
        connection.execute(insert(about), {"key": key, "value": value})


def _taken(connection: Connection, id_: str) -> set[int]:
    """The shards of a run that are here."""
    return set(connection.execute(select(shard.c.number).where(shard.c.run == id_)).scalars())


@dataclass(frozen=True)
class _Taking:
    """Takes in a shard."""

    database: Database
    connection: Connection
    output: str
    record: dict[str, Any]
    annotator: str
    collection: str
    columns: Columns
    built: Built

    def take(self, read: AnnotatedShard) -> bool:
        """Take it in, and tell whether earlier readings of its documents went."""
        rows = read.documents
        forgotten = self._forget_earlier(rows)
        there = [row for row in rows if row["state"] != VANISHED]
        patients = {row["document"]: self._patient_of(row) for row in there}
        erased = Erasures(self.connection).find(self.collection, patients)
        kept = [row for row in there if row["document"] not in erased]
        self.built.vanished += len(rows) - len(there)
        self.built.erased += len(erased)
        self.built.failed += sum(row["state"] == FAILED for row in kept)
        texts = self._put_texts(kept)
        ids = self._new_ids(document, len(kept))
        self._put(document, [self._describe(id_, row, texts) for id_, row in zip(ids, kept, strict=True)])
        found = [
            (id_, own)
            for id_, row in zip(ids, kept, strict=True)
            for own in read.mentions.get(row["document"], ())
        ]
        concepts = self._put_concepts({(row["label"], to_surface(row["text"])) for _, row in found})
        self._put(mention, [describe_mention(id_, row, concepts) for id_, row in found])
        inside = [
            {"document": id_, "outer": outer, "inner": inner}
            for id_, row in zip(ids, kept, strict=True)
            for outer, inner in find_containment(read.mentions.get(row["document"], ()))
        ]
        self._put(containment, inside)
        drop_unused(self.database, self.connection, forgotten)
        self.built.documents += len(kept)
        self.built.mentions += len(found)
        return bool(forgotten.texts)

    def _put(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(table), rows)

    def _new_ids(self, table: Any, n: int) -> range:
        """Numbers that no row has, nor had: old addresses lead to no other document."""
        key = f"last {table.name}"
        given = self.connection.execute(select(about.c.value).where(about.c.key == key)).scalar()
        last = self.connection.execute(select(func.max(table.c.id))).scalar() or 0
        first = 1 + max(last, int(given or 0))
        _keep(self.connection, key, str(first + n - 1))
        return range(first, first + n)

    def _forget_earlier(self, rows: Sequence[dict[str, Any]]) -> Forgotten:
        same = (document.c.collection == self.collection, document.c.annotator == self.annotator)
        vanished = {row["document"] for row in rows if row["state"] == VANISHED}
        gone = list[int]()
        for own in chunks([row["document"] for row in rows]):
            query = select(document.c.id, document.c.name, run.c.output).join(run, run.c.id == document.c.run)
            for row in self.connection.execute(query.where(*same, document.c.name.in_(own))):
                here = row.output == self.output
                # What is gone from here may have gone to another output
                if here or row.name not in vanished:
                    gone.append(row.id)
                    self.built.replaced += not here
        return forget(self.connection, gone)

    def _put_texts(self, rows: list[dict[str, Any]]) -> dict[str, int]:
        """Keep texts that were carried along, and tell their ids by the documents' names."""
        columns = self.record["settings"]["columns"]
        if columns["text"] not in columns["carried"]:
            self.built.without_text += len(rows)
            return {}
        bodies = {row["document"]: row[columns["text"]] for row in rows}
        digests = {name: digest_text(body) for name, body in bodies.items()}
        ids: dict[str, int] = {}
        for own in chunks(list(bodies)):
            query = select(text.c.id, text.c.name, text.c.digest)
            query = query.where(text.c.collection == self.collection, text.c.name.in_(own))
            for id_, name, digest in self.connection.execute(query):
                if digests[name] == digest:
                    ids[name] = id_
        missing = [name for name in bodies if name not in ids]
        new = dict(zip(missing, self._new_ids(text, len(missing)), strict=True))
        self._put(
            text,
            [
                {
                    **{"id": id_, "collection": self.collection, "name": name},
                    **{"digest": digests[name], "body": bodies[name]},
                }
                for name, id_ in new.items()
            ],
        )
        self.database.grams.add(self.connection, {id_: bodies[name] for name, id_ in new.items()})
        return {**ids, **new}

    def _describe(self, id_: int, row: dict[str, Any], texts: dict[str, int]) -> dict[str, Any]:
        settings = self.record["settings"]["columns"]
        carried = {name: row[name] for name in settings["carried"] if name != settings["text"]}
        written = carried.pop(self.columns.date, None)
        if written and (written := to_date(written)) is None:
            self.built.undated += 1
        patient = self._patient_of(row)
        carried.pop(self.columns.patient, None)
        self.built.without_patient += patient is None
        return {
            **{"id": id_, "collection": self.collection, "annotator": self.annotator},
            **{"name": row["document"], "run": self.record["run"], "length": row["length"]},
            **{"state": row["state"], "text": texts.get(row["document"])},
            **{"patient": patient, "date": written or None, "columns": carried},
        }

    def _patient_of(self, row: dict[str, Any]) -> Optional[str]:
        columns, own = self.record["settings"]["columns"], self.columns.patient
        return (row[own] or None) if own in columns["carried"] and own != columns["text"] else None

    def _put_concepts(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
        ids: dict[tuple[str, str], int] = {}
        for own in chunks(sorted({surface for _, surface in wanted})):
            query = select(concept.c.id, concept.c.label, concept.c.surface).where(concept.c.surface.in_(own))
            ids.update(((label, surface), id_) for id_, label, surface in self.connection.execute(query))
        missing = sorted(wanted - ids.keys())
        new = dict(zip(missing, self._new_ids(concept, len(missing)), strict=True))
        self.built.concepts += len(new)
        rows = [{"id": id_, "label": label, "surface": surface} for (label, surface), id_ in new.items()]
        self._put(concept, rows)
        return {**ids, **new}
