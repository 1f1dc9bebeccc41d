import pytest

from spacy_gpner.files import atomic_write


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
