"""The columns of CoNLL-style files: which of them are tags."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Optional

from ..errors import CorpusError
from .iob_tags import UNKNOWN, USUAL, Form, Tag, find_form
from .records import Problem, Report, Source

# A column is one of tags if most of its values are, and none if few are: words such as B-cell look like tags
SURE, UNSURE, FEW = 0.9, 0.5, 0.1
# The labels of the phrases that stand beside the entities in the CoNLL-2000 and CoNLL-2003 files
PHRASES = frozenset(["ADJP", "ADVP", "CONJP", "INTJ", "LST", "NP", "PP", "PRT", "SBAR", "UCP", "VP"])
EXPECTED = "O, and B-type, B_type, B:type or the type in front"


class Row(NamedTuple):
    """A line of a token.

    source (Source): Where it stands.
    columns (list[str]): Its columns, the token first.
    """

    source: Source
    columns: list[str]


@dataclass(frozen=True)
class Column:
    """A column beside the tokens.

    index (int): Its index from the end, -1 for the last: rows of several lengths have their tag there.
    form (Optional[Form]): How its tags are written, if it has any.
    share (float): The share of the lines that have a tag there, O or another.
    present (float): The share of the lines that have it.
    labels (frozenset[str]): The labels of its tags.
    """

    index: int
    form: Optional[Form]
    share: float
    present: float
    labels: frozenset[str]

    def parse(self, row: Row) -> Tag:
        """Read a line's tag.

        row (Row): The line, which has the column.
        RETURNS (Tag): What it says.
        """
        return (self.form or USUAL).parse(row.columns[self.index])


class Columns(NamedTuple):
    """The columns of a file that have tags.

    layers (list[Column]): Those that are read, from the left.
    stray (list[Column]): Those that only some lines have, and are not read.
    """

    layers: list[Column]
    stray: list[Column]


def find_columns(path: Path, rows: Sequence[Row], report: Report) -> Columns:
    """Find the columns of tags, and report the others.

    path (Path): The file.
    rows (Sequence[Row]): Its lines.
    report (Report): Called with every column that is not read.
    RETURNS (Columns): The columns.
    RAISES (CorpusError): If there is none of tags, or it is unclear whether one is.
    """
    widest = max((len(row.columns) for row in rows), default=1)
    columns = [_describe(rows, index) for index in range(-1, -widest, -1)]
    layers = [column for column in columns if column.share >= SURE]
    if columns and columns[0].form and columns[0] not in layers and (columns[0].share > UNSURE or not layers):
        layers.insert(0, columns[0])
    phrases = [layer for layer in layers if layer.labels and layer.labels <= PHRASES]
    if len(phrases) < len(layers):
        layers = [layer for layer in layers if layer not in phrases]
    if rows and not layers:
        raise CorpusError(f"{path}: {_why_no_tags(rows)}")
    others = [column for column in columns if column not in layers]
    stray = [column for column in others if column.form and column.present < SURE]
    for column in others:
        number = f"column {widest + column.index + 1}"
        if column.share > (UNSURE if column in stray else FEW) and column not in phrases:
            raise CorpusError(
                f"{path}: only {column.share:.0%} of the values of {number} are tags, so that it is unclear "
                "whether it is a column of tags. Mend its values, or leave the column out."
            )
        report(Problem("column_ignored", Source(str(path)), name=number))
    return Columns(layers[::-1], [column for column in stray if column not in phrases])


def _describe(rows: Sequence[Row], index: int) -> Column:
    values = Counter(row.columns[index] for row in rows if len(row.columns) > -index)
    form, present = find_form(values), values.total() / len(rows)
    if form is None:
        return Column(index, None, 0.0, present, frozenset())
    tags = {value: form.parse(value) for value in values}
    known = sum(count for value, count in values.items() if tags[value] != UNKNOWN)
    labels = frozenset(tag.label for tag in tags.values() if tag.label)
    return Column(index, form, known / len(rows), present, labels)


def _why_no_tags(rows: Sequence[Row]) -> str:
    if any(row.columns[-1] in ("O", "o") for row in rows):
        place = next(row.source.position for row in rows if row.columns[-1] not in ("O", "o"))
        return f"no tag but O is known: see {place}. Expected {EXPECTED}, all in one form."
    return "no line ends with a tag such as O or B-dis. Is this another format?"
