"""What a component is unsure of, document by document."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy.sparse import csr_array
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokens import Doc
from tqdm import tqdm

from ..evaluation.candidates import FLOOR, run_before
from ..pipeline.find import find_pipe
from ..pipeline.span_pipe import SpanPipe
from ..spans import Cut


@dataclass(frozen=True)
class Doubts:
    """The decisions about documents that a component is expected to get wrong.

    errors (csr_array): How many about each surface (the text of a span) in each document, shape
        (documents, surfaces).
    changed (numpy.ndarray): The documents whose text the pipeline's tokenizer changes, shape (documents,).
        Nothing is known about them.
    """

    errors: csr_array
    changed: numpy.ndarray


def expected_errors(probability: numpy.ndarray, threshold: numpy.ndarray) -> numpy.ndarray:
    """How likely decisions are wrong: a span above the threshold is predicted, and wrong if it is none; one
    below is not, and wrong if it is one.

    probability (numpy.ndarray): The probability of each span, in [0, 1], shape (C,).
    threshold (numpy.ndarray): The threshold of each, shape (C,).
    RETURNS (numpy.ndarray): The probability of an error, shape (C,).
    """
    return numpy.where(probability > threshold, 1 - probability, probability)


def find_doubts(nlp: Language, texts: Sequence[str], *, show_progress: bool = False) -> Doubts:
    """Find what a pipeline's first span component is unsure of: a batch at a time, of which little more than
    a number for each candidate is kept. Candidates are spans above `FLOOR`, as the component reads scores, of
    which a document has no more than its `max_spans`.

    nlp (Language): The pipeline. It is left as it was.
    texts (Sequence[str]): The texts.
    show_progress (bool): Whether to show a progress bar.
    RETURNS (Doubts): What it is unsure of.
    RAISES (PipelineError): If there is no such component.
    """
    pipe = find_pipe(nlp)
    changed = numpy.zeros(len(texts), dtype=bool)
    columns = [(numpy.zeros(0, dtype=int), numpy.zeros(0, dtype="uint64"), numpy.zeros(0))]
    bar = tqdm(total=len(texts), disable=None if show_progress else True, unit=" texts", leave=False)
    # In a zone: words of the texts are not to be saved with the pipeline
    with bar, nlp.memory_zone():
        for batch in run_before(nlp, pipe.name, ((text, place) for place, text in enumerate(texts))):
            for doc, place in batch:
                changed[place] = doc.text != texts[place]
            same = [(doc, place) for doc, place in batch if not changed[place]]
            columns.append(_read(pipe, [doc for doc, _ in same], [place for _, place in same]))
            bar.update(len(batch))
    places, hashes, errors = (numpy.concatenate(own) for own in zip(*columns, strict=True))
    surfaces, surface = numpy.unique(hashes, return_inverse=True)
    found = csr_array((errors, (places, surface)), shape=(len(texts), len(surfaces)))
    found.eliminate_zeros()
    return Doubts(found, changed)


def _read(
    pipe: SpanPipe, docs: Sequence[Doc], places: Sequence[int]
) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Document, hash of the surface and probability of an error of each candidate."""
    own = pipe.cut(docs)
    floor = Cut([FLOOR] * len(pipe.labels), max_spans=own.max_spans, calibration=own.calibration)
    spans = pipe.predict(docs, floor)
    surfaces = [
        get_string_id(docs[d][start:end].text)
        for d, start, end in zip(*(x.tolist() for x in (spans.doc, spans.start, spans.end)), strict=True)
    ]
    errors = expected_errors(spans.score.double().numpy(), numpy.array(own.thresholds)[spans.type.numpy()])
    return numpy.array(places, dtype=int)[spans.doc.numpy()], numpy.array(surfaces, dtype="uint64"), errors
