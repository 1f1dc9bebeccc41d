import os
import shutil
import subprocess
import sys

# One thread: on small tensors a second only makes the tests wait.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest
from hypothesis import settings
from spacy.cli._util import app
from typer.testing import CliRunner

import spacy_gpner.cli  # noqa: F401

HOLDER = """
import sys, pathlib
from spacy_gpner.locks import locked
with locked(pathlib.Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.readline()
"""


# A machine with other work is no defect
settings.register_profile("gpner", deadline=None)
settings.load_profile("gpner")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name bytes by their number: pytest-xdist needs the same names in every process, and
    a gzip header holds the time."""
    return f"{len(val)}-bytes" if isinstance(val, bytes) else None


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


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with api.sync_playwright() as playwright:
        if path is None and not shutil.which(playwright.chromium.executable_path):
            pytest.skip("there is no Chromium: install Debian's chromium")
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser):
    """Open a file in the browser. At the end of the test nothing may have been loaded, said or complained
    of, and no script of a text may have run."""
    pages = []

    def open_file(path, width=1300):
        page = browser.new_page(viewport={"width": width, "height": 900})
        seen = []
        page.on("request", lambda request: seen.append(request.url))
        page.on("console", lambda message: seen.append(message.text))
        page.on("pageerror", lambda error: seen.append(str(error)))
        page.on("dialog", lambda dialog: seen.append(dialog.message) or dialog.dismiss())
        page.goto(path.as_uri())
        pages.append((page, path.as_uri(), seen))
        return page

    yield open_file
    for page, address, seen in pages:
        # waits for what would still be loaded
        assert page.evaluate("document.readyState") == "complete"
        assert page.evaluate("window.hacked") is None
        assert seen == [address]
        page.close()


@pytest.fixture
def hold():
    """Start a process that locks an output."""
    processes = []

    def start(output):
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", HOLDER, str(output)]
        processes.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        assert processes[-1].stdout.readline() == "locked\n"
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()
