"""What the package imports, it requires."""

import ast
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import spacy_gpner

PACKAGE = Path(spacy_gpner.__file__).parent
CONSTRAINTS = PACKAGE.parent / "constraints.txt"
REQUIRED = {canonicalize_name(Requirement(line).name) for line in requires("spacy_gpner")}


def imported():
    """The names of the packages that our modules import, wherever they do."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize("name", sorted({*imported()} - sys.stdlib_module_names))
def test_is_required_and_its_version_is_known(name):
    (distribution,) = map(canonicalize_name, set(packages_distributions()[name]))
    assert distribution in REQUIRED
    pins = [Requirement(line) for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert distribution in {canonicalize_name(pin.name) for pin in pins}
