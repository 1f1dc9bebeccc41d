"""Every entry point resolves, and to the name it is declared under."""

import subprocess
import sys
from importlib.metadata import distribution

import pytest
import spacy
from spacy.util import registry

OURS = list(distribution("spacy_gpner").entry_points)


def test_there_are_entry_points():
    assert {e.group for e in OURS} == {
        "spacy_factories",
        "spacy_architectures",
        "spacy_augmenters",
        "spacy_tokenizers",
        "spacy_scorers",
        "spacy_misc",
        "thinc_optimizers",
        "spacy_cli",
    }


@pytest.mark.parametrize("entry", OURS, ids=lambda e: e.name)
def test_entry_point_resolves(entry):
    loaded = entry.load()
    if entry.group == "spacy_factories":
        assert spacy.blank("zh").has_factory(entry.name)
    elif entry.group != "spacy_cli":
        assert registry.get(entry.group.partition("_")[2], entry.name) is loaded


def test_the_command_line_loads_nothing_heavy_of_ours():
    code = (
        "import sys; from spacy.cli._util import setup_cli\n"
        "import spacy_gpner.cli\n"
        "light = {'cli', 'about', 'msgpack'}\n"
        "ours = [m for m in sys.modules if m.startswith('spacy_gpner.')]\n"
        "print([m for m in ours if m.split('.')[1] not in light])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
