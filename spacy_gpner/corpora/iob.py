"""CoNLL-style files: a token and its tags a line, a blank line between sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .iob_columns import EXPECTED, Column, Row, find_columns
from .iob_tags import FORMS, OUTSIDE, UNKNOWN, find_entities
from .records import Problem, Record, Report, Source
from .text import read_text, split_lines

DOCUMENT = "-DOCSTART-"


class Sentence(NamedTuple):
    """The lines up to an empty one.

    rows (list[Row]): The lines.
    document (int): How many document marks came before; 0 for none.
    """

    rows: list[Row]
    document: int


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
    columns = find_columns(path, all_rows, report)
    layers = columns.layers
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
            _report_stray(row, columns.stray, report)
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
        columns = _split(line)
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


def _split(line: str) -> list[str]:
    if "\t" not in line:
        return [part for part in line.split(" ") if part]
    token, *tags = line.split("\t")
    return [token, *(tag.strip(" ") for tag in tags)]


def _is_entity_tag(value: str) -> bool:
    return any(form.parse(value) not in (OUTSIDE, UNKNOWN) for form in FORMS)


def _is_comment(line: str, columns: list[str], tabs: bool) -> bool:
    """Tell a comment from a token of a number sign: it ends with no tag, and has other columns."""
    unlike = "\t" not in line if tabs else len(columns) > 2
    return line.startswith("# ") and unlike and columns[-1] != "O" and not _is_entity_tag(columns[-1])


def _is_bad(row: Row, layers: Sequence[Column], width: int) -> bool:
    """Where the last column is the only one that is read, rows may have several lengths."""
    columns = row.columns
    if len(columns) < 2 or not columns[0]:
        return True
    if len(columns) != width and [layer.index for layer in layers] != [-1]:
        return True
    return not all(columns[layer.index] for layer in layers)


def _report_stray(row: Row, stray: Sequence[Column], report: Report) -> None:
    for column in stray:
        if len(row.columns) > -column.index and column.parse(row) not in (OUTSIDE, UNKNOWN):
            detail = "a tag stands in a column that not all lines have"
            report(Problem("bad_entity", row.source, detail=detail))


def _entities(rows: Sequence[Row], layer: Column, report: Report) -> list[tuple[int, int, str]]:
    tags = [layer.parse(row) if len(row.columns) > -layer.index else OUTSIDE for row in rows]
    return list(find_entities(tags, partial(_report, report, rows)))


def _report(report: Report, rows: Sequence[Row], kind: str, place: int, label: str) -> None:
    detail = f"the tag is unknown. Expected {EXPECTED}" if kind == "bad_entity" else ""
    report(Problem(kind, rows[place].source, label=label, detail=detail))
