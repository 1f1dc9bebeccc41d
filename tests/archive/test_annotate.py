"""`spacy gpner annotate`, and its processes."""

import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from unittest.mock import patch

import pytest

from spacy_gpner.archive.engine import run_shards
from spacy_gpner.archive.ledger import NAME
from spacy_gpner.archive.local import local_engine
from spacy_gpner.archive.permissions import like_inputs
from spacy_gpner.archive.source import Archive
from spacy_gpner.errors import GpnerWarning
from spacy_gpner.locks import locked

from .util import FailingAnnotator, go, make_records, read_output, write_jsonl

SECRET = "左膝关节"


def command(*args):
    return [sys.executable, "-m", "spacy", "gpner", "annotate", *map(str, args)]


@pytest.mark.slow
def test_command(run, model, notes, tmp_path):
    options = ("--output", tmp_path / "out", "--carry", "ward", "--shard-size", 4)
    code, text = run("annotate", model, notes, *options)
    assert code == 0, text
    assert "annotated 21" in text
    go(model, notes, tmp_path / "other")
    assert read_output(tmp_path / "out") == read_output(tmp_path / "other")
    write_jsonl(notes / "c.jsonl", ["{", *make_records(2, 21)])
    code, text = run("annotate", model, notes, *options, "--workers", 2)
    assert code == 3
    assert "no documents: 1." in text
    assert SECRET not in text
    code, text = run("annotate", "--status", tmp_path / "out")
    assert code == 0
    assert "23 documents are annotated" in text
    assert text.count("finished") == 2
    # As a kill leaves it, and while somebody is at work
    with sqlite3.connect(tmp_path / "out" / "ledger.sqlite") as db:
        db.execute("UPDATE run SET record = json_set(record, '$.state', 'running') WHERE number = 2")
    db.close()
    assert "2 interrupted 2 " in run("annotate", "--status", tmp_path / "out")[1]
    with locked(tmp_path / "out"):
        assert "2 running 2 " in run("annotate", "--status", tmp_path / "out")[1]


@pytest.mark.slow
def test_a_database_cleaned(run, model, tmp_path):
    """Its answers are for who asked alone."""
    pytest.importorskip("sqlalchemy", reason="the extra archive is not installed")
    tmp_path.chmod(0o755)
    notes = [("a", "<p>患者右上腹疼痛三天</p>"), ("b", "长" * 50), ("c", "无发热")]
    with sqlite3.connect(tmp_path / "notes.db") as db:
        db.execute("CREATE TABLE note (id TEXT, text TEXT)")
        db.executemany("INSERT INTO note VALUES (?, ?)", notes)
    source = ("--sql", f"sqlite:///{tmp_path / 'notes.db'}", "--query", "SELECT * FROM note ORDER BY id")
    options = ("--clean", "html, width", "--max-length", 40, "--output", tmp_path / "out")
    code, text = run("annotate", model, *source, *options)
    assert code == 3, text
    rows = read_output(tmp_path / "out")
    assert [x["document"] for x in rows["documents"]] == ["a", "c"]
    assert [x["document"] for x in rows["rejects"]] == ["b"]
    found = {(x["start"], x["end"], x["text"]) for x in rows["mentions"] if x["document"] == "a"}
    assert found == {(5, 10, "右上腹疼痛"), (5, 8, "右上腹")}
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "out").rglob("*"))


