"""How the models of the papers' tables are trained: presets of configs/paper.yml."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Optional, Self

import srsly
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, ValidationError, model_validator
from spacy.util import load_config
from thinc.api import Config
from wasabi import msg

from .studies import STUDIES
from .study import Row, Study

PRESETS = Path(__file__).parent.parent / "configs" / "paper.yml"


def _check_seeds(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < max(2, len(seeds)):
        raise ValueError("an interval takes two seeds at least, all different")
    return seeds


class Preset(BaseModel):
    """How the models are trained.

    study (str): Which paper's models.
    configs (Dict[str, Path]): The configs by the names that the study's rows call them by.
    documents (int): How many training documents there are to be; 0 for all.
    dev_documents (int): How many documents of the dev part to measure on; 0 for all.
    heldout_documents (int): How many of the held-out part to choose the threshold on; 0 for all.
    steps (int): The steps of every training.
    corpus_steps (Dict[str, int]): Those on single corpora, where they are others.
    other_steps (Dict[str, int]): Those of the trainings of single configs, where they are others.
    evaluations (int): How often a model is evaluated on held-out text while it is trained.
    seeds (List[int]): A training for each.
    teacher_seed (Optional[int]): The seed of the one teacher of all students; None for a teacher of each
        seed's own.
    rows (Optional[List[str]]): The models to train, of those of the study; None for all.
    overrides (Dict[str, Any]): Settings of all configs, by their dotted names. A $NAME in one is an
        environment variable. Those of a component, or of `distillation`, are of the configs that have it.
    config_overrides (Dict[str, Dict[str, Any]]): Such settings of single configs.
    corpora (Dict[str, Dict[str, Any]]): Such settings of single corpora.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: str = "linked"
    configs: dict[str, Path]
    documents: Annotated[StrictInt, Field(ge=0)]
    dev_documents: Annotated[StrictInt, Field(ge=0)] = 0
    heldout_documents: Annotated[StrictInt, Field(ge=0)] = 0
    # spaCy's loop goes on for ever with 0 steps
    steps: Annotated[StrictInt, Field(ge=1)]
    corpus_steps: dict[str, Annotated[StrictInt, Field(ge=1)]] = {}
    other_steps: dict[str, Annotated[StrictInt, Field(ge=1)]] = {}
    evaluations: Annotated[StrictInt, Field(ge=0)] = 0
    seeds: Annotated[list[StrictInt], AfterValidator(_check_seeds)]
    teacher_seed: Optional[StrictInt] = None
    rows: Optional[list[str]] = None
    overrides: dict[str, Any] = {}
    config_overrides: dict[str, dict[str, Any]] = {}
    corpora: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.study not in STUDIES:
            raise ValueError(f"there is no study '{self.study}'. There are: {', '.join(STUDIES)}")
        known = {row.config for row in STUDIES[self.study].rows.values()}
        for given, allowed in (
            (self.configs, known),
            (self.rows or [], STUDIES[self.study].rows),
            ([*self.other_steps, *self.config_overrides], self.configs),
        ):
            if unknown := [name for name in given if name not in allowed]:
                raise ValueError(f"there is no '{unknown[0]}'. There are: {', '.join(sorted(allowed))}")
        return self

    def get_study(self) -> Study:
        """The study."""
        return STUDIES[self.study]

    def trained(self) -> list[Row]:
        """The rows to train, if no others are asked for."""
        rows = self.get_study().rows
        return [rows[name] for name in self.rows or rows if rows[name].config in self.configs]

    def used(self, names: Optional[Sequence[str]]) -> set[str]:
        """The configs that rows are trained with, and those of their teachers.

        names (Optional[Sequence[str]]): The rows' names; None for those to train if no others are asked for.
        RETURNS (Set[str]): The configs' names.
        """
        rows = self.get_study().rows
        own = self.trained() if names is None else [rows[name] for name in names if name in rows]
        teachers = [rows[row.teacher] for row in own if row.teacher is not None]
        return {row.config for row in (*own, *teachers) if row.config in self.configs}

    def config(self, name: str, corpus: str) -> Config:
        """One of the configs, for a corpus."""
        path = self.configs[name]
        overrides = {**self.overrides, **self.config_overrides.get(name, {}), **self.corpora.get(corpus, {})}
        plain = load_config(path, interpolate=False)
        overrides = {key: _expand(value) for key, value in overrides.items() if _concerns(key, plain)}
        return load_config(path, overrides=overrides, interpolate=False)

    def steps_of(self, name: str, corpus: str) -> int:
        """The steps of a config's trainings on a corpus."""
        return self.other_steps.get(name, self.corpus_steps.get(corpus, self.steps))

    def teacher_seed_of(self, seed: int) -> int:
        """The seed of the teacher of a student."""
        return seed if self.teacher_seed is None else self.teacher_seed


