"""Commands that write a directory, and those that can use a GPU."""

import subprocess
import sys
from pathlib import Path

import pytest
from thinc.util import gpu_is_available

from ..distillation.conftest import config_path, corpus, teacher_path  # noqa: F401

REPORT = Path(__file__).parent.parent.parent / "scripts" / "report.py"


@pytest.fixture
def commands(teacher_path, config_path, corpus, tmp_path):  # noqa: F811
    """The arguments of each command, by its name."""
    out = tmp_path / "out"
    return {
        "calibrate": (teacher_path, corpus, out),
        "compact": (teacher_path, out),
        "distill": (teacher_path, config_path, "--output", out, "--distillation.max_steps", 1),
        "evaluate": (teacher_path, corpus, "--output", out),
    }


@pytest.mark.parametrize("name", ["calibrate", "compact", "distill", "evaluate"])
def test_two_processes_do_not_write_one_output(run, hold, commands, name, tmp_path):
    process = hold(tmp_path / "out")
    code, text = run(name, *commands[name])
    assert code == 1, text
    assert f"is being written by process {process.pid}, since" in text
    assert [path.name for path in tmp_path.iterdir()] == [".out.lock"]
    process.kill()
    process.wait()
    code, text = run(name, *commands[name])
    assert code == 0, text
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not any(path.name.startswith(".") for path in tmp_path.rglob("*"))


def test_distill_removes_what_killed_runs_left(run, commands, tmp_path):
    (tmp_path / "out" / ".checkpoint-1.old" / "student").mkdir(parents=True)
    assert run("distill", *commands["distill"])[0] == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "distilled.json",
        "model-best",
        "model-last",
    ]


@pytest.mark.parametrize("name", ["compact", "distill"])
def test_nothing_but_the_pipeline_is_replaced(run, commands, name, tmp_path):
    assert run(name, *commands[name])[0] == 0
    note = next((tmp_path / "out").rglob("config.cfg")).with_name("note.txt")
    note.write_text("ours", encoding="utf-8")
    code, text = run(name, *commands[name])
    assert code == 1
    assert "holds what is no part of a pipeline: note.txt" in text
    note.unlink()
    assert run(name, *commands[name])[0] == 0


@pytest.mark.skipif(gpu_is_available(), reason="there is a GPU")
@pytest.mark.parametrize("name", ["calibrate", "distill", "evaluate"])
def test_a_gpu_that_is_not_there(run, commands, name, tmp_path):
    code, text = run(name, *commands[name], "--gpu-id", 0)
    assert code == 1
    for words in ("Using GPU: 0", "Can't use GPU 0", "CuPy is not installed", "Leave --gpu-id out"):
        assert words in text
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(gpu_is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_for_a_report(tmp_path):
    command = [sys.executable, REPORT, tmp_path, tmp_path / "report.json", "model=gone", "--gpu-id", "0"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "Can't use GPU 0" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
