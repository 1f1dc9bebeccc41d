"""What README and docs show, works, and their tables of settings are complete."""

import inspect
import re
from dataclasses import fields, replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
from spacy.cli._util import parse_config_overrides
from spacy.util import load_config, registry
from thinc.api import Config

from spacy_gpner.cli import gpner_cli
from spacy_gpner.corpora.formats import FORMATS
from spacy_gpner.corpora.records import KINDS
from spacy_gpner.distillation.config import CacheSettings, ConfigSchemaDistill, resolve_distillation
from spacy_gpner.spans import DistillationLoss

ROOT = Path(__file__).parent.parent
READMES = ["README.md", "README.zh.md"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def config_block(name):
    return re.search(r"```ini\n(.*?)```", read(name), flags=re.S)[1]


def first_cells(name):
    """What stands in backticks in the first cell of the rows of a page's tables."""
    rows = re.findall(r"^\| (`.*?) \|", read(name), flags=re.M)
    return {cell for row in rows for cell in re.findall(r"`(.+?)`", row)}


@pytest.mark.parametrize("name", READMES)
def test_config_block(name):
    config = Config().from_str("[components]\n\n" + config_block(name))["components"]["span_globalpointer"]
    settings = {key: value for key, value in config.items() if key not in ("factory", "model")}
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer", config=settings)
    registry.fill({"model": config["model"]})


def test_table_has_all_problems_of_corpora():
    assert set(KINDS) <= first_cells("docs/reference/corpora.md")


@pytest.mark.parametrize("name", ["docs/how-to/distil.md", "docs/zh.md"])
def test_distillation_block(name):
    block = Config().from_str(config_block(name))["distillation"]
    registry.resolve(block, schema=ConfigSchemaDistill)


def test_the_command_of_a_mixture():
    """Of the page, on the config that it names."""
    part = read("docs/how-to/distil.md").split("## Hard and soft labels in a mixture")[1].split("\n## ")[0]
    (command,) = re.findall(r"^spacy gpner distill (.*)", part.replace("\\\n", ""), flags=re.M)
    _, config, *options = command.split()
    given = parse_config_overrides([x for x in options if x != "--output" and not x.startswith("training/")])
    settings = resolve_distillation(load_config(ROOT / config, overrides=given))
    assert replace(settings.loss, alpha=0.3) == DistillationLoss(alpha=0.3, weighting="convex")
    assert settings.loss.alpha == pytest.approx(0.3)
    assert settings.linkage is None


@pytest.mark.parametrize("name", [*READMES, "docs/reference/component.md", "docs/zh.md"])
def test_tables_have_all_settings_of_the_component(name):
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer")
    settings = nlp.get_pipe_meta("span_globalpointer").default_config
    assert set(settings) <= first_cells(name)


@pytest.mark.parametrize("name", ["docs/reference/distillation.md", "docs/zh.md"])
def test_table_has_all_settings_of_distillation(name):
    expected = set(ConfigSchemaDistill.model_fields) - {"loss", "cache"}
    expected |= {f"loss.{field.name}" for field in fields(DistillationLoss)}
    expected |= {f"cache.{key}" for key in CacheSettings.model_fields}
    assert expected <= first_cells(name)


def test_readmes_have_the_same_parts():
    """Headings of the same levels, the same blocks of code without comments, the same links."""

    def parts(name):
        text = read(name)
        blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.S)
        code = [re.sub(r" *#.*", "", block) for block in blocks]
        links = set(re.findall(r"\]\((docs/[^)]+)\)", text))
        return re.findall(r"^#+ ", text, flags=re.M), code, links - {"docs/zh.md"}

    assert parts("README.md") == parts("README.zh.md")


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_table_has_all_commands(name):
    commands = {(command.name,) for command in gpner_cli.registered_commands}
    groups = {group.typer_instance.info.name: group.typer_instance for group in gpner_cli.registered_groups}
    for group, typer in groups.items():
        commands |= {(group, command.name) for command in typer.registered_commands}
        commands |= {(group, inner.typer_instance.info.name) for inner in typer.registered_groups}
    words = [cell.split()[2:] for cell in first_cells(name) if cell.startswith("spacy gpner ")]
    assert {tuple(own[: 1 + (own[0] in groups)]) for own in words} == commands


@pytest.mark.parametrize("name", ["docs/reference/component.md", "docs/zh.md"])
def test_table_has_all_heads_and_encoders(name):
    own = entry_points(group="spacy_architectures").names
    kinds = {x for x in own if x.startswith("spacy-gpner.") and "Linkage" not in x and "Compact" not in x}
    assert kinds <= first_cells(name)


def test_help_of_convert_has_all_formats():
    (own,) = (command for command in gpner_cli.registered_commands if command.name == "convert")
    text = inspect.signature(own.callback).parameters["format_name"].default.help
    names = re.sub(r"auto \(.*?\)", "", text)
    assert set(re.findall(r"[\w-]+", names)) - {"or"} == set(FORMATS)


def test_patterns_of_ones_own(tmp_path):
    pytest.importorskip("sqlalchemy", reason="the extra kb is not installed")
    from spacy_gpner.kb.question_patterns import read_patterns

    path = tmp_path / "own.yml"
    block = re.search(r"```yaml\n(.*?)```", read("docs/how-to/knowledge-base.md"), flags=re.S)[1]
    path.write_text(block, encoding="utf-8")
    assert read_patterns(path).labels


@pytest.mark.parametrize("name", [*READMES, "docs/how-to/english.md"])
def test_python_example(name, capsys):
    """The spans are those that the page prints, and the scores nearly."""
    code, printed = re.search(
        r"```python\n([^`]*nlp\.update.*?)```.*?```\n(.*?)```", read(name), flags=re.S
    ).groups()
    exec(code, {})
    found, shown = (
        [line.rsplit(maxsplit=1) for line in text.splitlines()] for text in (capsys.readouterr().out, printed)
    )
    assert [line[0] for line in found] == [line[0] for line in shown]
    assert [float(line[1]) for line in found] == pytest.approx([float(line[1]) for line in shown], abs=0.1)
