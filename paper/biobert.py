"""Paper 5: BioBERT teaches a BiLSTM, with hard and soft labels in a mixture, on biomedical English."""

from dataclasses import asdict, dataclass
from typing import Any, Optional

from spacy_gpner.spans import DistillationLoss

from .study import Line, Row, Study, by_name

CORPORA = ("ncbi-disease", "bc5cdr")
# a in (1 - a) * hard + a * soft: the abstract does not say which of both it weighs
WEIGHTS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
# The paper's
BEST = 0.3
# The weights of the students that learn from further texts, too, whose labels nobody knows
FURTHER = (0.3, 0.9, 1.0)
MIXED = {"divergence": "bernoulli", "weighting": "convex"}
DEFAULTS = asdict(DistillationLoss())


@dataclass(frozen=True)
class MixedRow(Row):
    """A model that is trained alone, or under a teacher.

    weight (Optional[float]): Of a student: the weight of the teacher's soft labels, which with that of the
        hard ones makes 1; None for the config's own loss, which adds both.
    linked (bool): Whether its features are fed into the teacher.
    """

    weight: Optional[float] = None
    linked: bool = False

    def apply(self, config: dict[str, Any]) -> None:
        """See `Row.apply`."""
        if self.teacher is not None and not self.linked:
            config["distillation"]["linkage"] = None
        if self.weight is not None:
            # Defaults are left out, as in the published cells, which are told apart by their configs
            given = config["distillation"]["loss"]
            own = {name: value for name, value in given.items() if value != DEFAULTS.get(name)}
            config["distillation"]["loss"] = MIXED | own | {"alpha": self.weight}


def _name(weight: float, further: bool = False) -> str:
    return f"soft-{weight:g}" + ("-further" if further else "")


ROWS = by_name(
    MixedRow("teacher", "teacher"),
    MixedRow("student", "student"),
    *(MixedRow(_name(weight), "student", teacher="teacher", weight=weight) for weight in WEIGHTS),
    *(MixedRow(_name(weight, True), "further", teacher="teacher", weight=weight) for weight in FURTHER),
    MixedRow("traditional", "student", teacher="teacher"),
    MixedRow("linked", "student", teacher="teacher", linked=True),
)
TABLES = {
    "Soft labels by their weight": [
        Line("Teacher (the paper: BioBERT)", "teacher"),
        Line("Student alone (BiLSTM)", "student"),
        *(Line(f"a = {weight:g}", _name(weight)) for weight in WEIGHTS),
    ],
    "Soft labels by their weight, with further texts without labels": [
        Line(f"a = {weight:g}", _name(weight, True)) for weight in FURTHER
    ],
    "Soft labels beside all of the hard ones, as in the main paper": [
        Line("traditional", "traditional"),
        Line("linked", "linked"),
    ],
}
PAIRS = (
    *((_name(weight), "student") for weight in WEIGHTS),
    (_name(BEST), "teacher"),
    *((_name(weight, True), other) for weight in FURTHER for other in (_name(weight), "student")),
    ("traditional", "student"),
    ("linked", "traditional"),
)
SWEEP = {"student": 0.0, **{_name(weight): weight for weight in WEIGHTS}}

BARS = ("teacher", "student", _name(BEST))

BIOBERT = Study(ROWS, TABLES, PAIRS, CORPORA, BARS, sweep=SWEEP, swept="weight of the teacher's labels")
