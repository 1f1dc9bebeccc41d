"""brat stand-off: .txt files, each with its annotations beside it, ends exclusive."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .records import Problem, Record, Report, Source
from .text import parse_offset, read_text

TEXT = ".txt"
# brat's own, and those of the BioNLP shared tasks: given entities and found events
ANNOTATIONS = (".ann", ".a1", ".a2")
ENTITY = re.compile(r"T|t[0-9]")
OTHERS = {
    "R": "relation",
    "E": "event",
    "A": "attribute",
    "M": "attribute",
    "N": "normalization",
    "#": "note",
    "*": "equivalence",
}
OTHER = re.compile(r"(?i:([REAMN])[0-9])|([#*])")
# An .ann file has one line per annotation, so that line breaks inside an entity become spaces there. brat
# replaces line feeds alone: a carriage return before one stays, and ends no line.
LINE_BREAKS = str.maketrans("\r\n", "  ")
LINE_END = re.compile(r"\r*\n|\r(?=[^\t\r\n]*\t|\r|$)")


@dataclass
class Pair:
    """A text and its annotations.

    texts (list[Path]): The text's file. If there are several of one name but for its case, nobody knows
        whose the annotations are.
    annotations (list[Path]): The files of its annotations.
    """

    texts: list[Path] = field(default_factory=list)
    annotations: list[Path] = field(default_factory=list)


def read_brat(path: Path, report: Report) -> Iterator[Record]:
    """Read a directory of .txt and .ann (or .a1 and .a2) files and its sub-directories, in numeric order, or
    one .txt file with its annotations. A text without annotations is unlabelled. Relations, events,
    attributes, notes and other files are counted and left out. In a directory, a file that can't be read
    costs its pair alone. Texts of one sub-directory are of one group.

    path (Path): The directory, or the .txt file.
    report (Report): Called with every problem.
    YIELDS (Record): One record a .txt file.
    RAISES (CorpusError): If there is no .txt file, or the one given can't be read.
    """
    if path.is_dir():
        pairs = _find_pairs(path, report)
        if not any(pair.texts for pair in pairs):
            raise CorpusError(
                f"{path} holds no .txt file. Give the directory of brat's .txt and .ann files; of other "
                f"formats give the files themselves, such as {path}/*.jsonl."
            )
    elif path.suffix.lower() == TEXT:
        beside = path.parent.iterdir() if path.parent.is_dir() else []
        own = [other for other in beside if other.stem == path.stem and other.suffix.lower() in ANNOTATIONS]
        pairs = [Pair([path], sorted(own))]
    else:
        raise CorpusError(
            f"{path} is neither a directory nor a .txt file. Give brat's directory, or name another format."
        )
    for pair in pairs:
        record = _read_pair(pair, path, report)
        if record is not None:
            yield record


def _find_pairs(root: Path, report: Report) -> list[Pair]:
    pairs: dict[Path, Pair] = {}

    def refuse(err: OSError) -> None:
        report(Problem("bad_record", Source(str(err.filename)), detail=f"can't read it: {err.strerror}"))

    for folder, folders, files in os.walk(root, onerror=refuse):
        for name in sorted([*folders, *files]):
            path = Path(folder, name)
            suffix = path.suffix.lower()
            if suffix == TEXT:
                pairs.setdefault(path.with_suffix(""), Pair()).texts.append(path)
            elif suffix in ANNOTATIONS:
                pairs.setdefault(path.with_suffix(""), Pair()).annotations.append(path)
            elif name in files:
                report(Problem("file_ignored", Source(str(path))))
            elif path.is_symlink():
                detail = "links to directories are not followed"
                report(Problem("bad_record", Source(str(path)), detail=detail))
    return [pairs[name] for name in sorted(pairs, key=lambda name: _natural(name.relative_to(root)))]


def _read_pair(pair: Pair, given: Path, report: Report) -> Optional[Record]:
    texts: list[str] = []
    raw: list[RawEntity] = []
    problems: list[Problem] = []
    unreadable = None
    for path in [*pair.texts, *pair.annotations]:
        try:
            content = read_text(path)
        except CorpusError as err:
            if path == given:
                raise
            unreadable = unreadable or str(err).removesuffix(".")
            continue
        if path in pair.texts:
            texts.append(content)
        else:
            raw += _parse_annotations(content, path, problems.append)
    if unreadable is not None or len(pair.texts) != 1:
        lost = len(raw) + sum(problem.lost_entities for problem in problems)
        _report_lost(pair, unreadable, lost, report)
        return None
    for problem in problems:
        report(problem)
    (path,), (text,) = pair.texts, texts
    source = Source(str(path))
    folders = path.relative_to(given).parts[:-1] if path != given else ()
    group = folders[0] if folders else None
    if not pair.annotations:
        return Record(text, None, source, group=group)
    entities = check_entities(text.translate(LINE_BREAKS), raw, source, report, ends="exclusive")
    return Record(text, entities, source, group=group)


def _report_lost(pair: Pair, unreadable: Optional[str], lost: int, report: Report) -> None:
    """Report every text of a pair, or the annotations that have none."""
    several = "another text has the same name, so that the annotations may be of either"
    detail = unreadable or (several if pair.texts else "no .txt file beside it")
    for number, path in enumerate(pair.texts or pair.annotations[:1]):
        entities = None if unreadable else lost * (number == 0)
        report(Problem("bad_record", Source(str(path)), detail=detail, entities=entities))


def _parse_annotations(content: str, path: Path, report: Report) -> Iterator[RawEntity]:
    ids: set[str] = set()
    for number, line in enumerate(LINE_END.split(content), 1):
        line = line.removeprefix("\ufeff").lstrip(" ")
        source = Source(str(path), f"line {number}")
        other = OTHER.match(line)
        if not line.strip():
            continue
        if ENTITY.match(line):
            identity = line.partition("\t")[0].strip()
            if identity in ids:
                report(Problem("id_repeated", source))
            ids.add(identity)
            entity = _parse_entity(line, source, report)
            if entity is not None:
                yield entity
        elif other is not None:
            report(Problem("annotation_ignored", source, name=OTHERS[(other[1] or other[2]).upper()]))
        else:
            report(Problem("bad_entity", source, detail="no annotation begins as the line does"))


def _parse_entity(line: str, source: Source, report: Report) -> Optional[RawEntity]:
    _, _, rest = line.partition("\t")
    annotation, tab, surface = rest.partition("\t")
    label, _, offsets = annotation.partition(" ")
    if ";" in offsets:
        report(Problem("discontinuous", source, label=label))
        return None
    numbers = [parse_offset(n) for n in offsets.split()]
    if len(numbers) != 2:
        report(Problem("bad_entity", source, detail="expected: id, tab, type, start, end, tab, text"))
        return None
    start, end = numbers
    return RawEntity(start, end, label, surface.translate(LINE_BREAKS) if tab else None, source)


def _natural(path: Path) -> list[list[str | int]]:
    parts = [re.split(r"([0-9]+)", part) for part in path.parts]
    return [[int(x) if index % 2 else x for index, x in enumerate(part)] for part in parts]
