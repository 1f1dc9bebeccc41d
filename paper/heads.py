"""Heads under one encoder, and students whose teacher has another: not a paper's table, but what the main
paper's Table 3 leaves open, whose rivals have encoders of their own."""

from .linked import SpanRow
from .study import Line, Study, by_name

CORPUS = "cmeee"

ROWS = by_name(
    SpanRow("crf", "teacher", head="CRF"),
    SpanRow("crf-by-type", "teacher", head="CRF", by_type=True),
    SpanRow("biaffine", "teacher", head="Biaffine", window=None),
    SpanRow("biaffine-window", "teacher", head="Biaffine"),
    SpanRow("globalpointer", "teacher", head="GlobalPointer", window=None),
    SpanRow("globalpointer-window", "teacher", head="GlobalPointer"),
    SpanRow("efficient", "teacher", window=None),
    SpanRow("efficient-window", "teacher"),
    SpanRow("student", "student"),
    SpanRow("student-crf", "student", head="CRF"),
    SpanRow("efficient-to-efficient", "student", teacher="efficient-window"),
    SpanRow("crf-to-efficient", "student", teacher="crf"),
    SpanRow("efficient-to-crf", "student", head="CRF", teacher="efficient-window"),
    SpanRow("crf-to-crf", "student", head="CRF", teacher="crf"),
    SpanRow("crf-to-crf-paths", "student", head="CRF", teacher="crf", divergence="kl"),
    SpanRow("crf-to-crf-tags", "student", head="CRF", teacher="crf", divergence="token_kl"),
)

TABLES = {
    "Heads": [
        Line("CRF, one chain", "crf"),
        Line("CRF, a chain for each type", "crf-by-type"),
        Line("Biaffine", "biaffine"),
        Line("Biaffine, window", "biaffine-window"),
        Line("GlobalPointer", "globalpointer"),
        Line("GlobalPointer, window", "globalpointer-window"),
        Line("Efficient GlobalPointer", "efficient"),
        Line("Efficient GlobalPointer, window", "efficient-window"),
    ],
    "Teachers of the same kind, and of another": [
        Line("Efficient GlobalPointer alone", "student"),
        Line("taught by one", "efficient-to-efficient"),
        Line("taught by a CRF", "crf-to-efficient"),
        Line("CRF alone", "student-crf"),
        Line("taught by an Efficient GlobalPointer", "efficient-to-crf"),
        Line("taught by a CRF: spans", "crf-to-crf"),
        Line("taught by a CRF: paths", "crf-to-crf-paths"),
        Line("taught by a CRF: tags of each token", "crf-to-crf-tags"),
    ],
}

PAIRS = (
    ("crf-by-type", "crf"),
    ("globalpointer", "crf"),
    ("globalpointer", "biaffine"),
    ("globalpointer", "efficient"),
    ("efficient", "crf"),
    ("biaffine-window", "biaffine"),
    ("globalpointer-window", "globalpointer"),
    ("efficient-window", "efficient"),
    ("efficient-to-efficient", "student"),
    ("crf-to-efficient", "student"),
    ("efficient-to-crf", "student-crf"),
    ("crf-to-crf", "student-crf"),
    ("crf-to-crf-paths", "student-crf"),
    ("crf-to-crf-tags", "student-crf"),
)

HEADS = Study(ROWS, TABLES, PAIRS, (CORPUS,))
