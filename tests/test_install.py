"""Wheels of this package and of a pipeline, installed by one command without an index."""

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import spacy
from packaging.requirements import Requirement
from spacy.cli.package import package

from spacy_gpner.compact.pipeline import RUNTIME, write_compact

from .util import TRAIN, blank, entities, expected, train

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SOURCES = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
USE = """
import json, sys, spacy, spacy_gpner
nlp = spacy.load("zh_gpner_tiny")
doc = nlp(sys.argv[1])
found = [(span.start, span.end, span.label_) for span in doc.spans["sc"]]
optimizer = nlp.config["training"]["optimizer"]["@optimizers"]
print(json.dumps([spacy_gpner.__file__, str(nlp.path), found, optimizer]))
"""


def call(*args, cwd, **env):
    """Run a program as a user would elsewhere: without this repository on its path, or an index."""
    own = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_FIND_LINKS")}
    result = subprocess.run(
        [str(arg) for arg in args],
        cwd=cwd,
        env={**own, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, **env},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory):
    """Our wheel, and that of a small pipeline."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(
        ROOT / "spacy_gpner", folder / "source" / "spacy_gpner", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in SOURCES:
        shutil.copy(ROOT / name, folder / "source")
    house = folder / "wheelhouse"
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", house, "source", cwd=folder)

    nlp = blank()
    nlp.config["training"]["optimizer"] = {"@optimizers": "spacy-gpner.LazyAdam.v1"}
    train(nlp)
    nlp.to_disk(folder / "model")
    (folder / "packages").mkdir()
    command = ("package", "model", "packages", "--name", "gpner_tiny", "--build", "wheel")
    call(sys.executable, "-m", "spacy", *command, cwd=folder, PYTHONPATH=str(ROOT))
    (wheel,) = folder.glob("packages/*/dist/*.whl")
    shutil.copy(wheel, house)
    return house


def wheel_of(wheelhouse, name):
    (path,) = wheelhouse.glob(f"{name}-*.whl")
    return ZipFile(path)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of an environment that has what we require, and not this package."""
    folder = tmp_path_factory.mktemp("environment")
    (folder / "required").mkdir()
    for packages in site.getsitepackages():
        for path in Path(packages).iterdir():
            if not path.name.startswith(("spacy_gpner", "__editable__")) and path.suffix != ".pth":
                (folder / "required" / path.name).symlink_to(path)
    venv.create(folder / "venv")
    (packages,) = folder.glob("venv/lib/*/site-packages")
    (packages / "required.pth").write_text(str(folder / "required"))
    return folder / "venv" / "bin" / "python"


def test_the_wheel_holds_all_files_of_the_package(wheelhouse):
    tracked = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "spacy_gpner").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in wheel_of(wheelhouse, "spacy_gpner").namelist() if ".dist-info/" not in name}
    assert packed == tracked


def test_a_pipeline_installs_with_what_it_needs_by_one_command(wheelhouse, python, tmp_path):
    options = ("--no-index", "--find-links", wheelhouse)
    install = (sys.executable, "-m", "pip", "--python", python, "install", *options, "zh_gpner_tiny")
    said = call(*install, cwd=tmp_path)
    assert "Successfully installed spacy_gpner" in said
    assert "zh_gpner_tiny" in said.splitlines()[-1]
    text, spans = TRAIN[0]
    ours, path, found, optimizer = json.loads(call(python, "-c", USE, text, cwd=tmp_path))
    assert Path(ours).is_relative_to(python.parent.parent)
    assert Path(path).is_relative_to(python.parent.parent)
    assert list(map(tuple, found)) == expected(spans)
    assert optimizer == "spacy-gpner.LazyAdam.v1"
    assert "Nested named entity" in call(python, "-m", "spacy", "gpner", "--help", cwd=tmp_path)


def test_a_packaged_pipeline_names_no_place_of_the_machine(wheelhouse):
    """Of what spaCy leaves in a config, [paths] alone would: here nothing was given there."""
    wheel = wheel_of(wheelhouse, "zh_gpner_tiny")
    place = str(wheelhouse.parent).encode()
    assert [name for name in wheel.namelist() if place in wheel.read(name)] == []


def requirements(path, tmp_path, name):
    (tmp_path / name).mkdir()
    package(path, tmp_path / name, name=name, create_sdist=False, require_parent=True)
    (meta,) = (tmp_path / name).glob("*/meta.json")
    return [Requirement(line) for line in json.loads(meta.read_text(encoding="utf-8"))["requirements"]]


def test_requirements_are_those_of_the_pipeline(tmp_path):
    nlp = blank()
    train(nlp, steps=1)
    nlp.to_disk(tmp_path / "full")
    full = requirements(tmp_path / "full", tmp_path, "a")
    assert {own.name for own in full} == {"spacy", "spacy_gpner"}
    assert all(own.specifier for own in full)

    write_compact(nlp, tmp_path / "compact")
    compact = requirements(tmp_path / "compact", tmp_path, "b")
    assert {str(own) for own in compact} == {*map(str, full), RUNTIME}
    again = spacy.load(tmp_path / "compact")
    assert entities(again(TRAIN[3][0])) == []
