"""From records to spaCy documents, and from documents to files and back."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal, Optional

from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.vocab import Vocab
from tqdm import tqdm

from ..entities import Entity
from ..errors import CorpusError
from .provenance import Provenance, get_provenance, set_provenance
from .records import Problem, Record, Report, Source

OnMisaligned = Literal["snap", "skip", "error"]
# The annotations that a corpus can have: DocBin's default writes nine more columns of zeros
DOC_ATTRS = ("ENT_IOB", "ENT_TYPE")


def make_doc(
    record: Record,
    tokenizer: Callable[[str], Doc],
    vocab: Vocab,
    report: Report,
    *,
    spans_key: str = "sc",
    on_misaligned: OnMisaligned = "snap",
    set_ents: bool = False,
    root: Optional[Path] = None,
) -> Optional[Doc]:
    """Make a document of a record, with its entities in `doc.spans`. It keeps where it came from.

    record (Record): The record.
    tokenizer (Callable[[str], Doc]): Tokenizes the text, unless the record comes tokenized.
    vocab (Vocab): The vocabulary of a document that comes tokenized.
    report (Report): Called with every problem.
    spans_key (str): The key in `doc.spans`. An unlabelled document gets no such key.
    on_misaligned (Literal["snap", "skip", "error"]): What to do where an entity's edge is inside a token:
        move it to the token's edge, leave the entity out, or raise.
    set_ents (bool): Whether to set `doc.ents` as well, which can't overlap.
    root (Optional[Path]): What the document's file is named relative to. By default, the directory of it.
    RETURNS (Optional[Doc]): The document, or None if the tokenizer lost some of the text.
    RAISES (CorpusError): If an edge is inside a token and this is an error, or if entities overlap and
        `doc.ents` was asked for.
    """
    doc = Doc(vocab, words=record.words) if record.words is not None else tokenizer(record.text)
    if record.words is None and doc.text != record.text:
        report(Problem("text_changed", record.source, entities=len(record.entities or ())))
        return None
    provenance = Provenance(_name(record.source, root), record.id, record.group)
    set_provenance(doc, provenance)
    if record.entities is None:
        return doc
    moved = lost = 0
    spans: dict[tuple[int, int, int], Span] = {}
    for entity in record.entities:
        span = _align(doc, entity, record, report, on_misaligned)
        if span is None:
            lost += 1
            continue
        key = (span.start, span.end, span.label)
        if key in spans:
            report(_problem("duplicate_after_snapping", record, entity))
            continue
        spans[key] = span
        if (span.start_char, span.end_char) != (entity.start, entity.end):
            moved += 1
            report(_problem("misaligned_snapped", record, entity))
    ordered = sorted(spans.values(), key=lambda span: (span.start, span.end, span.label_))
    doc.spans[spans_key] = SpanGroup(doc, name=spans_key, spans=ordered)
    set_provenance(doc, replace(provenance, moved=moved, lost=lost))
    if set_ents:
        _set_ents(doc, ordered, record.source)
    return doc


def _name(source: Source, root: Optional[Path]) -> str:
    path = Path(source.file)
    return path.relative_to(root).as_posix() if root and path.is_relative_to(root) else path.name


def _align(
    doc: Doc, entity: Entity, record: Record, report: Report, on_misaligned: OnMisaligned
) -> Optional[Span]:
    span = doc.char_span(entity.start, entity.end, label=entity.label)
    if span is not None:
        return span
    if on_misaligned == "error":
        place = _problem("misaligned_skipped", record, entity).place()
        raise CorpusError(
            f"{place}: an edge of the entity is inside a token. "
            "Convert with --tokenizer char, or choose --on-misaligned snap or skip."
        )
    if on_misaligned == "skip":
        report(_problem("misaligned_skipped", record, entity))
        return None
    surface = record.text[entity.start : entity.end]
    start = entity.end - len(surface.lstrip())
    end = entity.start + len(surface.rstrip())
    if start < end:
        span = doc.char_span(start, end, label=entity.label, alignment_mode="expand")
    if span is None:
        report(_problem("snapped_to_nothing", record, entity))
    return span


def _set_ents(doc: Doc, spans: list[Span], source: Source) -> None:
    for span, after in pairwise(spans):
        if after.start < span.end:
            raise CorpusError(
                f"{source}: the entities at {span.start_char}-{span.end_char} and "
                f"{after.start_char}-{after.end_char} overlap, which doc.ents can't hold. "
                "Convert without --ents."
            )
    doc.set_ents(spans)


def _problem(kind: str, record: Record, entity: Entity) -> Problem:
    surface = record.text[entity.start : entity.end]
    return Problem(kind, record.source, entity.start, entity.end, entity.label, text=surface)


def read_docs(path: Path, vocab: Optional[Vocab] = None) -> tuple[list[Doc], list[str]]:
    """Read a .spacy file.

    path (Path): The file.
    vocab (Optional[Vocab]): The documents' vocabulary; None for one of their own.
    RETURNS (tuple[list[Doc], list[str]]): The documents, and the token attributes that the file stores.
    RAISES (CorpusError): If there is no such file, or it is not a DocBin.
    """
    if not path.is_file():
        raise CorpusError(f"{path} is {'a directory' if path.exists() else 'missing'}. Give a .spacy file.")
    try:
        doc_bin = DocBin(store_user_data=True).from_disk(path)
        read = doc_bin.get_docs(Vocab() if vocab is None else vocab)
        docs = tqdm(read, total=len(doc_bin), unit=" docs", delay=2, leave=False, disable=None)
        return list(docs), doc_bin.attrs
    except OSError as err:
        raise CorpusError(f"Can't read {path}: {err.strerror}. Check it, and who may read it.") from None
    except Exception as err:
        # Damaged bytes can raise anything in zlib, msgpack and numpy
        raise CorpusError(
            f"{path} is not a DocBin, or is damaged ({type(err).__name__}). "
            "Give a .spacy file, as `spacy gpner convert` writes it."
        ) from None


PREDICT = (
    "Give the key with --spans-key, or predict spans first: spacy apply MODEL DOCS.spacy PREDICTED.spacy"
)


def require_spans(docs: list[Doc], spans_key: str, path: Path, remedy: str = PREDICT) -> None:
    """Refuse documents of which none has spans under the key, as after a slip in the key.

    docs (list[Doc]): The documents. None at all are accepted.
    spans_key (str): The key in `doc.spans`.
    path (Path): Where the documents are from.
    remedy (str): What to do about it.
    RAISES (CorpusError): If no document has the key.
    """
    if docs and not any(spans_key in doc.spans for doc in docs):
        raise CorpusError(f"{path}: no document has spans under doc.spans['{spans_key}']. {remedy}")


def require_length(docs: Iterable[Doc], nlp: Language, path: Path) -> None:
    """Refuse documents whose text is longer than a pipeline takes.

    docs (Iterable[Doc]): The documents.
    nlp (Language): The pipeline that is to tokenize their texts.
    path (Path): Where the documents are from.
    RAISES (CorpusError): If one is.
    """
    for doc in docs:
        if len(doc.text) > nlp.max_length:
            source = get_provenance(doc)
            place = ", ".join(filter(None, (source.file, source.id)))
            raise CorpusError(
                f"{path}: a document has {len(doc.text)} characters{f' ({place})' if place else ''}, and the "
                f"pipeline takes at most {nlp.max_length}. Split it into shorter ones."
            )
