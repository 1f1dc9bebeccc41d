"""Paper 3: MRC with a CRF and a biaffine that learn together, on CMeEE and CCKS 2019 (Tables 6 to 10)."""

from dataclasses import dataclass
from typing import Any, Optional

from spacy.language import Language

from spacy_gpner.pipeline.find import find_pipe

from .linked import SpanRow
from .study import FGM, Line, Row, Scores, Study, by_name, component_of, in_percent

CORPORA = ("cmeee", "ccks2019")


@dataclass(frozen=True)
class MRCRow(Row):
    """A model that reads with queries.

    heads (Tuple[str, ...]): Its heads.
    decoding (Optional[str]): Which of them finds spans; None for the first.
    task_weights (str): "learned" or "fixed".
    query_position (str): "after" the text or "before" it.
    adversary (bool): Whether it is trained adversarially, by FGM.
    """

    heads: tuple[str, ...] = ("crf", "biaffine")
    decoding: Optional[str] = None
    task_weights: str = "learned"
    query_position: str = "after"
    adversary: bool = False

    def prepare(self, nlp: Language) -> None:
        """See `Row.prepare`."""
        find_pipe(nlp).cfg["decoding"] = self.decoding

    def apply(self, config: dict[str, Any]) -> None:
        """See `Row.apply`."""
        _, component = component_of(config)
        component["decoding"] = self.decoding
        component["adversary"] = FGM if self.adversary else None
        component["model"]["heads"] = list(self.heads)
        component["model"]["task_weights"] = self.task_weights
        component["model"]["tok2vec"]["query_position"] = self.query_position


# Other ways to find spans by the heads that have learned together
OTHERS = ("biaffine", "union", "vote", "mean")

ROWS = by_name(
    MRCRow("base", "plain", heads=("pointer",)),
    MRCRow("crf", "plain", heads=("crf",)),
    MRCRow("biaffine", "plain", heads=("biaffine",)),
    MRCRow("joint", "plain"),
    MRCRow("joint-fixed", "plain", task_weights="fixed"),
    *(MRCRow(f"joint-{x}", "plain", decoding=x, reads="joint") for x in OTHERS),
    MRCRow("joint-query-first", "plain", query_position="before"),
    MRCRow("joint-adapted", "adapted"),
    MRCRow("joint-adapted-fgm", "adapted", adversary=True),
    MRCRow("joint-adapted-fgm-folds", "folds", adversary=True, folds=5),
    SpanRow("student", "student"),
    SpanRow("student-of-joint", "student", teacher="joint"),
    SpanRow("student-of-folds", "student", teacher="joint-adapted-fgm-folds"),
)


def _line(
    label: str, row: Optional[str], cmeee: Optional[Scores], ccks: Optional[Scores], encoder: str = "NEZHA"
) -> Line:
    values = {"cmeee": cmeee, "ccks2019": ccks}
    percent = {corpus: in_percent(*own) for corpus, own in values.items() if own is not None}
    return Line(label, row, percent, encoder)


