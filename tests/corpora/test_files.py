import errno
import re

import pytest

from spacy_gpner.files import atomic_write, resolve


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
    with pytest.raises(OSError, match=r"loop") as info:
        resolve(loop)
    assert info.value.errno == errno.ELOOP
