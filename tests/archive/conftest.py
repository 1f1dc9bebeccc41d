import pytest

from ..util import save_trained
from .util import make_records, write_jsonl


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("archive") / "model")


@pytest.fixture
def notes(tmp_path):
    """A folder with 21 documents in two files."""
    write_jsonl(tmp_path / "notes" / "a.jsonl", make_records(13))
    write_jsonl(tmp_path / "notes" / "b.jsonl", make_records(8, 13))
    return tmp_path / "notes"
