"""CoNLL-style files: a token and its tag a line, a blank line between sentences."""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .records import Problem, Record, Report, Source
from .text import read_text

Row = tuple[Source, list[str]]
BEGINS = frozenset("BSUW")
CONTINUES = frozenset("IMEL")
ENDS = frozenset("ELSUW")


class Tag(NamedTuple):
    """A token's tag.

    prefix (str): Its part in an entity, O for none, or nothing if the tag is unknown.
    label (str): The entity's label.
    """

    prefix: str
    label: str = ""


OUTSIDE = Tag("O")
UNKNOWN = Tag("")


def read_iob(path: Path, report: Report, *, spaces: bool = True) -> Iterator[Record]:
    """Read tokens with IOB1, IOB2, BIOES, BILOU, BMES or BMEWO tags, in columns parted by tabs or spaces: the
    token is the first column, its tag the last. Each sentence is a record.

    path (Path): The file.
    report (Report): Called with every problem.
    spaces (bool): Whether spaces join the tokens, as in English, and the record comes tokenized. Without,
        as in Chinese, the text has nothing between them and remains to be tokenized.
    YIELDS (Record): One record a sentence.
    RAISES (CorpusError): If the file can't be read, or has no tags.
    """
    sentences = list(_sentences(path))
    tags = (_parse_tag(columns[-1]) for rows in sentences for _, columns in rows if len(columns) > 1)
    if sentences and all(tag == UNKNOWN for tag in tags):
        raise CorpusError(f"{path}: no line ends with a tag such as O or B-dis. Is this another format?")
    separator = " " if spaces else ""
    for rows in sentences:
        source = rows[0][0]
        bad = next((row for row in rows if len(row[1]) < 2 or not (row[1][0] and row[1][-1])), None)
        if bad is not None:
            report(Problem("bad_record", source, detail=f"no token or no tag at {bad[0].position}"))
            continue
        words = [columns[0] for _, columns in rows]
        text = separator.join(words)
        starts = list(accumulate((len(word) + len(separator) for word in words), initial=0))
        raw = [
            RawEntity(starts[first], starts[last] + len(words[last]), label, source=rows[first][0])
            for first, last, label in _entities(rows, report)
        ]
        entities = check_entities(text, raw, source, report, ends="exclusive")
        yield Record(text, entities, source, words if spaces else None)


def _sentences(path: Path) -> Iterator[list[Row]]:
    text = read_text(path)
    if not text.strip():
        raise CorpusError(f"{path} is empty. Expected lines of a token and its tag.")
    rows: list[Row] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        line = line.removesuffix("\r")
        columns = line.split("\t") if "\t" in line else [part for part in line.split(" ") if part]
        if not line.strip(" \t"):
            if rows:
                yield rows
            rows = []
        elif columns[0] != "-DOCSTART-":
            rows.append((Source(str(path), f"line {number}"), columns))


def _entities(rows: list[Row], report: Report) -> Iterator[tuple[int, int, str]]:
    """Yield the first token, the last token and the label of each entity. One with an unknown tag in it,
    or beside it where it doesn't end by its own tags, is left out: nobody knows where it ends.
    """
    tags = [_parse_tag(columns[-1]) for _, columns in rows]
    first = 0
    for last, (tag, after) in enumerate(pairwise([*tags, OUTSIDE])):
        if _continues(tag, after):
            continue
        source, opening = rows[first][0], tags[first]
        if UNKNOWN in tags[first : last + 1]:
            unknown = rows[tags.index(UNKNOWN, first)][0]
            report(Problem("bad_entity", unknown, label=opening.label, detail="the tag is unknown"))
        elif tag != OUTSIDE:
            if opening.prefix in CONTINUES:
                report(Problem("inside_without_begin", source, label=opening.label))
            yield first, last, opening.label
        first = last + 1


def _parse_tag(tag: str) -> Tag:
    prefix, dash, label = tag.partition("-")
    if dash and prefix in BEGINS | CONTINUES:
        return Tag(prefix, label)
    return OUTSIDE if tag == "O" else UNKNOWN


def _continues(tag: Tag, after: Tag) -> bool:
    """Tell whether two neighbouring tags belong to one entity. An unknown tag belongs to any beside it."""
    if tag == OUTSIDE or tag.prefix in ENDS:
        return False
    if UNKNOWN in (tag, after):
        return after == UNKNOWN or after.prefix in CONTINUES
    return after.prefix in CONTINUES and after.label == tag.label
