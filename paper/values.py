"""What the main paper's Tables 3 to 5 have, and which of our models stands beside it."""

from dataclasses import dataclass, field
from typing import Optional

Scores = tuple[Optional[float], Optional[float], float]
CORPORA = ("cluener", "cmeee", "cmeee-v2")
LARGE, BASE = "RoBERTa-large", "RoBERTa-base"


@dataclass(frozen=True)
class Line:
    """A line of a table.

    label (str): What it is called.
    row (Optional[str]): Name of our model; None where there is none.
    paper (Dict[str, Scores]): The paper's P, R and F1 by corpus.
    encoder (str): The paper's encoder, where it names one.
    """

    label: str
    row: Optional[str] = None
    paper: dict[str, Scores] = field(default_factory=dict)
    encoder: str = ""


def _line(
    label: str, row: Optional[str], cluener: Optional[Scores], cmeee: Optional[Scores], encoder: str
) -> Line:
    values = {"cluener": cluener, "cmeee": cmeee}
    return Line(label, row, {name: scores for name, scores in values.items() if scores}, encoder)


def _f1(label: str, row: Optional[str], *scores: float, encoder: str) -> Line:
    return Line(label, row, {name: (None, None, f) for name, f in zip(CORPORA, scores, strict=True)}, encoder)


TABLES = {
    "Table 3: methods": [
        _line("LSTM+CRF", None, (0.7106, 0.6897, 0.7000), (0.5487, 0.4902, 0.5178), "LSTM"),
        _line("BERT-CRF", None, (None, None, 0.7870), (0.5834, 0.6408, 0.6107), "BERT"),
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
}

# Which differences the tables are about: the first model should be the better one
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
)


def paper_f1(row: str, corpus: str) -> Optional[float]:
    """The paper's F1 for one of our models.

    row (str): The model's name.
    corpus (str): The corpus.
    RETURNS (Optional[float]): The F1; None where the paper has none.
    """
    lines = [line for lines in TABLES.values() for line in lines]
    return next((line.paper[corpus][2] for line in lines if line.row == row and corpus in line.paper), None)
