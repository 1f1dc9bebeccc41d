"""CoNLL-style files: a token and its tag a line, a blank line between sentences."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Optional

from .checks import RawEntity, check_entities
from .records import CorpusError, Problem, Record, Report, Source
from .text import read_text

Row = tuple[Source, list[str]]


def read_iob(path: Path, report: Report) -> Iterator[Record]:
    """Read tokens with IOB1, IOB2, BIOES or BILOU tags, in columns parted by tabs or spaces: the token is the
    first column, its tag the last. Each sentence is a record that comes tokenized.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): One record a sentence.
    RAISES (CorpusError): If the file can't be read.
    """
    for rows in _sentences(path):
        source = rows[0][0]
        bad = next((row for row in rows if len(row[1]) < 2 or not (row[1][0] and row[1][-1])), None)
        if bad is not None:
            report(Problem("bad_record", source, detail=f"no token or no tag at {bad[0].position}"))
            continue
        words = [columns[0] for _, columns in rows]
        text = " ".join(words)
        starts = list(accumulate((len(word) + 1 for word in words), initial=0))
        raw = [
            RawEntity(starts[first], starts[last] + len(words[last]), label, source=rows[first][0])
            for first, last, label in _chunks(rows, report)
        ]
        yield Record(text, check_entities(text, raw, source, report, ends="exclusive"), source, words)


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


def _chunks(rows: Iterable[Row], report: Report) -> Iterator[tuple[int, int, str]]:
    """Yield the first token, the last token and the label of each entity."""
    first: Optional[int] = None
    label = ""
    for index, (source, columns) in enumerate([*rows, (Source(""), ["", "O"])]):
        prefix, dash, tag_label = columns[-1].partition("-")
        inside = bool(dash) and prefix in ("I", "E", "L")
        begins = bool(dash) and prefix in ("B", "S", "U")
        continues = inside and first is not None and label == tag_label
        if first is not None and not continues:
            yield first, index - 1, label
            first = None
        if inside and not continues:
            report(Problem("inside_without_begin", source, label=tag_label))
        if not (inside or begins or columns[-1] == "O"):
            report(Problem("bad_entity", source, detail="the tag is unknown"))
        if begins or (inside and not continues):
            first, label = index, tag_label
        if dash and prefix in ("E", "L", "S", "U") and first is not None:
            yield first, index, label
            first = None
