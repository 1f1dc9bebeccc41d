"""Runs over an archive: each document once, whatever happens on the way."""

import errno
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest

from spacy_gpner.archive.ledger import NAME, Ledger
from spacy_gpner.archive.rows import Columns, Place, Row
from spacy_gpner.archive.shards import Task, cut_shards, digest_row
from spacy_gpner.errors import ArchiveError, PipelineError

from ..util import save_docs, save_trained
from .util import InlineEngine, go, make_records, read_output, states, write_jsonl

N = 21


def test_every_document_has_a_row(model, notes, tmp_path):
    write_jsonl(
        notes / "c.jsonl", [{"id": "empty", "text": "", "ward": "w"}, "{", {"id": "d3", "text": "乏力"}]
    )
    run = go(model, notes, tmp_path / "out")
    rows = read_output(tmp_path / "out")
    assert [x["document"] for x in rows["documents"]] == [f"d{i}" for i in range(N)] + ["empty"]
    assert all(x["state"] == "annotated" and x["ward"] for x in rows["documents"])
    assert rows["documents"][-1]["mentions"] == rows["documents"][-1]["length"] == 0
    by_document = {x["document"]: 0 for x in rows["documents"]}
    texts = {x["id"]: x["text"] for x in make_records(N)}
    for mention in rows["mentions"]:
        assert mention["mention"] == by_document[mention["document"]]
        by_document[mention["document"]] += 1
        assert texts[mention["document"]][mention["start"] : mention["end"]] == mention["text"]
    assert by_document == {x["document"]: x["mentions"] for x in rows["documents"]}
    assert [(x["source"], x["position"], x["document"]) for x in rows["rejects"]] == [
        (str(notes / "c.jsonl"), "line 2", None),
        (str(notes / "c.jsonl"), "line 3", "d3"),
    ]
    (record,) = [json.loads(x) for x in (tmp_path / "out" / "runs.jsonl").read_text().splitlines()]
    assert record["state"] == "finished"
    assert {x["run"] for own in rows.values() for x in own} == {record["number"]}
    assert (
        (record["documents"], record["rejected"]) == (N + 1, 2) == (run.counts.documents, run.counts.rejected)
    )


@pytest.mark.parametrize("most", range(6))
@pytest.mark.parametrize("late", [False, True])
def test_an_interrupted_run_gives_the_same(model, notes, tmp_path, most, late):
    """Stopped before a shard, or after its files are there and before the ledger has it."""
    go(model, notes, tmp_path / "whole")
    out = tmp_path / "out"
    if late:
        put, calls = Ledger.put_shard, []

        def stop(*args):
            calls.append(args)
            if len(calls) > most:
                raise KeyboardInterrupt
            put(*args)

        with patch.object(Ledger, "put_shard", stop), pytest.raises(KeyboardInterrupt):
            go(model, notes, out)
    else:
        with pytest.raises(KeyboardInterrupt):
            go(model, notes, out, InlineEngine(most))
    (out / ".unfinished" / "1-left").write_text("x")
    said = go(model, notes, out)
    assert said.number == 1
    assert read_output(out) == read_output(tmp_path / "whole")
    assert not any((out / ".unfinished").iterdir())


def test_only_what_changed(model, notes, tmp_path):
    out = tmp_path / "out"
    go(model, notes, out)
    records = make_records(N + 2)
    records[3]["text"] = "口服阿司匹林"
    records[5]["ward"] = "other"
    del records[7], records[0]
    (notes / "a.jsonl").unlink()
    write_jsonl(notes / "b.jsonl", records)
    run = go(model, notes, out)
    assert (run.number, run.counts.documents, run.counts.vanished) == (2, 4, 2)
    assert run.counts.unchanged == N - 4
    expected = {f"d{i}": (1, "annotated") for i in range(N)}
    expected |= dict.fromkeys(("d3", "d5", "d21", "d22"), (2, "annotated"))
    expected |= dict.fromkeys(("d0", "d7"), (2, "vanished"))
    assert states(out) == expected
    # One that is back is new
    write_jsonl(notes / "c.jsonl", make_records(1))
    run = go(model, notes, out)
    assert (run.counts.documents, run.counts.vanished) == (1, 0)
    assert states(out)["d0"] == (3, "annotated")
    # Where nothing is new no worker is started
    run = go(model, notes, out, refuse)
    assert (run.number, run.counts.documents, run.counts.unchanged) == (4, 0, N + 1)


def refuse(task, shards):
    raise AssertionError


