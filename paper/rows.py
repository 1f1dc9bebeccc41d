"""The models of the main paper's Tables 3 to 5."""

from dataclasses import dataclass
from typing import Any, Literal, Optional

# The component of the grid's configs
COMPONENT = "span_globalpointer"
Size = Literal["teacher", "student"]


@dataclass(frozen=True)
class Row:
    """A model of the tables.

    name (str): Its name, also of its files.
    size (Size): Which of the two configs it is trained with.
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
                **{x: model[x] for x in kept if x in model},
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
