"""Paper 4: RoBERTa-FGM-MHA-CRF on the leaflets of medicines (Table 1)."""

from typing import Any

from .study import Line, Study, by_name, in_percent
from .tagger import TaggerRow

CORPUS = "drug-leaflets"
HEADS = (1, 2, 8, 16)
# Labels of less than a hundredth of the entities each
RARE = ("DRUG", "FOOD", "DRUG_GROUP")


def _resample(rare: float, others: float) -> dict[str, Any]:
    repeats = dict.fromkeys(RARE, rare)
    return {"@augmenters": "spacy-gpner.resample.v1", "repeats": repeats, "others": others}


ROWS = by_name(
    TaggerRow("bert-crf", "system", encoder="bert-base-chinese"),
    TaggerRow("bert-wwm-crf", "system", encoder="hfl/chinese-bert-wwm-ext"),
    TaggerRow("macbert-crf", "system", encoder="hfl/chinese-macbert-base"),
    TaggerRow("ernie-crf", "system", encoder="nghuyong/ernie-1.0-base-zh"),
    TaggerRow("crf", "system"),
    TaggerRow("bilstm-crf", "system", layers=("bilstm",)),
    TaggerRow("bigru-crf", "system", layers=("bigru",)),
    TaggerRow("mha-crf", "system", layers=("mha",)),
    TaggerRow("fgm-crf", "system", adversary=True),
    TaggerRow("fgm-mha-crf", "system", layers=("mha",), adversary=True),
    TaggerRow("oversampled", "system", augmenter=_resample(3.0, 1.0)),
    TaggerRow("undersampled", "system", augmenter=_resample(1.0, 0.5)),
    *(TaggerRow(f"heads-{n}", "system", layers=("mha",), heads=n) for n in HEADS),
)


def _line(label: str, row: str, p: float, r: float, f: float, encoder: str = "RoBERTa-wwm") -> Line:
    return Line(label, row, {CORPUS: in_percent(p, r, f)}, encoder)


TABLES = {
    "Table 1: models": [
        _line("BERT-base-CRF", "bert-crf", 67.29, 77.25, 71.92, "BERT"),
        _line("BERT-wwm-CRF", "bert-wwm-crf", 66.51, 77.63, 71.64, "BERT-wwm"),
        _line("MacBERT-base-CRF", "macbert-crf", 67.47, 77.63, 72.19, "MacBERT"),
        _line("ERNIE-1-CRF", "ernie-crf", 67.91, 78.16, 72.67, "ERNIE 1"),
        _line("RoBERTa-wwm-CRF", "crf", 67.92, 77.97, 72.59),
        _line("RoBERTa-wwm-BiLSTM-CRF", "bilstm-crf", 71.17, 74.05, 72.58),
        _line("RoBERTa-wwm-BiGRU-CRF", "bigru-crf", 69.42, 76.90, 72.96),
        Line("RoBERTa-wwm-MHA-CRF", "mha-crf"),
        _line("RoBERTa-wwm-FGM-CRF", "fgm-crf", 70.04, 76.07, 72.93),
        _line("RoBERTa-wwm-FGM-MHA-CRF", "fgm-mha-crf", 70.31, 76.67, 73.35),
    ],
    "Attention heads": [
        Line("1", "heads-1"),
        Line("2", "heads-2"),
        Line("4", "mha-crf"),
        Line("8", "heads-8"),
        Line("16", "heads-16"),
    ],
    "Rare labels": [
        Line("as they are", "crf"),
        Line("their texts three times", "oversampled"),
        Line("half of the others", "undersampled"),
    ],
}

PAIRS = (
    ("bilstm-crf", "crf"),
    ("bigru-crf", "crf"),
    ("mha-crf", "crf"),
    ("fgm-crf", "crf"),
    ("fgm-mha-crf", "fgm-crf"),
    ("fgm-mha-crf", "mha-crf"),
    ("oversampled", "crf"),
    ("undersampled", "crf"),
)

SWEEP = {"heads-1": 1, "heads-2": 2, "mha-crf": 4, "heads-8": 8, "heads-16": 16}
BARS = ("crf", "fgm-mha-crf", "oversampled", "undersampled")

ROBERTA = Study(ROWS, TABLES, PAIRS, (CORPUS,), BARS, sweep=SWEEP, swept="attention heads")
