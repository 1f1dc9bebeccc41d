"""Writing CoNLL-style files: a column of IOB2 tags for every layer of nested entities."""

from collections.abc import Iterable
from pathlib import Path

from spacy.tokens import Span

from .writing import Document, Exported, count_spacing, lose, lose_label

# What would end a line or a column, or vanish at the start of a line
BREAKS = "\t\r\n\ufeff"


def write_iob(documents: Iterable[Document], path: Path, exported: Exported) -> None:
    """Write what `read_iob` reads: a token a line, with as many columns of tags as entities lie on one
    another, and an empty line between documents. A token with a line break or a tab ends a sentence, and is
    lost, as are entities across it, scores, and how tokens are spaced. Unlabelled documents look labelled.

    documents (Iterable[Document]): The documents.
    path (Path): The file to write.
    exported (Exported): The counts to change.
    """
    found = [(document, _layers(document, exported)) for document in documents]
    width = max([1, *(len(layers) for _, layers in found)])
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for document, layers in found:
            tags = _tags(len(document.doc), layers, width)
            for sentence in _sentences(document):
                rows = ("\t".join([document.doc[i].text, *tags[i]]) for i in sentence)
                file.write("".join(row + "\n" for row in rows) + "\n")


def _layers(document: Document, exported: Exported) -> list[list[Span]]:
    """Part the entities in layers of such as don't overlap, the outer ones first."""
    count_spacing(document, exported)
    exported.notes["unlabelled documents, whose tags say that they have no entities"] += (
        document.entities is None
    )
    exported.notes["documents without a token"] += not _sentences(document)
    exported.notes["line breaks and tabs, where a sentence ends"] += sum(
        _breaks(token.text) for token in document.doc
    )
    layers: list[list[Span]] = []
    entities = [span for span, _ in document.entities or []]
    for span in sorted(entities, key=lambda span: (span.start, -span.end, span.label_)):
        if _breaks(span.label_):
            lose_label(exported, "with a line break or a tab in the label", span.label_)
            continue
        if any(_breaks(token.text) for token in span):
            lose(exported, "across a line break or a tab")
            continue
        free = next((layer for layer in layers if layer[-1].end <= span.start), None)
        if free is None:
            layers.append([span])
        else:
            free.append(span)
    exported.notes["scores"] += sum(score is not None for _, score in document.entities or [])
    return layers


def _sentences(document: Document) -> list[list[int]]:
    sentences: list[list[int]] = [[]]
    for token in document.doc:
        if _breaks(token.text):
            sentences.append([])
        else:
            sentences[-1].append(token.i)
    return [sentence for sentence in sentences if sentence]


def _breaks(text: str) -> bool:
    return any(character in text for character in BREAKS)


def _tags(n_tokens: int, layers: list[list[Span]], width: int) -> list[list[str]]:
    tags = [["O"] * width for _ in range(n_tokens)]
    for number, layer in enumerate(layers):
        for span in layer:
            for i in range(span.start, span.end):
                tags[i][number] = ("B-" if i == span.start else "I-") + span.label_
    return tags
