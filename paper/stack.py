"""Paper 3's model stacking, of any component: models of five folds together, beside each of them, beside one
that took as long as all, and as teachers of a model like one of them and of a small one."""

from .linked import SpanRow
from .study import Line, Study, by_name

CORPUS = "cmeee"
FOLDS = 5
MEMBERS = tuple(range(1, FOLDS + 1))

ROWS = by_name(
    SpanRow("alone", "teacher"),
    # Of the preset's config "long", with as many steps as all members have
    SpanRow("long", "long"),
    SpanRow("stack", "teacher", folds=FOLDS),
    *(SpanRow(f"member-{i}", "teacher", reads="stack", member=i) for i in MEMBERS),
    SpanRow("like-members", "teacher", teacher="stack"),
    SpanRow("small", "student"),
    SpanRow("small-of-one", "student", teacher="alone"),
    SpanRow("small-of-stack", "student", teacher="stack"),
)

TABLES = {
    "A stack of five": [
        *(Line(f"Model {i} of it", f"member-{i}") for i in MEMBERS),
        Line("The stack", "stack"),
        Line("One model of all text", "alone"),
        Line("One, as many steps as the stack", "long"),
    ],
    "Taught by it, each fold by a model that has not seen it": [
        Line("One like its members", "like-members"),
        Line("A small one alone", "small"),
        Line("A small one, taught by one model", "small-of-one"),
        Line("A small one, taught by the stack", "small-of-stack"),
    ],
}

PAIRS = (
    *(("stack", f"member-{i}") for i in MEMBERS),
    ("stack", "alone"),
    ("stack", "long"),
    ("like-members", "alone"),
    ("like-members", "stack"),
    ("small-of-stack", "small"),
    ("small-of-stack", "small-of-one"),
)

STACK = Study(ROWS, TABLES, PAIRS, (CORPUS,))
