"""From documents to those worth annotating next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from ..corpora.docs import DOC_ATTRS, require_length
from ..errors import CorpusError
from ..files import atomic_write
from ..pipeline.find import find_pipe
from .doubts import sum_errors


@dataclass(frozen=True)
class Selection:
    """Documents to annotate, and those that they were chosen from, D in all.

    order (List[int]): The chosen ones' places among the D, the most valuable first.
    docs (List[Doc]): The chosen ones, with the pipeline's predictions.
    errors (numpy.ndarray): The expected errors of each of the D, shape (D,).
    characters (numpy.ndarray): The characters of each, shape (D,).
    labelled (int): Documents left out, as they are annotated.
    recurring (int): Those left out as their text is that of another, annotated or not.
    empty (int): Those left out as they have no text.
    changed (int): Those left out as the pipeline's tokenizer changes their text.
    """

    order: list[int]
    docs: list[Doc]
    errors: numpy.ndarray
    characters: numpy.ndarray
    labelled: int
    recurring: int
    empty: int
    changed: int


def select(
    nlp: Language, docs: Sequence[Doc], n: int, path: Path, annotated: Collection[str] = ()
) -> Selection:
    """Choose the documents that are worth annotating next: those with the most expected errors of the
    pipeline's first span component for what they cost. To open one costs as much as to read one of average
    length. Documents with the component's span group are annotated already; a text that recurs counts once.

    nlp (Language): The pipeline.
    docs (Sequence[Doc]): The documents.
    n (int): How many to choose.
    path (Path): Where they are from.
    annotated (Collection[str]): Texts that are annotated elsewhere.
    RETURNS (Selection): The choice. Of equally valuable documents, those come first that do in the file.
    RAISES (CorpusError): If there are not so many to choose from.
    RAISES (PipelineError): If the pipeline has no span component.
    """
    key = find_pipe(nlp).key
    labelled = [doc for doc in docs if key in doc.spans]
    with_text = [doc for doc in docs if key not in doc.spans and doc.text.strip()]
    once: dict[str, Doc] = {}
    for doc in with_text:
        once.setdefault(doc.text, doc)
    known = {doc.text for doc in labelled}.union(annotated)
    pool = [doc for text, doc in once.items() if text not in known]
    counts = {
        "labelled": len(labelled),
        "recurring": len(with_text) - len(pool),
        "empty": len(docs) - len(labelled) - len(with_text),
        "changed": 0,
    }
    _require(n, len(pool), path, key, counts)
    require_length(pool, nlp, path)
    found = sum_errors(nlp, [doc.text for doc in pool])
    left = numpy.flatnonzero(~numpy.isnan(found))
    counts["changed"] = len(pool) - len(left)
    _require(n, len(left), path, key, counts)
    errors = found[left]
    characters = numpy.array([len(pool[place].text) for place in left])
    order = rank(errors, characters)[:n].tolist()
    chosen = _predict(nlp, [pool[left[place]] for place in order])
    return Selection(order, chosen, errors, characters, **counts)


def rank(errors: numpy.ndarray, characters: numpy.ndarray) -> numpy.ndarray:
    """Rank documents by expected errors for what they cost: as much to open as an average one to read.

    errors (numpy.ndarray): The expected errors of each document, shape (D,).
    characters (numpy.ndarray): The characters of each, shape (D,).
    RETURNS (numpy.ndarray): Their places, the most valuable first, equal ones in their order, shape (D,).
    """
    return numpy.argsort(-errors / (characters + characters.mean()), kind="stable")


def _predict(nlp: Language, docs: Sequence[Doc]) -> list[Doc]:
    predicted = list(nlp.pipe(doc.text for doc in docs))
    for doc, given in zip(predicted, docs, strict=True):
        doc.user_data.update(given.user_data)
    return predicted


def _require(n: int, left: int, path: Path, key: str, counts: dict[str, int]) -> None:
    if 0 < n <= left:
        return
    reasons = {
        "labelled": f"are annotated (have doc.spans['{key}'])",
        "recurring": "have the text of another",
        "empty": "have no text",
        "changed": "have a text that the pipeline's tokenizer changes",
    }
    out = [f"{count} {reasons[name]}" for name, count in counts.items() if count]
    why = f" ({', '.join(out)})" if out else ""
    remedy = f"Give --n from 1 to {left}." if left else "Give documents that are not annotated."
    total = left + sum(counts.values())
    raise CorpusError(
        f"{path}: can't choose {n} of {total} documents, {left} of which are to choose from{why}. {remedy}"
    )


def write_selection(selection: Selection, path: Path) -> None:
    """Write the chosen documents, the most valuable first.

    selection (Selection): The choice.
    path (Path): The .spacy file.
    RAISES (OSError): If it can't be written.
    """
    doc_bin = DocBin(attrs=DOC_ATTRS, docs=selection.docs, store_user_data=True)
    with atomic_write(path) as temporary:
        doc_bin.to_disk(temporary)
