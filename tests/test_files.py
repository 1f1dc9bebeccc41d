import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from spacy_gpner.files import atomic_directory, atomic_write, remove_directory, remove_leftovers, resolve

WRITER = """
import sys, pathlib
from spacy_gpner.files import {kind}
with {kind}(pathlib.Path(sys.argv[1])) as temporary:
    print(temporary, flush=True)
    sys.stdin.readline()
    ({file}).write_text("theirs")
"""


@pytest.fixture
def start():
    """Start a process that is about to write a file or a directory; gives it and its temporary path."""
    processes = []

    def begin(path, kind):
        file = "temporary / 'a'" if kind == "atomic_directory" else "temporary"
        command = [sys.executable, "-c", WRITER.format(kind=kind, file=file), str(path)]
        pipe = subprocess.PIPE
        processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        return processes[-1], processes[-1].stdout.readline().strip()

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def write(path, kind):
    """Write as the writer above, here."""
    with (atomic_directory if kind == "atomic_directory" else atomic_write)(path) as temporary:
        (temporary / "a" if kind == "atomic_directory" else temporary).write_text("ours")


def read(path):
    return (path / "a" if path.is_dir() else path).read_text()


@pytest.fixture(scope="module")
def dead():
    """The number of a process that no longer runs."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


KINDS = pytest.mark.parametrize("kind", ["atomic_write", "atomic_directory"])


def test_writes_whole_and_makes_directories(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    with atomic_write(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == path.parent
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("earlier", [None, "earlier"])
def test_failure_leaves_everything_as_it_was(earlier, tmp_path):
    path = tmp_path / "file"
    if earlier:
        path.write_text(earlier)

    def fail():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [file.read_text() for file in tmp_path.iterdir()] == ([earlier] if earlier else [])


def test_a_link_stays_a_link(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_write(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes of this kind here")
def test_refuses_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="it is a device or a pipe"), atomic_write(tmp_path / name):
            pass
        assert (tmp_path / "pipe").is_fifo()


def test_refuses_a_directory(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a directory"), atomic_write(tmp_path):
        pass


@pytest.mark.parametrize("named", [True, False])
def test_errors_name_the_file(named, tmp_path):
    path = tmp_path / "file"

    def fail():
        with atomic_write(path) as temporary:
            raise OSError(errno.ENOSPC, "No space left on device", *[str(temporary)] * named)

    with pytest.raises(OSError, match=re.escape(f"No space left on device: '{path}'")):
        fail()


def test_errors_about_other_files_stay(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone'"), atomic_write(tmp_path / "file"):
        (tmp_path / "gone").read_text()


def test_loop_of_links(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path in (loop, loop / "inside"):
        with pytest.raises(OSError, match=r"loop") as info:
            resolve(path)
        assert info.value.errno == errno.ELOOP


@KINDS
def test_two_writers_leave_each_other_alone(start, kind, tmp_path):
    path = tmp_path / "out"
    process, _ = start(path, kind)
    write(path, kind)
    assert read(path) == "ours"
    process.communicate("go on\n")
    assert process.returncode == 0
    assert read(path) == "theirs"
    assert list(tmp_path.iterdir()) == [path]


@KINDS
def test_the_next_write_removes_what_a_killed_one_left(start, kind, tmp_path):
    path = tmp_path / "out"
    process, temporary = start(path, kind)
    process.kill()
    process.wait()
    other = tmp_path / f".other.{process.pid}.tmp"
    other.touch()
    if kind == "atomic_write":
        Path(temporary).touch()
    assert Path(temporary).exists()
    write(path, kind)
    assert {*tmp_path.iterdir()} == {path, other}
    assert read(path) == "ours"


@pytest.mark.parametrize("own", [False, True])
def test_a_writer_that_was_killed_between_two_renamings(own, dead, tmp_path):
    """Also by a process that had this one's number, as in containers that start anew."""
    old = tmp_path / f".out.{os.getpid() if own else dead}.old"
    old.mkdir()
    (old / "a").write_text("earlier")

    def fail():
        with atomic_directory(tmp_path / "out"):
            assert read(tmp_path / "out") == "earlier"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    assert read(tmp_path / "out") == "earlier"


def test_leftovers_of_a_run(start, dead, tmp_path):
    process, living = start(tmp_path / "model-best", "atomic_directory")
    gone = [f".model-last.{dead}.tmp", f".model-last.{dead}.old", ".checkpoint-1.old"]
    for name in ("model-last", "checkpoint-2", *gone, f".checkpoint-3.{dead}.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    kept = [".notes.old", ".out.lock", "model-last.1.old", f".done.json.{process.pid}.tmp"]
    for name in (*kept, f".done.json.{dead}.tmp"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    kept += ["model-last", "checkpoint-2", "checkpoint-3", Path(living).name]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    assert read(tmp_path / "checkpoint-3") == f".checkpoint-3.{dead}.old"
    remove_leftovers(tmp_path / "gone")


def test_a_directory_is_removed_under_another_name(monkeypatch, tmp_path):
    path = tmp_path / "checkpoint-1"
    path.mkdir()
    (path / "a").touch()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda path: None)
        remove_directory(path)
    assert [each.name for each in tmp_path.iterdir()] == [f".checkpoint-1.{os.getpid()}.tmp"]
    remove_leftovers(tmp_path)
    assert not any(tmp_path.iterdir())
