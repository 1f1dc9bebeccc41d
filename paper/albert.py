"""Paper 2: ALBERT-IDCNN-MHA-CRF on CCKS 2019 (Tables 2, 5 and 6, Figures 3 to 5)."""

from functools import partial
from typing import Optional

from .study import Line, Study, by_name, in_percent
from .tagger import Descent, TaggerRow

CORPUS = "ccks2019"
SYSTEM = ("idcnn", "mha")
HEADS = (1, 2, 8, 16)
# Of section 4.2
_row = partial(TaggerRow, dropout=0.5)

ROWS = by_name(
    _row("bilstm-crf", "static", layers=("bilstm",)),
    _row("idcnn-crf", "static", layers=("idcnn",)),
    _row("idcnn-mha-crf", "static", layers=SYSTEM),
    _row("encoder-bilstm-crf", "pretrained", layers=("bilstm",)),
    _row("encoder-idcnn-crf", "pretrained", layers=("idcnn",)),
    _row("encoder-idcnn-mha-crf", "pretrained", layers=SYSTEM),
    _row("encoder-idcnn-mha-softmax", "pretrained", layers=SYSTEM, head="Softmax"),
    _row("adagrad", "pretrained", layers=SYSTEM, optimizer=Descent("Adagrad", 0.02)),
    _row("rmsprop", "pretrained", layers=SYSTEM, optimizer=Descent("RMSprop", 0.002)),
    _row("adam", "pretrained", layers=SYSTEM, optimizer=Descent("Adam", 0.002)),
    _row("lookahead", "pretrained", layers=SYSTEM, optimizer=Descent("Adam", 0.002, lookahead=5)),
    _row("radam", "pretrained", layers=SYSTEM, optimizer=Descent("RAdam", 0.002)),
    *(_row(f"heads-{n}", "pretrained", layers=SYSTEM, heads=n) for n in HEADS),
)


def _line(label: str, row: str, p: float, r: float, f: float, encoder: str = "ALBERT") -> Line:
    return Line(label, row, {CORPUS: in_percent(p, r, f)}, encoder)


def _f1(label: str, f: float, row: Optional[str] = None) -> Line:
    return Line(label, row, {CORPUS: in_percent(None, None, f)})


TABLES = {
    "Table 2: models": [
        _line("BiLSTM-CRF", "bilstm-crf", 79.79, 82.81, 81.27, "Word2Vec"),
        _line("IDCNN-CRF", "idcnn-crf", 80.37, 82.65, 81.49, "Word2Vec"),
        _line("IDCNN-MHA-CRF", "idcnn-mha-crf", 82.16, 82.81, 82.48, "Word2Vec"),
        Line("ALBERT-BiLSTM-CRF", "encoder-bilstm-crf"),
        _line("ALBERT-IDCNN-CRF", "encoder-idcnn-crf", 82.70, 84.03, 83.36),
        _line("ALBERT-IDCNN-MHA-CRF", "encoder-idcnn-mha-crf", 83.46, 85.96, 84.69),
        Line("ALBERT-IDCNN-MHA-softmax", "encoder-idcnn-mha-softmax"),
    ],
    "Table 5: optimizers": [
        _line("AdaGrad", "adagrad", 78.12, 80.99, 79.53),
        _line("RMSprop", "rmsprop", 80.62, 83.71, 82.13),
        _line("Adam", "adam", 83.46, 85.96, 84.69),
        _line("Lookahead + Adam", "lookahead", 83.69, 85.80, 84.74),
        _line("RAdam", "radam", 84.82, 86.46, 85.63),
    ],
    "Table 6: other systems": [
        _f1("Alihealth: BBC + BBT + FBBC + rules", 85.62),
        _f1("THU_MSIIP: ensemble", 85.59),
        _f1("DUTIR: ELMo + BiLSTM-CRF", 85.16),
        _f1("Jfhealthcare", 84.85),
        _f1("Suda-hlt", 84.12),
        _f1("ZJUCST", 83.80),
        _f1("ALBERT-IDCNN-MHA-CRF", 85.63, "radam"),
    ],
    "Figure 5: attention heads": [
        Line("1", "heads-1"),
        Line("2", "heads-2"),
        Line("4", "encoder-idcnn-mha-crf"),
        Line("8", "heads-8"),
        Line("16", "heads-16"),
    ],
}

PAIRS = (
    ("idcnn-crf", "bilstm-crf"),
    ("idcnn-mha-crf", "idcnn-crf"),
    ("encoder-idcnn-crf", "idcnn-crf"),
    ("encoder-idcnn-mha-crf", "idcnn-mha-crf"),
    ("encoder-idcnn-mha-crf", "encoder-idcnn-crf"),
    ("encoder-idcnn-crf", "encoder-bilstm-crf"),
    ("encoder-idcnn-mha-crf", "encoder-idcnn-mha-softmax"),
    ("radam", "adam"),
    ("lookahead", "adam"),
)

SWEEP = {"heads-1": 1, "heads-2": 2, "encoder-idcnn-mha-crf": 4, "heads-8": 8, "heads-16": 16}
BARS = ("bilstm-crf", "idcnn-mha-crf", "encoder-idcnn-mha-crf", "radam")
CURVES = ("adagrad", "rmsprop", "adam", "lookahead", "radam")

ALBERT = Study(ROWS, TABLES, PAIRS, (CORPUS,), BARS, curves=CURVES, sweep=SWEEP, swept="attention heads")
