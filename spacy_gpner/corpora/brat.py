"""brat stand-off: pairs of a .txt and an .ann file, ends exclusive."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .records import Problem, Record, Report, Source
from .text import parse_int, read_text

INTEGER = re.compile(r"-?[0-9]+")
# An .ann file has one line per annotation, so that line breaks inside an entity become spaces there
LINE_BREAKS = str.maketrans("\r\n", "  ")


def read_brat(path: Path, report: Report) -> Iterator[Record]:
    """Read a directory of .txt and .ann files, in numeric order, or one .txt file with its .ann.
    A text without .ann is unlabelled. Relations, events, attributes and notes are counted and left out.
    In a directory, a file that can't be read costs its pair alone.

    path (Path): The directory, or the .txt file.
    report (Report): Called with every problem.
    YIELDS (Record): One record a .txt file.
    RAISES (CorpusError): If there is no .txt file, or the one given can't be read.
    """
    if path.is_dir():
        texts = sorted(path.glob("*.txt"), key=_natural)
        if not texts:
            raise CorpusError(f"{path} holds no .txt file. Give the directory of the .txt and .ann files.")
        alone = set(path.glob("*.ann")) - {text_path.with_suffix(".ann") for text_path in texts}
        for annotations in sorted(alone, key=_natural):
            report(Problem("bad_record", Source(str(annotations)), detail="no .txt file beside it"))
    elif path.suffix == ".txt":
        texts = [path]
    else:
        raise CorpusError(f"{path} is neither a directory nor a .txt file.")
    for text_path in texts:
        source, annotations = Source(str(text_path)), text_path.with_suffix(".ann")
        # A broken link doesn't exist, but its text isn't unlabelled
        labelled = annotations.exists() or annotations.is_symlink()
        try:
            text = read_text(text_path)
            lines = read_text(annotations).split("\n") if labelled else []
        except CorpusError as err:
            if text_path == path:
                raise
            report(Problem("bad_record", Source(str(path)), detail=str(err).removesuffix(".")))
            continue
        if not labelled:
            yield Record(text, None, source)
            continue
        raw = _parse_annotations(lines, annotations, report)
        flat = text.translate(LINE_BREAKS)
        yield Record(text, check_entities(flat, raw, source, report, ends="exclusive"), source)


def _parse_annotations(lines: list[str], path: Path, report: Report) -> Iterator[RawEntity]:
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        source = Source(str(path), f"line {number}")
        if not line.strip():
            continue
        if not line.startswith("T"):
            report(Problem("annotation_ignored", source))
            continue
        entity = _parse_entity(line, source, report)
        if entity is not None:
            yield entity


def _parse_entity(line: str, source: Source, report: Report) -> Optional[RawEntity]:
    _, _, rest = line.partition("\t")
    annotation, tab, surface = rest.partition("\t")
    label, _, offsets = annotation.partition(" ")
    if ";" in offsets:
        report(Problem("discontinuous", source, label=label))
        return None
    numbers = [parse_int(n) if INTEGER.fullmatch(n) else n for n in offsets.split(" ")]
    if len(numbers) != 2:
        report(Problem("bad_entity", source, detail="expected: id, tab, type, start, end, tab, text"))
        return None
    start, end = numbers
    return RawEntity(start, end, label, surface if tab else None, source)


def _natural(path: Path) -> list[str | int]:
    parts = re.split(r"([0-9]+)", path.name)
    return [int(part) if index % 2 else part for index, part in enumerate(parts)]
