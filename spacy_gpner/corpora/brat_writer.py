"""Writing brat stand-off: a directory of .txt and .ann files."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from .brat import LINE_BREAKS
from .writing import Document, Exported, Scored, lose_label

# Without it brat shows no entity; the relation allows them to overlap
CONFIG = """[entities]
{labels}
[relations]
<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>
[events]
[attributes]
"""
SPACE = re.compile(r"\s")


def write_brat(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what brat and `read_brat` read, and the configuration that brat needs. A document from a .txt
    file gets its name again; others are numbered. Scores become notes. An unlabelled document has no .ann
    file. Entities with whitespace in their label are lost.

    documents (Iterable[Document]): The documents.
    path (Path): The directory, which exists.
    exported (Exported): The counts to change.
    """
    found = list(documents)
    labels: set[str] = set()
    for document, name in zip(found, _names(found), strict=True):
        text_path = path / name
        text_path.parent.mkdir(parents=True, exist_ok=True)
        _write(text_path, document.doc.text)
        if document.entities is None:
            continue
        kept: list[Scored] = []
        for entity in document.entities:
            if SPACE.search(entity.span.label_):
                lose_label(exported, "with whitespace in the label", entity.span.label_)
            else:
                kept.append(entity)
        lines: list[str] = []
        for number, (span, score) in enumerate(kept, 1):
            labels.add(span.label_)
            surface = span.text.translate(LINE_BREAKS)
            lines.append(f"T{number}\t{span.label_} {span.start_char} {span.end_char}\t{surface}\n")
            if score is not None:
                lines.append(f"#{number}\tAnnotatorNotes T{number}\tscore {score}\n")
        _write(text_path.with_suffix(".ann"), "".join(lines))
    config = CONFIG.format(labels="\n".join(sorted(labels)))
    (path / "annotation.conf").write_text(config, encoding="utf-8", newline="\n")


def _write(path: Path, text: str) -> None:
    """Write a text, after a byte-order mark where it begins with one itself, which would be taken for the
    file's, or has the NULs by which a file without a mark is taken for UTF-16."""
    mark = "\ufeff" if text.startswith("\ufeff") or "\0" in text else ""
    path.write_text(mark + text, encoding="utf-8", newline="")


def _names(documents: Sequence[Document]) -> list[str]:
    """Each document's own file where it is the only one of it, and else its number."""
    own = [document.provenance.file for document in documents]
    stems = [_stem(name) for name in own]
    counts, prefix = Counter(stems), "document"
    while any(stem.startswith(prefix) for stem in stems):
        prefix += "_"
    width = len(str(len(own)))
    return [
        str(PurePosixPath(name).with_suffix(".txt"))
        if stem and counts[stem] == 1
        else f"{prefix}-{number:0{width}}.txt"
        for number, (name, stem) in enumerate(zip(own, stems, strict=True), 1)
    ]


def _stem(name: str) -> str:
    """What tells a text's file from others where case doesn't; nothing if it is none, or may be outside."""
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name
    return "" if outside or path.suffix.lower() != ".txt" else str(path.with_suffix("")).lower()