def test_ctrl_c(run, model, notes, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_gpner.archive.run._Course.go", raise_interrupt)
    code, text = run("annotate", model, notes, "--output", tmp_path / "out")
    assert code == 130
    assert "goes on" in text


def raise_interrupt(_):
    raise KeyboardInterrupt


def test_what_is_missing_is_named(run, model, notes, tmp_path):
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / NAME).write_bytes(b"no database" * 100)
    for args, part in (
        ((), "Give a pipeline"),
        ((model, notes), "Give --output"),
        ((model, "--output", tmp_path / "out"), "Give files"),
        (("--status", tmp_path), "no ledger"),
        (("--status", damaged), "damaged"),
        ((model, notes, "--output", tmp_path / "out", "--encoding", "none"), "no encoding"),
        ((tmp_path, notes, "--output", tmp_path / "out"), "pipeline"),
    ):
        code, text = run("annotate", *args)
        assert code == 1, text
        assert part in text
    for option, choices in (("--format", "'jsonl', 'parquet'"), ("--engine", "'local', 'ray'")):
        code, text = run("annotate", model, notes, "--output", tmp_path / "out", option, "other")
        assert code == 2
        assert choices in text
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_guessed_encodings_are_told(run, model, tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    for name, encoding in (("a", "gb18030"), ("b", "gb18030"), ("c", "utf-8")):
        (notes / f"{name}.txt").write_text("患者右上腹疼痛三天，口服阿司匹林。", encoding=encoding)
    code, text = run("annotate", model, notes, "--output", tmp_path / "out")
    assert code == 0, text
    assert "a.txt is not in UTF-8, and is read in gb18030, as files like it are" in text
    assert "Give --encoding" in text
    assert "b.txt" not in text
    assert "c.txt" not in text
    code, text = run("annotate", model, notes / "a.txt", "--output", tmp_path / "b", "--encoding", "gb18030")
    assert "not in UTF-8" not in text


def test_a_locked_output_is_refused(run, model, notes, tmp_path, hold):
    hold(tmp_path / "out")
    code, text = run("annotate", model, notes, "--output", tmp_path / "out")
    assert code == 1
    assert "being written" in text


@pytest.mark.slow
def test_outputs_are_as_private_as_inputs(run, model, notes, tmp_path):
    notes.chmod(0o750)
    code, text = run("annotate", model, notes, "--output", tmp_path / "out")
    assert code == 0, text
    for path in (tmp_path / "out", *(tmp_path / "out").rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert not mode & 0o027, path


@pytest.mark.parametrize("as_folder", [False, True])
@pytest.mark.parametrize(
    ("folder", "file", "group", "expected"),
    [
        (0o755, 0o644, "own", 0o755),
        (0o750, 0o644, "own", 0o750),
        (0o744, 0o644, "own", 0o744),
        (0o755, 0o600, "own", 0o700),
        (0o755, 0o640, "own", 0o750),
        # Those of the group that may read are others than those of the group of what is made
        (0o750, 0o640, "other", 0o700),
        # A folder that hands its group on
        (0o750, 0o640, "handed on", 0o750),
    ],
)
def test_who_may_read_what_is_made(tmp_path, monkeypatch, as_folder, folder, file, group, expected):
    place = tmp_path / "notes"
    path = write_jsonl(place / "b" / "a.jsonl", [{"id": "a", "text": "发热"}])
    path.chmod(file)
    path.parent.chmod(folder)
    if group != "own":
        monkeypatch.setattr("os.getegid", lambda gid=path.stat().st_gid: gid + 1)
    if group == "handed on":
        tmp_path.chmod(0o2755)
    with like_inputs(Archive((place if as_folder else path,)).places(), tmp_path / "out"):
        (tmp_path / "out").mkdir()
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) & 0o777 == expected


ENDING = """
import multiprocessing, os
if multiprocessing.parent_process() is not None:
    os._exit(3)
"""


def test_a_worker_loads_the_pipeline_while_the_first_shard_is_read(model, notes, tmp_path):
    given = []

    class Pool:
        """Works in this process, and remembers what at."""

        size, died = 1, BrokenProcessPool

        def __init__(self, task):
            self.task = task

        def submit(self, function, argument):
            given.append(function.__name__)
            future = Future()
            future.set_result(function(self.task, argument))
            return future

        def stop(self):
            given.append("stop")

    def read(self, path):
        given.append("read")
        return read_text(self, path)

    read_text = Archive.rows
    with patch.object(Archive, "rows", read):
        go(model, notes, tmp_path / "out", partial(run_shards, Pool))
    assert given == ["read", "load", *["annotate_shard"] * 6, "stop"]


@pytest.mark.slow
def test_workers_that_can_not_load_the_pipeline(run, model, notes, tmp_path):
    """No document is to blame."""
    (tmp_path / "code.py").write_text(ENDING, encoding="utf-8")
    output = tmp_path / "out"
    code, text = run("annotate", model, notes, "--output", output, "--code", tmp_path / "code.py")
    assert code == 1
    assert "Workers end while they load the pipeline" in text
    assert not any((output / "documents").iterdir())


@pytest.mark.slow
def test_a_document_that_ends_its_process_costs_itself(model, notes, tmp_path):
    write_jsonl(notes / "c.jsonl", [{"id": "bad", "text": "结束"}, {"id": "good", "text": "口服阿司匹林"}])
    with (
        patch("spacy_gpner.archive.run.Annotator", FailingAnnotator),
        pytest.warns(GpnerWarning, match="process ended"),
    ):
        run = go(model, notes, tmp_path / "out", local_engine(1))
    assert (run.counts.documents, run.counts.failed) == (23, 1)
    rows = {x["document"]: x for x in read_output(tmp_path / "out")["documents"]}
    assert (rows["bad"]["state"], rows["bad"]["error"]) == ("failed", "the process ended")
    assert rows["good"]["mentions"] == 1
    # With a pipeline that stands it, the next run has it
    go(model, notes, tmp_path / "out")
    assert read_output(tmp_path / "out")["documents"][-1]["state"] == "annotated"


@pytest.mark.slow
def test_killed_at_any_moment(model, tmp_path):
    """Of the main process, and of a worker, again and again; the result is that of a run without."""
    notes = write_jsonl(tmp_path / "notes" / "a.jsonl", [*make_records(400), "{"]).parent
    options = ("--carry", "ward", "--shard-size", 10)
    subprocess.run(command(model, notes, "--output", tmp_path / "whole", *options), capture_output=True)
    whole = read_output(tmp_path / "whole")
    assert len(whole["documents"]) == 400
    rng, out = random.Random(0), tmp_path / "out"
    for number in range(4):
        process = subprocess.Popen(
            command(model, notes, "--output", out, *options),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        n = len(list((out / "documents").iterdir())) if (out / "documents").is_dir() else 0
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            done = len(list((out / "documents").glob("*.jsonl"))) if (out / "documents").is_dir() else 0
            if done > n + rng.randint(0, 6):
                break
            time.sleep(0.002)
        if number % 2 and process.poll() is None:
            for child in children(process.pid):
                os.kill(child, signal.SIGKILL)
            time.sleep(0.5)
        process.kill()
        process.wait()
    result = subprocess.run(command(model, notes, "--output", out, *options), capture_output=True, text=True)
    assert result.returncode == 3, result.stderr
    assert read_output(out) == whole
    assert SECRET not in result.stdout + result.stderr
    runs = [json.loads(x) for x in (out / "runs.jsonl").read_text().splitlines()]
    assert [x["state"] for x in runs] == ["finished"]


def children(pid):
    """Processes that another one started, and those that they did."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    own = [int(x) for x in found.split()]
    return own + [y for x in own for y in children(x)]