TABLES = {
    "Tables 6 and 7: other systems": [
        _line("MacBERT-large", None, (None, None, 62.40), None, "MacBERT-large"),
        _line("Human", None, (None, None, 67.00), None, ""),
        _line("BERT-CRF", None, (58.34, 64.08, 61.07), None, "BERT"),
        _line("BERT-Biaffine", None, (64.17, 61.29, 62.29), None, "BERT"),
        _line("RICON", None, (66.25, 64.89, 65.57), None, ""),
        _line("Lattice-LSTM", None, (57.10, 43.60, 49.44), None, ""),
        _line("Lattice-LSTM + Med-BERT", None, (56.84, 47.58, 51.80), None, "Med-BERT"),
        _line("FLAT-Lattice", None, (66.90, 70.10, 68.46), None, ""),
        _line("Medical NER", None, (66.41, 70.73, 68.50), None, ""),
        _line("Medical NER + Med-BERT", None, (67.99, 70.81, 69.37), None, "Med-BERT"),
        _line("BERT-BiLSTM-CRF", None, None, (73.84, 75.31, 74.53), "BERT"),
        _line("BBC + lexicon + glyph", None, None, (85.17, 84.13, 84.64), ""),
        _line("WB-Transformer + SA", None, None, (None, None, 84.98), ""),
        _line("ELMo-lattice-LSTM-CRF", None, None, (84.69, 85.35, 85.02), "ELMo"),
        _line("ACNN", None, None, (83.07, 87.29, 85.13), ""),
        _line("FS-TL", None, None, (None, None, 85.16), ""),
        _line("MRC-MTL-MS", "joint-adapted-fgm-folds", (67.21, 71.89, 69.47), (85.29, 85.32, 85.31)),
    ],
    "Table 8: ablation": [
        _line("MRC-Base", "base", (67.98, 65.87, 66.91), (82.63, 84.76, 83.68)),
        _line("MRC-CRF", "crf", (67.17, 67.25, 67.21), (84.40, 84.91, 84.65)),
        _line("MRC-Biaffine", "biaffine", (70.71, 64.09, 67.24), (83.22, 83.77, 83.49)),
        _line("MRC-MTL", "joint", (64.58, 71.76, 67.98), (84.42, 84.97, 84.70)),
        _line("+ AP", "joint-adapted", (66.28, 70.34, 68.25), (84.23, 85.24, 84.73)),
        _line("+ AP + AT", "joint-adapted-fgm", (68.04, 69.16, 68.59), (84.20, 85.39, 84.79)),
        _line("+ AP + AT + CV", "joint-adapted-fgm-folds", (67.21, 71.89, 69.47), (85.29, 85.32, 85.31)),
    ],
    "Other ways": [
        Line("MRC-MTL, weights fixed", "joint-fixed"),
        Line("MRC-MTL, by its biaffine", "joint-biaffine"),
        Line("MRC-MTL, what one of the heads finds", "joint-union"),
        Line("MRC-MTL, what both find", "joint-vote"),
        Line("MRC-MTL, mean of both", "joint-mean"),
        Line("MRC-MTL, query before the text", "joint-query-first"),
    ],
    "Its knowledge in one reading: an Efficient GlobalPointer": [
        Line("alone", "student"),
        Line("taught by MRC-MTL", "student-of-joint"),
        Line("taught by + AP + AT + CV, each fold by a model that has not seen it", "student-of-folds"),
    ],
}

PAIRS = (
    ("crf", "base"),
    ("biaffine", "base"),
    ("joint", "crf"),
    ("joint", "biaffine"),
    ("joint", "joint-fixed"),
    ("joint", "joint-query-first"),
    ("joint-biaffine", "joint"),
    ("joint-biaffine", "biaffine"),
    ("joint-mean", "joint"),
    ("joint-adapted", "joint"),
    ("joint-adapted-fgm", "joint-adapted"),
    ("joint-adapted-fgm-folds", "joint-adapted-fgm"),
    ("student-of-joint", "student"),
    ("student-of-joint", "joint"),
    ("student-of-folds", "student-of-joint"),
)

BARS = ("base", "joint", "joint-adapted-fgm", "joint-adapted-fgm-folds")
# Table 9, of the whole system, in percent
TYPES = {
    "cmeee": {
        "bod": (62.92, 71.33, 66.86),
        "dep": (54.24, 88.89, 67.37),
        "dis": (76.78, 80.69, 78.69),
        "dru": (75.38, 87.93, 81.17),
        "equ": (74.48, 81.20, 77.70),
        "ite": (51.06, 49.23, 50.13),
        "mic": (76.64, 82.16, 79.30),
        "pro": (61.91, 71.50, 66.36),
        "sym": (58.49, 54.68, 56.52),
    },
    "ccks2019": {
        "解剖部位": (85.25, 87.07, 86.15),
        "疾病和诊断": (85.63, 85.56, 85.60),
        "药物": (95.45, 95.05, 95.25),
        "影像检查": (86.65, 87.64, 87.14),
        "实验室检验": (74.54, 67.97, 71.10),
        "手术": (85.91, 79.01, 82.32),
    },
}
BY_LABEL = {corpus: {label: in_percent(*x) for label, x in own.items()} for corpus, own in TYPES.items()}
# Table 10 has a wrong boundary and a wrong label of MRC-Base that the whole system has right
CASES = (("base", "joint"), ("base", "joint-adapted-fgm"), ("base", "joint-adapted-fgm-folds"))

MRC = Study(ROWS, TABLES, PAIRS, CORPORA, BARS, BY_LABEL, CASES)
