import os
import re
from pathlib import Path

import pytest

from spacy_gpner.errors import LockedError
from spacy_gpner.locks import locked


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def test_refuses_a_second_process_and_names_the_first(hold, tmp_path):
    output = tmp_path / "a" / "out"
    link = tmp_path / "link"
    link.symlink_to(output)
    process = hold(output)
    for path in (output, link, output / ".." / "out"):
        since = r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        words = f"^{re.escape(str(path))} .* process {process.pid}, {since}"
        with pytest.raises(LockedError, match=words), locked(path):
            pass
    with locked(tmp_path / "a" / "other"):
        pass
    process.communicate("go on\n")
    with locked(output):
        assert names(tmp_path / "a") == [".out.lock"]
    assert names(tmp_path / "a") == []


def test_ends_with_a_killed_process(hold, tmp_path):
    output = tmp_path / "out"
    process = hold(output)
    process.kill()
    process.wait()
    assert names(tmp_path) == [".out.lock"]
    with locked(output):
        pass
    assert names(tmp_path) == []


def test_refuses_a_second_run_of_this_process(tmp_path):
    with locked(tmp_path / "out"):
        with pytest.raises(LockedError, match=f"process {os.getpid()},"), locked(tmp_path / "out"):
            pass
        with pytest.raises(LockedError), locked(tmp_path / "out"):
            pass


def test_goes_when_the_block_fails(tmp_path):
    def fail():
        with locked(tmp_path / "out"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == []


def test_lies_inside_where_the_parent_cannot_be_written_to(monkeypatch, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with locked(output):
        assert names(tmp_path) == ["out"]
        assert names(output) == [".out.lock"]
    assert names(output) == []


def test_a_lock_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=re.escape(str(tmp_path / "file"))), locked(tmp_path / "file" / "out"):
        pass
    if Path("/proc/self").exists():
        with pytest.raises(OSError, match="/proc/out"), locked(Path("/proc/out")):
            pass
    (tmp_path / ".out.lock").mkdir()
    with pytest.raises(IsADirectoryError, match=re.escape(f"'{tmp_path / 'out'}'")), locked(tmp_path / "out"):
        pass
