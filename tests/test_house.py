"""Habits of the code that no linter knows."""

import ast
from pathlib import Path

import spacy_gpner

PACKAGE = Path(spacy_gpner.__file__).parent


def test_every_warning_is_of_this_packages_category():
    """The tests turn that category into errors: a warning of another one would pass unseen."""
    calls = [
        (path, node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("warn", "warnings.warn")
    ]
    assert calls
    for path, call in calls:
        assert [ast.unparse(x) for x in call.args[1:]] == ["GpnerWarning"], f"{path}:{call.lineno}"
