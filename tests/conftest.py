import os

# One thread: on small tensors a second only makes the tests wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from spacy.cli._util import app
from typer.testing import CliRunner

import spacy_gpner.cli  # noqa: F401


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first."""
    items.sort(key=lambda item: "slow" in item.keywords)


@pytest.fixture
def run():
    """Run a command; return its exit code, and its output in one line."""

    def run_command(*args):
        result = CliRunner().invoke(app, ["gpner", *map(str, args)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, " ".join(result.output.split())

    return run_command