def test_names_of_files_that_are_not_utf_8(model, tmp_path):
    """As Chinese ones of another system are: their bytes stand as escapes."""
    name = os.fsdecode("病例".encode("gb18030"))
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / f"{name}.txt").write_text("口服阿司匹林", encoding="utf-8")
    (notes / "empty-id.jsonl").write_text('{"id": null, "text": "发热"}', encoding="utf-8")
    (notes / f"{name}.jsonl").write_text('{"id": "a"}', encoding="utf-8")
    for number in (1, 2):
        run = go(model, notes, tmp_path / "out")
        assert (run.number, run.counts.rejected) == (number, 2)
    shown = "\\udcb2\\udca1\\udcc0\\udcfd"
    rows = read_output(tmp_path / "out")
    assert [row["document"] for row in rows["documents"]] == [f"{shown}.txt"]
    expected = {str(notes / f"{shown}.jsonl"), str(notes / "empty-id.jsonl")}
    assert {row["source"] for row in rows["rejects"]} == expected


@pytest.mark.parametrize("most", range(4))
def test_a_second_run_is_gone_on_with(model, notes, tmp_path, most):
    """Interrupted at each of its shards: three of documents, and one of what vanished."""
    go(model, notes, tmp_path / "out")
    records = [{**x, "text": x["text"] + "无特殊不适"} for x in make_records(11)]
    write_jsonl(notes / "a.jsonl", records)
    (notes / "b.jsonl").unlink()
    shutil.copytree(tmp_path / "out", tmp_path / "whole")
    go(model, notes, tmp_path / "whole")
    run, calls = Task.__call__, []

    def stop(self, shard):
        calls.append(shard)
        if len(calls) > most:
            raise KeyboardInterrupt
        return run(self, shard)

    with patch.object(Task, "__call__", stop), pytest.raises(KeyboardInterrupt):
        go(model, notes, tmp_path / "out")
    assert go(model, notes, tmp_path / "out").number == 2
    assert read_output(tmp_path / "out") == read_output(tmp_path / "whole")


