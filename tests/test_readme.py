"""What the README shows, works."""

import re
from pathlib import Path

import pytest
import spacy
from spacy.util import registry
from thinc.api import Config

from spacy_gpner.distillation.config import ConfigSchemaDistill

ROOT = Path(__file__).parent.parent


def config_blocks(name):
    return re.findall(r"```ini\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_config_block(name):
    block = config_blocks(name)[0]
    config = Config().from_str("[components]\n\n" + block)["components"]["span_globalpointer"]
    settings = {key: value for key, value in config.items() if key not in ("factory", "model")}
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer", config=settings)
    registry.fill({"model": config["model"]})


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_distillation_block(name):
    block = Config().from_str(config_blocks(name)[1])["distillation"]
    registry.resolve(block, schema=ConfigSchemaDistill)


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert target.startswith(("https://", "#")) or (ROOT / target).exists(), target
