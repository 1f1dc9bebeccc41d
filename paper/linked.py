"""The main paper: an Efficient GlobalPointer with a window, and its linked distillation (Tables 3 to 5)."""

from dataclasses import dataclass
from typing import Any, Literal, Optional

from thinc.api import Config

from spacy_gpner.spans.divergence import DivergenceName

from .study import Line, Row, Scores, Study, by_name, component_of

CORPORA = ("cluener", "cmeee", "cmeee-v2")
LARGE, BASE = "RoBERTa-large", "RoBERTa-base"
Head = Literal["EfficientGlobalPointer", "GlobalPointer", "Biaffine", "CRF"]
# What a head keeps of the settings of the config's, an EfficientGlobalPointer. Biaffine has a size of its own
# and no rotary positions.
KEPT = {
    "GlobalPointer": ("tok2vec", "dropout", "head_size", "rope"),
    "Biaffine": ("tok2vec", "dropout"),
    "CRF": ("tok2vec", "dropout"),
}


@dataclass(frozen=True)
class SpanRow(Row):
    """A model of the tables.

    head (str): Architecture of its head. A CRF is another component's.
    window (Optional[Literal["band", "prefix"]]): Mode of its context shield window, of the config's width;
        None for no window. Of a CRF it is as wide as the longest entity.
    linked (bool): Whether its features are fed into the teacher.
    by_type (bool): Of a CRF: whether each type has a chain.
    divergence (Optional[str]): From its teacher, in place of the config's, and with a weight of 1, which is
        right for those of tags.
    """

    head: Head = "EfficientGlobalPointer"
    window: Optional[Literal["band", "prefix"]] = "band"
    linked: bool = False
    by_type: bool = False
    divergence: Optional[DivergenceName] = None

    def apply(self, config: dict[str, Any]) -> None:
        """See `Row.apply`."""
        _, component = component_of(config)
        model = component["model"]
        if self.head != "EfficientGlobalPointer":
            component["model"] = {
                "@architectures": f"spacy-gpner.{self.head}.v1",
                **{x: model[x] for x in KEPT[self.head] if x in model},
            }
        if self.head == "CRF":
            component["model"]["by_type"] = self.by_type
            _make_crf(config)
        elif self.window is None:
            component["window"] = None
        else:
            component["window_mode"] = self.window
        if self.teacher is not None and not self.linked:
            config["distillation"]["linkage"] = None
        if self.divergence is not None:
            config["distillation"]["loss"] |= {"divergence": self.divergence, "alpha": 1.0}


def _make_crf(config: dict[str, Any]) -> None:
    """Put a `span_crf` in the place of the config's component, whose variables have its name."""
    name, component = component_of(Config(config).interpolate())
    del config["components"][name], component["window_mode"]
    component["factory"] = "span_crf"
    component["window"] = "auto"
    config["components"]["span_crf"] = component
    config["nlp"]["pipeline"] = ["span_crf"]


ROWS = by_name(
    SpanRow("teacher", "teacher"),
    SpanRow("student", "student"),
    SpanRow("traditional", "student", teacher="teacher"),
    SpanRow("linked", "student", teacher="teacher", linked=True),
    SpanRow("efficient", "teacher", window=None),
    SpanRow("linked-no-window", "student", window=None, teacher="efficient", linked=True),
    SpanRow("student-no-window", "student", window=None),
    SpanRow("globalpointer", "teacher", head="GlobalPointer", window=None),
    SpanRow("globalpointer-window", "teacher", head="GlobalPointer"),
    SpanRow("biaffine", "teacher", head="Biaffine", window=None),
    SpanRow("biaffine-window", "teacher", head="Biaffine"),
    SpanRow("efficient-prefix", "teacher", window="prefix"),
    SpanRow("lstm-crf", "scratch", head="CRF"),
    SpanRow("lstm-crf-by-type", "scratch", head="CRF", by_type=True),
    SpanRow("crf", "teacher", head="CRF"),
    SpanRow("crf-by-type", "teacher", head="CRF", by_type=True),
    SpanRow("folds", "teacher", folds=2),
    SpanRow("traditional-folds", "student", teacher="folds"),
    SpanRow("linked-folds", "student", teacher="folds", linked=True),
)


