"""The models of the main paper's Tables 3 to 5, and the presets by which they are trained."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Optional

import srsly
from spacy.util import load_config
from thinc.api import Config
from wasabi import msg

COMPONENT = "span_globalpointer"
PRESETS = Path(__file__).parent.parent / "configs" / "paper.yml"
Size = Literal["teacher", "student"]


@dataclass(frozen=True)
class Preset:
    """How the models are trained.

    teacher, student (Path): The configs of the two sizes.
    documents (int): How many training documents there are to be; 0 for all.
    steps (int): The steps of every training.
    seeds (List[int]): A training for each.
    overrides (Dict[str, Any]): Settings of both configs, by their dotted names.
    corpora (Dict[str, Dict[str, Any]]): Such settings of single corpora.
    """

    teacher: Path
    student: Path
    documents: int
    steps: int
    seeds: list[int]
    overrides: dict[str, Any]
    corpora: dict[str, dict[str, Any]]

    def config(self, size: Size, corpus: str) -> Config:
        """The config of a size, for a corpus."""
        path = self.teacher if size == "teacher" else self.student
        blocks = load_config(path, interpolate=False)
        overrides = {**self.overrides, **self.corpora.get(corpus, {})}
        # A teacher may have no [distillation]
        own = {name: value for name, value in overrides.items() if name.partition(".")[0] in blocks}
        return load_config(path, overrides=own, interpolate=False)

    def encoder(self, size: Size) -> str:
        """What the models of a size encode text with."""
        config = self.config(size, "")
        if "transformer" in config["paths"]:
            return str(config["paths"]["transformer"])
        tok2vec = config["components"][COMPONENT]["model"]["tok2vec"]
        depth, width = tok2vec["encode"]["depth"], tok2vec["embed"]["width"]
        return f"BiLSTM, depth {depth}, width {width}, from scratch"


def read_preset(path: Path, name: str) -> Preset:
    """Read a preset, and stop where there is none of the name, or it lacks something."""
    presets = srsly.read_yaml(path)
    if name not in presets:
        msg.fail(f"{path} has no preset '{name}'", f"It has {', '.join(presets)}.", exits=1)
    try:
        preset = Preset(**presets[name])
    except TypeError as err:
        msg.fail(f"{path}: the preset '{name}' is incomplete, or has something unknown", str(err), exits=1)
    if len(set(preset.seeds)) < max(2, len(preset.seeds)):
        msg.fail(f"{path}: the preset '{name}' needs two different seeds at least", exits=1)
    configs = Path(path).parent.parent
    return replace(preset, teacher=configs / preset.teacher, student=configs / preset.student)


@dataclass(frozen=True)
class Row:
    """A model of the tables.

    name (str): Its name, also of its files.
    size (Literal["teacher", "student"]): Which of the two configs it is trained with.
    head (str): Architecture of its head.
    window (Optional[Literal["band", "prefix"]]): Mode of its context shield window, of the config's width;
        None for no window.
    teacher (Optional[str]): The row that teaches it.
    linked (bool): Whether its features are fed into the teacher.
    """

    name: str
    size: Size
    head: str = "EfficientGlobalPointer"
    window: Optional[Literal["band", "prefix"]] = "band"
    teacher: Optional[str] = None
    linked: bool = False

    def apply(self, config: dict[str, Any]) -> None:
        """Make a config that of this row.

        config (Dict[str, Any]): The config of the row's size, changed in place.
        """
        component = config["components"][COMPONENT]
        model = component["model"]
        if self.head != "EfficientGlobalPointer":
            # Biaffine has a size of its own, and no rotary positions.
            kept = (
                ("tok2vec", "dropout")
                if self.head == "Biaffine"
                else ("tok2vec", "dropout", "head_size", "rope")
            )
            component["model"] = {
                "@architectures": f"spacy-gpner.{self.head}.v1",
                **{x: model[x] for x in kept},
            }
        if self.window is None:
            component["window"] = None
        else:
            component["window_mode"] = self.window
        if self.teacher is not None and not self.linked:
            config["distillation"]["linkage"] = None


ROWS = {
    row.name: row
    for row in (
        Row("teacher", "teacher"),
        Row("student", "student"),
        Row("traditional", "student", teacher="teacher"),
        Row("linked", "student", teacher="teacher", linked=True),
        Row("efficient", "teacher", window=None),
        Row("linked-no-window", "student", window=None, teacher="efficient", linked=True),
        Row("student-no-window", "student", window=None),
        Row("globalpointer", "teacher", head="GlobalPointer", window=None),
        Row("globalpointer-window", "teacher", head="GlobalPointer"),
        Row("biaffine", "teacher", head="Biaffine", window=None),
        Row("biaffine-window", "teacher", head="Biaffine"),
        Row("efficient-prefix", "teacher", window="prefix"),
    )
}
# Those of Table 5, which is about distillation
DISTILLATION = ("teacher", "student", "traditional", "linked")