def _concerns(key: str, config: Config) -> bool:
    """Whether a config has what a setting is of, where that is a component or the distillation."""
    block, _, rest = key.partition(".")
    if block == "components":
        return rest.partition(".")[0] in config["components"]
    return block != "distillation" or block in config


def _check_keys(preset: Preset) -> None:
    """Refuse settings that no config has."""
    configs = {name: load_config(path, interpolate=False) for name, path in preset.configs.items()}
    for key in {key for own in (preset.overrides, *preset.corpora.values()) for key in own}:
        if not any(_concerns(key, config) for config in configs.values()):
            raise ValueError(f"no config has what '{key}' sets")
    for name, own in preset.config_overrides.items():
        if wrong := [key for key in own if not _concerns(key, configs[name])]:
            raise ValueError(f"the config '{name}' does not have what '{wrong[0]}' sets")


def _from(folder: Path, corpora: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Name files of queries from a folder on."""
    return {
        corpus: {
            name: str(folder / value) if name.endswith(".queries") else value for name, value in own.items()
        }
        for corpus, own in corpora.items()
    }


def _expand(value: Any) -> Any:
    """Put in environment variables."""
    if not isinstance(value, str):
        return value
    expanded = os.path.expandvars(value)
    if missing := re.search(r"\$\{?(\w+)", expanded):
        raise ValueError(f"the environment variable {missing[1]} is not set, which '{value}' needs")
    return expanded


def read_preset(
    path: Path,
    name: str,
    *,
    documents: Optional[int] = None,
    steps: Optional[int] = None,
    rows: Optional[Sequence[str]] = None,
) -> Preset:
    """Read a preset, and stop where there is none of the name, or it is not right: its configs that are
    needed can't be read, or an environment variable in them is not set.

    path (Path): The file of presets.
    name (str): The preset's name.
    documents (Optional[int]): Training documents in place of the preset's.
    steps (Optional[int]): Steps of all trainings in place of the preset's.
    rows (Optional[Sequence[str]]): Which of its models are to be trained, in place of the preset's.
    RETURNS (Preset): The preset.
    """
    try:
        presets = srsly.read_yaml(path)
        if not isinstance(presets, dict) or not isinstance(presets.get(name), dict):
            msg.fail(f"{path} has no preset '{name}'", "configs/paper.yml shows what it needs.", exits=1)
        given: dict[str, Any] = {} if documents is None else {"documents": documents}
        if steps is not None:
            given |= {"steps": steps, "other_steps": {}, "corpus_steps": {}}
        preset = Preset(**presets[name] | given)
        folder = Path(path).parent
        configs = {key: folder / config for key, config in preset.configs.items()}
        preset = preset.model_copy(update={"configs": configs, "corpora": _from(folder, preset.corpora)})
        _check_keys(preset)
        for corpus in ("", *preset.corpora):
            for key in preset.used(rows):
                preset.config(key, corpus)
    except (OSError, ValidationError, ValueError, KeyError, TypeError) as err:
        msg.fail(f"{path}: the preset '{name}' is not right", str(err), exits=1)
    return preset