def _line(
    label: str, row: Optional[str], cluener: Optional[Scores], cmeee: Optional[Scores], encoder: str
) -> Line:
    values = {"cluener": cluener, "cmeee": cmeee}
    return Line(label, row, {name: scores for name, scores in values.items() if scores}, encoder)


def _f1(label: str, row: Optional[str], *scores: float, encoder: str) -> Line:
    return Line(label, row, {name: (None, None, f) for name, f in zip(CORPORA, scores, strict=True)}, encoder)


TABLES = {
    "Table 3: methods": [
        _line("LSTM+CRF", "lstm-crf", (0.7106, 0.6897, 0.7000), (0.5487, 0.4902, 0.5178), "LSTM"),
        Line("LSTM+CRF, a chain for each type", "lstm-crf-by-type"),
        _line("BERT-CRF", "crf", (None, None, 0.7870), (0.5834, 0.6408, 0.6107), "BERT"),
        Line("BERT-CRF, a chain for each type", "crf-by-type"),
        _line("PFN", None, (None, None, 0.7929), (None, None, 0.6368), ""),
        _line("TsERL", None, None, (0.6182, 0.6478, 0.6327), ""),
        _line("FFBLEG", None, None, (0.6470, 0.6492, 0.6481), ""),
        _line("Biaffine", "biaffine", None, (0.6417, 0.6129, 0.6229), "BERT"),
        Line("Biaffine, window", "biaffine-window"),
        _line("GlobalPointer", "globalpointer", (0.7874, 0.8059, 0.7966), (0.6517, 0.6474, 0.6442), LARGE),
        Line("GlobalPointer, window", "globalpointer-window"),
        _line(
            "Efficient GlobalPointer", "efficient", (0.7966, 0.8109, 0.8035), (0.6645, 0.6469, 0.6504), LARGE
        ),
        Line("Efficient GlobalPointer, window", "teacher"),
        Line("Efficient GlobalPointer, prefix window", "efficient-prefix"),
        _line("Ours (linked)", "linked", (0.8099, 0.8190, 0.8143), (0.6483, 0.6931, 0.6705), BASE),
    ],
    "Table 4: ablation": [
        _f1("Ours (linked)", "linked", 0.8143, 0.6705, 0.7585, encoder=BASE),
        # The paper's number is its teacher's; the student alone is in Table 5
        _f1("- KD (the teacher)", "teacher", 0.8062, 0.6543, 0.7422, encoder=LARGE),
        _f1("- CSW (no window)", "linked-no-window", 0.8127, 0.6627, 0.7488, encoder=BASE),
        Line("- CSW - KD (student, no window)", "student-no-window"),
    ],
    "Table 5: distillation": [
        _f1("Teacher", "teacher", 0.8062, 0.6543, 0.7422, encoder=LARGE),
        _f1("Student", "student", 0.8034, 0.6513, 0.7353, encoder=BASE),
        _f1("Traditional KD", "traditional", 0.8104, 0.6658, 0.7488, encoder=BASE),
        _f1("Ours (linked)", "linked", 0.8143, 0.6705, 0.7585, encoder=BASE),
    ],
    "Distillation by teachers that have not seen the text": [
        Line("Two teachers, each of half of it", "folds"),
        Line("Traditional KD", "traditional-folds"),
        Line("Linked", "linked-folds"),
    ],
}

PAIRS = (
    ("efficient", "globalpointer"),
    ("efficient", "biaffine"),
    ("globalpointer", "biaffine"),
    ("teacher", "efficient"),
    ("globalpointer-window", "globalpointer"),
    ("biaffine-window", "biaffine"),
    ("student", "student-no-window"),
    ("linked", "linked-no-window"),
    ("teacher", "efficient-prefix"),
    ("teacher", "student"),
    ("traditional", "student"),
    ("linked", "student"),
    ("linked", "traditional"),
    ("linked", "teacher"),
    ("folds", "teacher"),
    ("traditional-folds", "traditional"),
    ("linked-folds", "linked"),
    ("linked-folds", "traditional-folds"),
)

BARS = ("teacher", "student", "traditional", "linked")

LINKED = Study(ROWS, TABLES, PAIRS, CORPORA, BARS)
