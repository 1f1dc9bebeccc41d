"""The tables of the page of an evaluation."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Optional

from .marks import model_mark
from .matching import OF_GOLD, WORDS
from .result import Evaluation, Source

Metrics = dict[str, Any]
DASH = "–"
COUNTS = ("predicted", "right", "gold", "found")
CLASSES = {"labels": "label", "nesting": "nesting", "length": "length", "novelty": "surface"}
# Whose classes are words of the glossary
EXPLAINED = ("nesting", "novelty")
# What the table of labels has beside labels
PLACES = ("(boundary)", "(missed)", "(none)")


class Cell(NamedTuple):
    """A cell of a table.

    text (str): What it says.
    is_best (bool): Whether it is the best of its column.
    shade (float): How strong its background is, in [0, 1].
    detail (str): What stands below it.
    """

    text: str
    is_best: bool = False
    shade: float = 0.0
    detail: str = ""


class Row(NamedTuple):
    """A row of a table.

    name (str): What it is of.
    cells (Sequence[Cell]): The cells.
    is_word (bool): Whether the name is a word of the glossary.
    mark (str): What stands before the name.
    detail (str): What stands below it.
    """

    name: str
    cells: Sequence[Cell]
    is_word: bool = False
    mark: str = ""
    detail: str = ""


class Column(NamedTuple):
    """A column of a table.

    name (str): What it is of.
    is_word (bool): Whether the name is a word of the glossary.
    """

    name: str
    is_word: bool = True


class Table(NamedTuple):
    """A table.

    title (str): What it is called.
    corner (Column): What its rows are.
    columns (List[Column]): Its columns.
    rows (Sequence[Row]): Its rows.
    """

    title: str
    corner: Column
    columns: list[Column]
    rows: Sequence[Row]


def _nesting(kind: str) -> Callable[[Metrics], Optional[float]]:
    def f_score(own: Metrics) -> Optional[float]:
        scores = own["nesting"][kind]
        return scores["f"] if scores["gold"] or scores["predicted"] else None

    return f_score


def _calibration_error(own: Metrics) -> Optional[float]:
    return own["calibration"]["error"] if own["calibration"] else None


def percent(value: float) -> str:
    """RETURNS (str): A share in percent."""
    return f"{100 * value:.2f}"


# Each column of the overview: where it is found, how it is written, whether the highest is best
COLUMNS: dict[str, tuple[Callable[[Metrics], Optional[float]], Callable[[float], str], bool]] = {
    "P": (lambda own: own["micro"]["p"], percent, True),
    "R": (lambda own: own["micro"]["r"], percent, True),
    "F1": (lambda own: own["micro"]["f"], percent, True),
    "macro F1": (lambda own: own["macro"]["f"], percent, True),
    "nested F1": (_nesting("nested"), percent, True),
    "flat F1": (_nesting("flat"), percent, True),
    "calibration error": (_calibration_error, lambda x: f"{x:.3f}", False),
}


def _show_interval(own: Metrics) -> str:
    interval = own["interval"]
    return f"{percent(interval['low'])} to {percent(interval['high'])}" if interval else ""


def overview(evaluation: Evaluation) -> Table:
    """The scores of each model, the best of each column marked where there are several models.

    evaluation (Evaluation): The evaluation.
    RETURNS (Table): The table, without columns that no model has.
    """
    models = evaluation.metrics
    columns = {}
    for word, (find, write, highest) in COLUMNS.items():
        values = [find(own) for own in models.values()]
        there = [value for value in values if value is not None]
        if there:
            best = max(there) if highest else min(there)
            columns[word] = [
                Cell(DASH if x is None else write(x), x == best and len(models) > 1) for x in values
            ]
    columns["F1"] = [
        cell._replace(detail=_show_interval(own))
        for cell, own in zip(columns["F1"], models.values(), strict=True)
    ]
    rows = []
    for i, name in enumerate(models):
        source = evaluation.sources[name]
        cells = [*(column[i] for column in columns.values()), Cell(source.show_thresholds())]
        # The path of one alone is its name
        shown = name if len(models) > 1 else source.path
        detail = "" if shown == source.path else source.path
        rows.append(Row(shown, cells, mark=mark_of(evaluation, i), detail=detail))
    return Table("Scores", Column("pipeline", False), [*map(Column, columns), Column("threshold")], rows)


def mark_of(evaluation: Evaluation, number: int) -> str:
    """RETURNS (str): The sign of a model, where there are several."""
    return model_mark(number) if len(evaluation.metrics) > 1 else ""


def comparisons(rows: Iterable[dict[str, Any]]) -> Table:
    """What the differences of pairs of models are.

    rows (Iterable[Dict[str, Any]]): What `compare` gives.
    RETURNS (Table): The table.
    """
    drawn = [
        Row(
            f"{row['models'][1]} − {row['models'][0]}",
            [
                Cell(f"{100 * row['difference']:+.2f}"),
                Cell(f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}"),
                Cell(f"{row['p_holm']:.4f}"),
            ],
        )
        for row in rows
    ]
    return Table(
        "Differences", Column("pair", False), [*map(Column, ("difference", "95 % interval", "p"))], drawn
    )


def mended(rows: Iterable[dict[str, Any]]) -> Table:
    """How many gold entities that one model gets wrong the other of a pair has right.

    rows (Iterable[Dict[str, Any]]): What `compare` gives.
    RETURNS (Table): The table.
    """
    drawn = []
    for row in rows:
        first, second = row["models"]
        kinds: dict[str, dict[str, int]] = row["kinds"]
        turned = {x: {y: own[x] for y, own in kinds.items() if x in own} for x in OF_GOLD}
        for wrong, right, own in ((first, second, kinds), (second, first, turned)):
            counts = [own.get(kind, {}) for kind in OF_GOLD]
            cells = [Cell(f"{x.get('correct', 0):,} of {sum(x.values()):,}") for x in counts]
            drawn.append(Row(f"{wrong}, right by {right}", cells))
    title = "Errors of one that the other has right"
    return Table(title, Column("pair", False), [Column(WORDS[kind]) for kind in OF_GOLD], drawn)


def class_tables(own: Metrics) -> list[Table]:
    """The scores of each class of entities, by one model.

    own (Dict[str, Any]): What `measure` gives for it.
    RETURNS (List[Table]): A table for each way to class them, if it has classes.
    """
    header = [*map(Column, ("P", "R", "F1", *COUNTS))]
    tables = []
    for part, title in CLASSES.items():
        rows = [
            Row(
                name,
                [*(Cell(percent(s[x])) for x in "prf"), *(Cell(f"{s[x]:,}") for x in COUNTS)],
                is_word=part in EXPLAINED,
            )
            for name, s in (own[part] or {}).items()
            if s["gold"] or s["predicted"]
        ]
        if rows:
            tables.append(Table(f"By {title}", Column(title, title != "label"), header, rows))
    return tables


def threshold_tables(source: Source) -> list[Table]:
    """The thresholds of single labels.

    source (Source): Where the model is from.
    RETURNS (List[Table]): A table for each component that has such.
    """
    return [
        Table(
            f"Thresholds of {name}",
            Column("label", False),
            [Column("threshold")],
            [Row(label, [Cell(f"{value:.2f}")]) for label, value in sorted(own["thresholds"].items())],
        )
        for name, own in source.thresholds.items()
        if own.get("thresholds")
    ]


def confusion_tables(table: dict[str, dict[str, int]]) -> list[Table]:
    """Gold labels down, predicted ones across; the darker, the larger the share of the row.

    table (Dict[str, Dict[str, int]]): What `confusion` gives.
    RETURNS (List[Table]): The table; none without any entity.
    """
    columns = sorted({column for row in table.values() for column in row}, key=_labels_first)
    rows = []
    for label in sorted(table, key=_labels_first):
        counts = [table[label].get(column, 0) for column in columns]
        cells = [Cell(f"{n:,}" if n else "", shade=n / sum(counts)) for n in counts]
        rows.append(Row(label, cells, is_word=label in PLACES))
    header = [Column(name, name in PLACES) for name in columns]
    return [Table("Gold labels down, predicted labels across", Column("gold"), header, rows)] if rows else []


def _labels_first(name: str) -> tuple[bool, str]:
    return name in PLACES, name
