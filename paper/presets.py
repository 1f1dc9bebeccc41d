"""How the models of the main paper's tables are trained: presets of configs/paper.yml."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Optional, get_args

import srsly
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, ValidationError
from spacy.util import load_config
from thinc.api import Config
from wasabi import msg

from .rows import Size

PRESETS = Path(__file__).parent.parent / "configs" / "paper.yml"


def _check_seeds(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < max(2, len(seeds)):
        raise ValueError("an interval takes two seeds at least, all different")
    return seeds


class Preset(BaseModel):
    """How the models are trained.

    teacher, student (Path): The configs of the two sizes.
    documents (int): How many training documents there are to be; 0 for all.
    steps (int): The steps of every training.
    student_steps (Optional[int]): Those of the students' trainings, where they are others.
    seeds (List[int]): A training for each.
    overrides (Dict[str, Any]): Settings of both configs, by their dotted names. A $NAME in one is an
        environment variable.
    corpora (Dict[str, Dict[str, Any]]): Such settings of single corpora.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    teacher: Path
    student: Path
    documents: Annotated[StrictInt, Field(ge=0)]
    # spaCy's loop goes on for ever with 0 steps
    steps: Annotated[StrictInt, Field(ge=1)]
    student_steps: Optional[Annotated[StrictInt, Field(ge=1)]] = None
    seeds: Annotated[list[StrictInt], AfterValidator(_check_seeds)]
    overrides: dict[str, Any] = {}
    corpora: dict[str, dict[str, Any]] = {}

    def config(self, size: Size, corpus: str) -> Config:
        """The config of a size, for a corpus."""
        path = self.teacher if size == "teacher" else self.student
        overrides = {**self.overrides, **self.corpora.get(corpus, {})}
        overrides = {name: _expand(value) for name, value in overrides.items()}
        if "distillation" not in load_config(path, interpolate=False):
            overrides = {x: value for x, value in overrides.items() if not x.startswith("distillation.")}
        return load_config(path, overrides=overrides, interpolate=False)

    def steps_of(self, size: Size) -> int:
        """The steps of a size's trainings."""
        return (self.student_steps if size == "student" else None) or self.steps


def _expand(value: Any) -> Any:
    """Put in environment variables."""
    if not isinstance(value, str):
        return value
    expanded = os.path.expandvars(value)
    if missing := re.search(r"\$\{?(\w+)", expanded):
        raise ValueError(f"the environment variable {missing[1]} is not set, which '{value}' needs")
    return expanded


def read_preset(path: Path, name: str, *, documents: Optional[int] = None) -> Preset:
    """Read a preset, and stop where there is none of the name, or it is not right.

    path (Path): The file of presets.
    name (str): The preset's name.
    documents (Optional[int]): Training documents in place of the preset's.
    RETURNS (Preset): The preset.
    """
    try:
        presets = srsly.read_yaml(path)
        if not isinstance(presets, dict) or not isinstance(presets.get(name), dict):
            msg.fail(f"{path} has no preset '{name}'", "configs/paper.yml shows what it needs.", exits=1)
        preset = Preset(**presets[name] | ({} if documents is None else {"documents": documents}))
        folder = Path(path).parent
        configs = {size: folder / getattr(preset, size) for size in get_args(Size)}
        preset = preset.model_copy(update=configs)
        for corpus in ("", *preset.corpora):
            for size in configs:
                preset.config(size, corpus)
    except (OSError, ValidationError, ValueError, KeyError, TypeError) as err:
        msg.fail(f"{path}: the preset '{name}' is not right", str(err), exits=1)
    return preset