def test_an_archive_that_changed_after_an_interruption(model, notes, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        go(model, notes, out, InlineEngine(2))
    write_jsonl(notes / "b.jsonl", make_records(9, 13))
    run = go(model, notes, out)
    assert (run.number, run.counts.documents, run.counts.unchanged) == (2, 14, 8)
    runs = [json.loads(x)["state"] for x in (out / "runs.jsonl").read_text().splitlines()]
    assert runs == ["abandoned", "finished"]
    documents = [x["document"] for x in read_output(out)["documents"]]
    assert sorted(documents) == sorted(f"d{i}" for i in range(22))


def test_other_answers_of_a_database_after_an_interruption(model, tmp_path):
    pytest.importorskip("sqlalchemy", reason="the extra archive is not installed")
    from spacy_gpner.archive.run import Settings, annotate
    from spacy_gpner.archive.source import Archive

    def fill(records):
        with sqlite3.connect(tmp_path / "a.db") as db:
            db.execute("DROP TABLE IF EXISTS note")
            db.execute("CREATE TABLE note (id TEXT, text TEXT)")
            db.executemany("INSERT INTO note VALUES (:id, :text)", records)

    archive = Archive(sql=f"sqlite:///{tmp_path / 'a.db'}", query="SELECT id, text FROM note ORDER BY rowid")
    settings, out = Settings(shard_size=4), tmp_path / "out"
    fill(make_records(10))
    with pytest.raises(KeyboardInterrupt):
        annotate(str(model), archive, out, settings, InlineEngine(1))
    fill(make_records(10)[::-1])
    run = annotate(str(model), archive, out, settings, InlineEngine())
    assert (run.number, run.counts.documents, run.counts.unchanged) == (2, 6, 4)
    assert sorted(x["document"] for x in read_output(out)["documents"]) == sorted(f"d{i}" for i in range(10))


def test_what_could_not_be_read_has_not_vanished(model, notes, tmp_path):
    out = tmp_path / "out"
    go(model, notes, out)
    whole = (notes / "b.jsonl").read_bytes()
    (notes / "b.jsonl").unlink()
    (notes / "b.jsonl.gz").write_bytes(b"\x1f\x8b\x08" + whole[:20])
    run = go(model, notes, out)
    assert (run.counts.unread, run.counts.vanished) == (1, 0)
    (notes / "b.jsonl.gz").unlink()
    (notes / "b.jsonl").write_bytes(whole)
    run = go(model, notes, out)
    assert (run.counts.documents, run.counts.unchanged) == (0, N)


@pytest.mark.parametrize(("line", "rejected"), [({"id": "d15", "text": None}, "d15"), ('{"id": "d15', None)])
def test_a_row_that_is_broken_now_has_not_vanished(model, notes, tmp_path, line, rejected):
    out = tmp_path / "out"
    go(model, notes, out)
    records = make_records(8, 13)
    write_jsonl(notes / "b.jsonl", [*records[:2], line, *records[3:7]])
    run = go(model, notes, out)
    assert [x["document"] for x in read_output(out)["rejects"]] == [rejected]
    # Where it is not known whose the row is, none of the two can be said to be gone
    assert run.counts.vanished == (rejected is not None)
    assert states(out)["d15"] == (1, "annotated")
    write_jsonl(notes / "b.jsonl", records)
    run = go(model, notes, out)
    # The last one, which was left out
    assert run.counts.documents == (rejected is not None)
    assert run.counts.unchanged == N - run.counts.documents


def test_a_folder_that_can_not_be_listed(model, notes, tmp_path, monkeypatch):
    """Its documents are not taken for gone."""
    out = tmp_path / "out"
    (notes / "ward").mkdir()
    (notes / "b.jsonl").rename(notes / "ward" / "b.jsonl")
    go(model, notes, out)
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("ward"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(ArchiveError, match="ward can't be listed"):
        go(model, notes, out)
    monkeypatch.undo()
    assert (go(model, notes, out).counts.vanished, len(states(out))) == (0, N)


def test_links(model, notes, tmp_path):
    """One to a folder is not followed, and said; one to nothing costs itself alone."""
    write_jsonl(tmp_path / "other" / "c.jsonl", make_records(1, 40))
    (notes / "link").symlink_to(tmp_path / "other", target_is_directory=True)
    (notes / "gone.jsonl").symlink_to(tmp_path / "nothing.jsonl")
    run = go(model, notes, tmp_path / "out")
    assert (run.counts.documents, run.counts.rejected, run.counts.unread) == (N, 2, 1)
    rejects = {Path(x["source"]).name: x["reason"] for x in read_output(tmp_path / "out")["rejects"]}
    assert "a link to a folder" in rejects["link"]
    assert "a link to nothing" in rejects["gone.jsonl"]
    # What is given too, or lies in what is, is read once; no link hides what is gone
    (notes / "gone.jsonl").unlink()
    (notes / "latest").symlink_to(notes, target_is_directory=True)
    (notes / "b.jsonl").unlink()
    run = go(model, notes, tmp_path / "out")
    assert (run.counts.rejected, run.counts.vanished) == (1, 8)


def test_runs_of_two_outputs_are_two(model, notes, tmp_path):
    """Else a knowledge base would take the second for the first."""
    ids = {go(model, notes, tmp_path / name).record["run"] for name in ("a", "b")}
    assert len(ids) == 2


def test_files_that_change_meanwhile(model, notes, tmp_path):
    class Editing(InlineEngine):
        def __call__(self, task, shards):
            write_jsonl(notes / "c.jsonl", make_records(1, 50))
            yield from super().__call__(task, shards)

    assert go(model, notes, tmp_path / "out", Editing()).changed
    run = go(model, notes, tmp_path / "out")
    assert not run.changed
    assert states(tmp_path / "out").keys() == {f"d{i}" for i in (*range(N), 50)}


def test_a_disk_that_was_full(model, notes, tmp_path):
    out = tmp_path / "out"
    go(model, notes, tmp_path / "whole")
    from spacy_gpner.archive import shards

    write, calls = shards.write_json_lines, []

    def fail(path, rows):
        calls.append(path)
        if len(calls) > 4:
            path.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, rows)

    with patch.object(shards, "write_json_lines", fail), pytest.raises(OSError, match="No space") as err:
        go(model, notes, out)
    assert ".unfinished" not in str(err.value)
    go(model, notes, out)
    assert read_output(out) == read_output(tmp_path / "whole")


@pytest.fixture
def disk(tmp_path):
    """A disk that can be made smaller and larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def resize(size):
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)

    command = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a disk takes rights that this process lacks")
    yield folder, resize
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("kilobytes", [60, 120, 160, 200])
def test_a_disk_that_is_full_and_freed(model, notes, tmp_path, disk, kilobytes):
    """What is full first is the ledger, at its making or later, or a shard."""
    folder, resize = disk
    resize(f"{kilobytes}k")
    write_jsonl(notes / "c.jsonl", make_records(200, 30))
    go(model, notes, tmp_path / "whole")
    with pytest.raises((ArchiveError, OSError), match=r"can't be written|No space"):
        go(model, notes, folder / "out")
    resize("20m")
    assert go(model, notes, folder / "out").number == 1
    assert read_output(folder / "out") == read_output(tmp_path / "whole")


def test_outputs_of_others_are_refused(model, notes, tmp_path):
    out = tmp_path / "out"
    go(model, notes, out)
    before = read_output(out)
    other = save_trained(tmp_path / "other", steps=1)
    write_jsonl(tmp_path / "elsewhere" / "a.jsonl", make_records(1))
    for args, settings, part in (
        ((other, notes, out), {}, "another model"),
        ((model, tmp_path / "elsewhere", out), {}, "another archive"),
        ((model, notes, out), {"shard_size": 5}, "--shard-size was 4, and is 5"),
        ((model, notes, out), {"clean": ("html",)}, "--clean was not given, and is html"),
        ((model, notes, out), {"columns": Columns()}, "--carry was ward, and is not given"),
        ((model, notes, notes / "out"), {}, "in one another"),
        ((model, notes, notes / "a.jsonl"), {}, "in one another"),
        ((model, notes, tmp_path / "elsewhere"), {}, "no ledger"),
        ((model, notes, tmp_path / "elsewhere" / "a.jsonl"), {}, "is a file"),
        ((model, notes, tmp_path / "new"), {"clean": ("tidy",)}, "no step"),
        (
            (model, notes, tmp_path / "new"),
            {"columns": Columns(carried=("state",))},
            "'state' can't be carried",
        ),
    ):
        with pytest.raises(ArchiveError, match=part):
            go(*args, **settings)
    assert read_output(out) == before
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / NAME).write_text("no database at all, but a text that is long enough")
    with pytest.raises(ArchiveError, match="no ledger, or damaged"):
        go(model, notes, tmp_path / "broken")


def test_an_output_without_annotations_is_nobodys(model, notes, tmp_path):
    """Weights are read by the workers alone. If they can't, a mended pipeline takes the place."""
    damaged = shutil.copytree(model, tmp_path / "damaged")
    (weights,) = damaged.glob("span_*/model")
    weights.write_bytes(weights.read_bytes()[:100])
    for _ in range(2):
        with pytest.raises(PipelineError, match="the file is damaged"):
            go(damaged, notes, tmp_path / "out")
    assert go(model, notes, tmp_path / "out").number == 1
    go(model, notes, tmp_path / "whole")
    assert read_output(tmp_path / "out") == read_output(tmp_path / "whole")
    ours, whole = (json.loads((tmp_path / x / "runs.jsonl").read_text()) for x in ("out", "whole"))
    assert ours["model"] == whole["model"]


def test_an_output_of_rejects_alone_is_nobodys(model, notes, tmp_path):
    """Who named no column that is there names another, and has not to remove anything."""
    lost = go(model, notes, tmp_path / "out", columns=Columns(id="name", carried=("ward",)))
    assert (lost.counts.documents, lost.counts.rejected) == (0, N)
    assert go(model, notes, tmp_path / "out").number == 2
    go(model, notes, tmp_path / "whole")
    ours, whole = (read_output(tmp_path / x) for x in ("out", "whole"))
    first, *_ = ours["mentions"]
    assert ours["mentions"] == [{**mention, "run": first["run"]} for mention in whole["mentions"]]


def test_a_card_does_not_make_another_model(model, notes, tmp_path, run):
    shutil.copytree(model, tmp_path / "model")
    go(tmp_path / "model", notes, tmp_path / "out")
    dev = save_docs(tmp_path / "dev.spacy")
    before = (tmp_path / "model" / "meta.json").read_bytes()
    assert run("card", tmp_path / "model", dev, "--name", "ward", "--version", "2.0.0")[0] == 0
    assert (tmp_path / "model" / "meta.json").read_bytes() != before
    assert go(tmp_path / "model", notes, tmp_path / "out").number == 2


def test_parquet(model, notes, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra archive is not installed")
    import pyarrow.parquet

    go(model, notes, tmp_path / "lines")
    go(model, notes, tmp_path / "tables", format="parquet")
    lines = read_output(tmp_path / "lines")
    for folder in ("documents", "mentions"):
        table = pyarrow.parquet.read_table(tmp_path / "tables" / folder).to_pylist()
        both = [[{**row, "run": ""} for row in rows] for rows in (table, lines[folder])]
        assert both[0] == both[1]


def test_shards_are_cut_by_number_and_length():
    def rows(*lengths):
        for i, n in enumerate(lengths):
            row = Row(Place("a"), str(i), "x" * n, {})
            yield row, digest_row(row)

    assert [len(x.rows) for x in cut_shards(rows(*[1] * 7), 3)] == [3, 3, 1]
    assert [len(x.rows) for x in cut_shards(rows(1_500_000, 600_000, 5, 2_000_000, 1), 100)] == [2, 2, 1]
    assert [x.number for x in cut_shards(rows(*[1] * 7), 3)] == [0, 1, 2]
    first, second = cut_shards(rows(1, 1), 1)
    assert first.digest != second.digest
