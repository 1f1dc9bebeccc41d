"""PubTator: titles and abstracts, each text followed by its annotations, ends exclusive."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Optional

from ..errors import CorpusError
from .checks import RawEntity, check_entities
from .records import Problem, Record, Report, Source
from .text import parse_offset, read_text, split_lines

TEXT = re.compile(r" *([^|\s]+)\|([ta])\|(.*)")
TITLE, ABSTRACT = "t", "a"
# The offsets of the abstract begin after the title and one space
SEPARATOR = " "
ENTITY_COLUMNS = 5
# A relation has a type and two identifiers, and in BioRED whether it is new
RELATION_COLUMNS = (4, 5)
# What an entity may have beside, by the number of the column
BESIDE = {6: "normalization", 7: "individual mentions"}


class Part(NamedTuple):
    """A title or an abstract.

    pmid (str): The identifier of the text that it is of.
    kind (str): Which of them it is, `TITLE` or `ABSTRACT`.
    text (str): The title or the abstract.
    """

    pmid: str
    kind: str
    text: str


@dataclass
class Block:
    """The lines of one text.

    source (Source): Where it begins.
    parts (list[Part]): Its title and its abstract.
    annotations (list[tuple[Source, list[str]]]): Where each other line stands, and its columns.
    """

    source: Source
    parts: list[Part] = field(default_factory=list)
    annotations: list[tuple[Source, list[str]]] = field(default_factory=list)

    @property
    def pmid(self) -> Optional[str]:
        """RETURNS (Optional[str]): The identifier of the text, None without one."""
        return self.parts[0].pmid if self.parts else None


def read_pubtator(path: Path, report: Report) -> Iterator[Record]:
    """Read `PMID|t|title`, `PMID|a|abstract` and lines of PMID, start, end, text and type, parted by tabs.
    The text is the title, a space and the abstract, or the title where there is no abstract. Relations,
    identifiers and individual mentions are counted and left out. A text without entities has none, but in a
    file without entities all texts are unlabelled.

    path (Path): The file.
    report (Report): Called with every problem.
    YIELDS (Record): One record a title, with its PMID as id.
    RAISES (CorpusError): If the file can't be read, or has no title.
    """
    text = read_text(path)
    if not text.strip():
        raise CorpusError(
            f"{path} is empty. Expected lines of PMID|t|title, PMID|a|abstract and annotations."
        )
    blocks = list(_blocks(path, text))
    if not any(part.kind == TITLE for block in blocks for part in block.parts):
        raise CorpusError(f"{path}: no line is a title, PMID|t|title. Is this another format?")
    labelled = any(len(columns) >= ENTITY_COLUMNS for block in blocks for _, columns in block.annotations)
    pmids: set[Optional[str]] = set()
    for block in blocks:
        raw = list(_entities(block, report))
        wrong = _what_is_wrong(block)
        if wrong is not None:
            report(Problem("bad_record", block.source, detail=wrong, entities=len(raw)))
            continue
        if block.pmid in pmids:
            report(Problem("id_repeated", block.source))
        pmids.add(block.pmid)
        joined = _join(block)
        entities = check_entities(joined, raw, block.source, report, ends="exclusive")
        yield Record(joined, entities if labelled else None, block.source, id=block.pmid)


def is_pubtator(text: str) -> bool:
    """Tell whether a file is of this format, which begins with a title.

    text (str): The file's text.
    RETURNS (bool): Whether it is.
    """
    first = TEXT.match(text.lstrip())
    return first is not None and first[2] == TITLE


def _blocks(path: Path, text: str) -> Iterator[Block]:
    block, blank = Block(Source(str(path), "line 1")), False
    for number, line in enumerate(split_lines(text), 1):
        if not line.strip():
            blank = True
            continue
        source = Source(str(path), f"line {number}")
        found = TEXT.fullmatch(line)
        if found is None:
            block.annotations.append((source, line.split("\t")))
        else:
            part = Part(found[1], found[2], found[3])
            if _begins_text(part, block, blank):
                if block.parts or block.annotations:
                    yield block
                block = Block(source)
            block.parts.append(part)
        blank = False
    yield block


def _begins_text(part: Part, block: Block, blank: bool) -> bool:
    """Whether a title or abstract is of another text than the lines above. Two of three signs tell, so that a
    blank line too many or too few, or a title that is missing, costs no other text.
    """
    return (part.kind == TITLE) + blank + (part.pmid != block.pmid) >= 2


def _what_is_wrong(block: Block) -> Optional[str]:
    kinds = sorted(part.kind for part in block.parts)
    if kinds not in ([TITLE], [ABSTRACT, TITLE]):
        return "expected one title, PMID|t|title, and at most one abstract, PMID|a|abstract"
    if len({part.pmid for part in block.parts}) > 1:
        return "the title and the abstract have different PMIDs"
    return None


def _join(block: Block) -> str:
    texts = {part.kind: part.text for part in block.parts}
    abstract = texts.get(ABSTRACT)
    return f"{texts[TITLE]}{SEPARATOR}{abstract}" if abstract else texts[TITLE]


def _entities(block: Block, report: Report) -> Iterator[RawEntity]:
    for source, columns in block.annotations:
        if len(columns) in RELATION_COLUMNS and columns[1][:1].isalpha():
            report(Problem("annotation_ignored", source, name="relation"))
        else:
            yield _parse_entity(columns, source, block.pmid)


def _parse_entity(columns: list[str], source: Source, pmid: Optional[str]) -> RawEntity:
    if len(columns) < ENTITY_COLUMNS:
        wrong = "expected: PMID, start, end, text and type, parted by tabs"
        return RawEntity(source=source, wrong=wrong)
    own, start, end, surface, label = columns[:ENTITY_COLUMNS]
    if own.strip() != pmid:
        return RawEntity(source=source, wrong="the PMID is not that of the text above")
    notes = tuple(
        ("annotation_ignored", BESIDE.get(number, f"column {number}"))
        for number, value in enumerate(columns[ENTITY_COLUMNS:], ENTITY_COLUMNS + 1)
        if value.strip()
    )
    offsets = parse_offset(start.strip()), parse_offset(end.strip())
    return RawEntity(*offsets, label.strip(), surface, source, notes=notes)
