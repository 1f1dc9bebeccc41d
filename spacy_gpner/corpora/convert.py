"""Converting a corpus to spaCy's binary format."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Optional

from spacy.tokens import Doc, DocBin
from spacy.util import get_lang_class
from spacy.vocab import Vocab
from tqdm import tqdm

from ..entities import is_unicode
from ..errors import CorpusError
from ..files import atomic_write
from ..tokenizer import CHARACTER_LANGUAGES, CharTokenizer, TokenizerName, default_tokenizer
from .docs import DOC_ATTRS, OnMisaligned, make_doc
from .formats import FORMATS
from .paths import check_inputs, check_output
from .records import Problem
from .summary import Summary


def convert_corpus(
    format_name: str,
    inputs: Sequence[Path],
    output: Path,
    *,
    lang: str = "zh",
    tokenizer: Optional[TokenizerName] = None,
    spans_key: str = "sc",
    set_ents: bool = False,
    on_misaligned: OnMisaligned = "snap",
    summary_path: Optional[Path] = None,
    strict: bool = False,
    show_text: bool = False,
) -> Summary:
    """Convert a corpus to one .spacy file, with the entities in `doc.spans`. The file is written last, and
    whole or not at all.

    format_name (str): The corpus's format, a key of `FORMATS`.
    inputs (Sequence[Path]): The corpus's files, in order.
    output (Path): The .spacy file to write.
    lang (str): The language's code. The tokens of a corpus that comes tokenized are joined by spaces, but
        for Chinese and Japanese, where they are joined without any and the text is tokenized as others are.
    tokenizer (Optional[Literal["char", "lang"]]): One token a character, or the language's own tokenizer.
        By default the former for Chinese and Japanese, and the latter else. A corpus that comes tokenized
        keeps its tokens, unless characters are asked for.
    spans_key (str): The key in `doc.spans`.
    set_ents (bool): Whether to set `doc.ents` as well, which can't overlap.
    on_misaligned (Literal["snap", "skip", "error"]): What to do where an entity's edge is inside a token.
    summary_path (Optional[Path]): A JSON file for the summary.
    strict (bool): Whether to raise at the first problem that costs a record or an entity.
    show_text (bool): Whether an error of `strict` may show the entity's text.
    RETURNS (Summary): What was found.
    RAISES (CorpusError): If the corpus can't be read, or as `strict` and `on_misaligned` say.
    """
    check_inputs(inputs)
    check_output(output, inputs, ".spacy")
    if summary_path is not None:
        check_output(summary_path, [*inputs, output], ".json")
    if format_name not in FORMATS:
        raise CorpusError(
            f"There is no format '{format_name}'. Formats: {', '.join(FORMATS)}; `spacy gpner convert auto` "
            "takes the one that fits."
        )
    if not (spans_key and is_unicode(spans_key)):
        raise CorpusError("The spans key is empty or not valid Unicode. The usual one is 'sc'.")
    vocab, tokenize = _make_tokenizer(lang, tokenizer)
    summary = Summary()

    def report(problem: Problem) -> None:
        if strict and problem.lost is not None:
            raise CorpusError(problem.sentence(show_text))
        summary.add_problem(problem)

    read = FORMATS[format_name].read
    if FORMATS[format_name].tokenized:
        read = partial(read, spaces=lang not in CHARACTER_LANGUAGES)
    doc_bin = DocBin(attrs=DOC_ATTRS, store_user_data=True)
    records = ((path, record) for path in inputs for record in read(path, report))
    for path, record in tqdm(records, unit=" docs", delay=2, leave=False, disable=None):
        doc = make_doc(
            replace(record, words=None) if tokenizer == "char" else record,
            tokenize,
            vocab,
            report,
            spans_key=spans_key,
            on_misaligned=on_misaligned,
            set_ents=set_ents,
            root=path if path.is_dir() else path.parent,
        )
        if doc is not None:
            doc_bin.add(doc)
            summary.add_doc(doc, spans_key)
    bad = summary.problems.get("bad_record")
    if bad is not None and not len(doc_bin):
        raise CorpusError(f"No record is usable. The first: {bad.first[0].place()}. Is this another format?")
    with atomic_write(output) as temporary:
        doc_bin.to_disk(temporary)
        if summary_path is not None:
            _write_summary(summary, summary_path)
    return summary


def _write_summary(summary: Summary, path: Path) -> None:
    text = json.dumps(summary.to_dict(), ensure_ascii=False, indent=2) + "\n"
    # A path may hold bytes that are no UTF-8; their escapes are JSON's as well
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def _make_tokenizer(lang: str, name: Optional[TokenizerName]) -> tuple[Vocab, Callable[[str], Doc]]:
    try:
        language = get_lang_class(lang)
    except ImportError:
        raise CorpusError(f"spaCy knows no language '{lang}'. Give a code such as zh, en or xx.") from None
    if (name or default_tokenizer(lang)) == "char":
        vocab = Vocab()
        return vocab, CharTokenizer(vocab)
    try:
        nlp = language()
    except ImportError as err:
        raise CorpusError(f"Can't make the tokenizer for '{lang}': {err} Or use --tokenizer char.") from None
    return nlp.vocab, nlp.tokenizer
