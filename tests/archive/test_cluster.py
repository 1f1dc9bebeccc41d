"""The same shards on a Ray cluster, and the annotator in Spark."""

import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from spacy_gpner.archive.annotator import Annotator
from spacy_gpner.archive.cluster import PREFIX, ray_engine, remove_left
from spacy_gpner.errors import ArchiveError, GpnerWarning
from spacy_gpner.locks import locked

from .util import InlineEngine, go, make_records, read_output


class Slow(Annotator):
    """Takes its time, and leaves a file with its process's number."""

    def __call__(self, texts):
        (Path(os.environ["SEEN"]) / str(os.getpid())).touch()
        time.sleep(0.3)
        return super().__call__(texts)


@pytest.fixture
def ray():
    return pytest.importorskip("ray", reason="the extra ray is not installed")


def test_what_a_killed_run_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("left", "used"):
        (tmp_path / f"{PREFIX}{name}").mkdir()
    (tmp_path / f"{PREFIX}left" / "spilled").touch()
    with locked(tmp_path / f"{PREFIX}used"):
        remove_left()
        assert [x.name for x in tmp_path.iterdir() if x.is_dir()] == [f"{PREFIX}used"]


@pytest.mark.slow
def test_the_same_mentions(run, ray, model, notes, tmp_path):
    go(model, notes, tmp_path / "local")
    options = ("--carry", "ward", "--shard-size", 4, "--workers", 2, "--engine", "ray")
    notes.chmod(0o750)
    code, text = run("annotate", model, notes, "--output", tmp_path / "out", *options)
    assert code == 0, text
    assert read_output(tmp_path / "out") == read_output(tmp_path / "local")
    for path in (tmp_path / "out").rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o027, path
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert not ray.is_initialized()


@pytest.mark.slow
def test_a_worker_that_dies(ray, model, notes, tmp_path, monkeypatch):
    """It is killed from outside. One that a document kills costs as much as in local processes."""
    go(model, notes, tmp_path / "whole")
    seen = tmp_path / "seen"
    seen.mkdir()

    def kill():
        deadline = time.monotonic() + 120
        while not (found := list(seen.iterdir())) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(int(found[0].name), signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    monkeypatch.setenv("SEEN", str(seen))
    with patch("spacy_gpner.archive.run.Annotator", Slow), pytest.warns(GpnerWarning, match="process ended"):
        own = go(model, notes, tmp_path / "out", ray_engine(2))
    killer.join()
    assert len(list(seen.iterdir())) > 2
    assert (own.counts.documents, own.counts.failed) == (21, 0)
    assert sorted_rows(tmp_path / "out") == sorted_rows(tmp_path / "whole")


@pytest.mark.slow
def test_what_a_worker_raises_is_told_as_it_is(ray, model, notes, tmp_path):
    class Removing(InlineEngine):
        def __call__(self, task, shards):
            shutil.rmtree(task.output / ".unfinished")
            yield from ray_engine(1)(task, shards)

    with pytest.raises(FileNotFoundError) as err:
        go(model, notes, tmp_path / "out", Removing())
    assert "Traceback" not in str(err.value)
    assert not ray.is_initialized()


def test_clusters_that_are_not_there(run, ray, model, notes, tmp_path):
    options = (model, notes, "--output", tmp_path / "out")
    for args, part in (
        (("--engine", "ray", "--address", "127.0.0.1:1"), "no Ray cluster at 127.0.0.1:1"),
        (("--address", "auto"), "--engine ray"),
    ):
        code, text = run("annotate", *options, *args)
        assert code == 1, text
        assert part in text


def test_ray_is_an_extra():
    with patch.dict("sys.modules", {"ray": None}), pytest.raises(ArchiveError, match=r"spacy_gpner\[ray\]"):
        ray_engine()


def sorted_rows(output):
    return {
        folder: sorted(map(str, ({**row, "run": ""} for row in rows)))
        for folder, rows in read_output(output).items()
    }


@pytest.mark.slow
def test_in_spark(model):
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", False).getOrCreate()
    annotator, records = Annotator(str(model)), make_records(9)

    def find(frames):
        for frame in frames:
            found = annotator(list(frame["text"]))
            yield frame[["id"]].assign(entities=[[m._asdict() for m in x.mentions] for x in found])

    try:
        schema = "id string, entities array<struct<start: int, end: int, text: string, label: string>>"
        rows = spark.createDataFrame(records).mapInPandas(find, schema).collect()
    finally:
        spark.stop()
    expected = annotator([x["text"] for x in records])
    own = {row["id"]: [tuple(x) for x in row["entities"]] for row in rows}
    assert own == {x["id"]: [m[:4] for m in y.mentions] for x, y in zip(records, expected, strict=True)}
