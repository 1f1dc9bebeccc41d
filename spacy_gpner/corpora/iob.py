"""CoNLL-style files: a token and its tags a line, a blank line between sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Optional

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .iob_tags import FORMS, OUTSIDE, UNKNOWN, USUAL, Form, Tag, find_entities, find_form
from .records import Problem, Record, Report, Source
from .text import read_text, split_lines

DOCUMENT = "-DOCSTART-"
# A column is one of tags if so many of its values are, and none if hardly more than a half
SURE, UNSURE = 0.9, 0.5
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


class Sentence(NamedTuple):
    """The lines up to an empty one.

    rows (list[Row]): The lines.
    document (int): How many document marks came before; 0 for none.
    """

    rows: list[Row]
    document: int


@dataclass(frozen=True)
class Column:
    """A column beside the tokens.

    index (int): Its index from the end, -1 for the last: rows of several lengths have their tag there.
    form (Optional[Form]): How its tags are written, if it has any.
    share (float): The share of the lines that have a tag there, O or another.
    labels (frozenset[str]): The labels of its tags.
    """

    index: int
    form: Optional[Form]
    share: float
    labels: frozenset[str]


def read_iob(path: Path, report: Report, *, spaces: bool = True) -> Iterator[Record]:
    """Read tokens with IOB1, IOB2, BIOES, BILOU, BMES or BMEWO tags, in columns parted by tabs or spaces: the
    token is the first column. All columns of tags are layers of nested entities, and read together; those of
    anything else are counted and left out, as are the phrases of CoNLL-2003. Each sentence is a record, and
    belongs to its document where `-DOCSTART-` lines part documents.

    path (Path): The file.
    report (Report): Called with every problem.
    spaces (bool): Whether spaces join the tokens, as in English, and the record comes tokenized. Without,
        as in Chinese, the text has nothing between them and remains to be tokenized.
    YIELDS (Record): One record a sentence.
    RAISES (CorpusError): If the file can't be read, has no tags, or it is unclear which columns are tags.
    """
    sentences = list(_sentences(path, report))
    all_rows = [row for sentence in sentences for row in sentence.rows]
    width = Counter(len(row.columns) for row in all_rows).most_common(1)[0][0] if all_rows else 0
    layers = _find_layers(path, all_rows, report)
    for rows, document in sentences:
        source = rows[0].source
        wrong = next((row for row in rows if _is_bad(row, layers, width)), None)
        if wrong is not None:
            problems: list[Problem] = []
            found = [entity for layer in layers for entity in _entities(rows, layer, problems.append)]
            lost = len(found) + sum(problem.kind == "bad_entity" for problem in problems)
            detail = f"no token, no tag or another number of columns at {wrong.source.position}"
            report(Problem("bad_record", source, detail=detail, entities=lost))
            continue
        for row in rows:
            _report_unread(row, layers, width, report)
        words = [row.columns[0] for row in rows]
        separator = " " if spaces else ""
        text = separator.join(words)
        starts = list(accumulate((len(word) + len(separator) for word in words), initial=0))
        raw = [
            RawEntity(starts[first], starts[last] + len(words[last]), label, source=rows[first].source)
            for layer in layers
            for first, last, label in _entities(rows, layer, report)
        ]
        entities = check_entities(text, raw, source, report, ends="exclusive")
        group = f"{path.name}, document {document}" if document else None
        yield Record(text, entities, source, words if spaces else None, group=group)


def _sentences(path: Path, report: Report) -> Iterator[Sentence]:
    text = read_text(path)
    if not text.strip():
        raise CorpusError(f"{path} is empty. Expected lines of a token and its tag.")
    tabs, document = "\t" in text, 0
    rows: list[Row] = []
    for number, line in enumerate([*split_lines(text), ""], 1):
        source = Source(str(path), f"line {number}")
        columns = line.split("\t") if "\t" in line else [part for part in line.split(" ") if part]
        blank = not line.strip(" \t")
        mark = not blank and columns[0] == DOCUMENT
        if (blank or mark) and rows:
            yield Sentence(rows, document)
            rows = []
        if mark:
            document += 1
            if any(_is_entity_tag(value) for value in columns[1:]):
                report(Problem("bad_entity", source, detail="a document mark has the tag of an entity"))
        elif not blank and _is_comment(line, columns, tabs):
            report(Problem("annotation_ignored", source, name="comment"))
        elif not blank:
            rows.append(Row(source, columns))


def _is_entity_tag(value: str) -> bool:
    return any(form.parse(value) not in (OUTSIDE, UNKNOWN) for form in FORMS)


def _is_comment(line: str, columns: list[str], tabs: bool) -> bool:
    """Tell a comment from a token of a number sign: it ends with no tag, and has other columns."""
    unlike = "\t" not in line if tabs else len(columns) > 2
    return line.startswith("# ") and unlike and columns[-1] != "O" and not _is_entity_tag(columns[-1])


def _find_layers(path: Path, rows: Sequence[Row], report: Report) -> list[Column]:
    """Find the columns of tags, and report the others."""
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
    for column in columns:
        number = f"column {widest + column.index + 1}"
        if column in layers:
            continue
        if column.share > UNSURE and column not in phrases:
            raise CorpusError(
                f"{path}: only {column.share:.0%} of the values of {number} are tags, so that it is unclear "
                "whether it is a column of tags. Mend its values, or leave the column out."
            )
        report(Problem("column_ignored", Source(str(path)), name=number))
    return layers[::-1]


def _describe(rows: Sequence[Row], index: int) -> Column:
    values = Counter(row.columns[index] for row in rows if len(row.columns) > -index)
    form = find_form(values)
    if form is None:
        return Column(index, None, 0.0, frozenset())
    tags = {value: form.parse(value) for value in values}
    known = sum(count for value, count in values.items() if tags[value] != UNKNOWN)
    labels = frozenset(tag.label for tag in tags.values() if tag.label)
    return Column(index, form, known / len(rows), labels)


def _why_no_tags(rows: Sequence[Row]) -> str:
    if any(row.columns[-1] in ("O", "o") for row in rows):
        place = next(row.source.position for row in rows if row.columns[-1] not in ("O", "o"))
        return f"no tag but O is known: see {place}. Expected {EXPECTED}, all in one form."
    return "no line ends with a tag such as O or B-dis. Is this another format?"


def _is_bad(row: Row, layers: Sequence[Column], width: int) -> bool:
    """Where the last column is the only one that is read, rows may have several lengths."""
    columns = row.columns
    if len(columns) < 2 or not columns[0]:
        return True
    if len(columns) != width and [layer.index for layer in layers] != [-1]:
        return True
    return not all(columns[layer.index] for layer in layers)


def _report_unread(row: Row, layers: Sequence[Column], width: int, report: Report) -> None:
    if len(row.columns) == width:
        return
    for tag in row.columns[1:-1]:
        if any(layer.form and layer.form.parse(tag) not in (OUTSIDE, UNKNOWN) for layer in layers):
            detail = "a tag stands in a column that the other lines don't have"
            report(Problem("bad_entity", row.source, detail=detail))


def _entities(rows: Sequence[Row], layer: Column, report: Report) -> list[tuple[int, int, str]]:
    form = layer.form or USUAL
    tags: list[Tag] = [
        form.parse(row.columns[layer.index]) if len(row.columns) > -layer.index else OUTSIDE for row in rows
    ]
    return list(find_entities(tags, partial(_report, report, rows)))


def _report(report: Report, rows: Sequence[Row], kind: str, place: int, label: str) -> None:
    detail = f"the tag is unknown. Expected {EXPECTED}" if kind == "bad_entity" else ""
    report(Problem(kind, rows[place].source, label=label, detail=detail))
