import pytest

from ..util import save_trained


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    return save_trained(tmp_path_factory.mktemp("full"), steps=25)
