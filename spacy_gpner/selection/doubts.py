"""What a component is unsure of, document by document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from ..evaluation.candidates import FLOOR, run_before
from ..pipeline.find import find_pipe
from ..spans import Cut, DecodedSpans


@dataclass(frozen=True)
class Doubts:
    """The decisions about a batch of documents that a component may get wrong, C of them.

    docs (List[Doc]): The documents.
    places (numpy.ndarray): The place of each among the texts, shape (docs,).
    spans (DecodedSpans): The candidates.
    errors (numpy.ndarray): How likely the decision about each is wrong, shape (C,).
    """

    docs: list[Doc]
    places: numpy.ndarray
    spans: DecodedSpans
    errors: numpy.ndarray


def expected_errors(probability: numpy.ndarray, threshold: numpy.ndarray) -> numpy.ndarray:
    """How likely decisions are wrong: a span above the threshold is predicted, and wrong if it is none; one
    below is not, and wrong if it is one.

    probability (numpy.ndarray): The probability of each span, in [0, 1], shape (C,).
    threshold (numpy.ndarray): The threshold of each, shape (C,).
    RETURNS (numpy.ndarray): The probability of an error, shape (C,).
    """
    return numpy.where(probability > threshold, 1 - probability, probability)


def find_doubts(nlp: Language, texts: Sequence[str]) -> Iterator[Doubts]:
    """Find what a pipeline's first span component is unsure of. Candidates are spans above `FLOOR`, as the
    component reads scores, of which a document has no more than its `max_spans`.

    nlp (Language): The pipeline. It is left as it was.
    texts (Sequence[str]): The texts.
    YIELDS (Doubts): A batch at a time. Documents whose text the tokenizer changes are in none.
    RAISES (PipelineError): If there is no such component.
    """
    pipe = find_pipe(nlp)
    # In a zone: words of the texts are not to be saved with the pipeline
    with nlp.memory_zone():
        for batch in run_before(nlp, pipe.name, ((text, place) for place, text in enumerate(texts))):
            same = [(doc, place) for doc, place in batch if doc.text == texts[place]]
            docs, places = [doc for doc, _ in same], numpy.array([place for _, place in same], dtype=int)
            own = pipe.cut(docs)
            floor = Cut([FLOOR] * len(pipe.labels), max_spans=own.max_spans, calibration=own.calibration)
            spans = pipe.predict(docs, floor)
            thresholds = numpy.array(own.thresholds)[spans.type.numpy()]
            yield Doubts(docs, places, spans, expected_errors(spans.score.double().numpy(), thresholds))


def sum_errors(nlp: Language, texts: Sequence[str]) -> numpy.ndarray:
    """Find how many decisions about each text a pipeline's first span component is expected to get wrong.

    nlp (Language): The pipeline. It is left as it was.
    texts (Sequence[str]): The texts.
    RETURNS (numpy.ndarray): The expected errors, shape (texts,); not a number for a text that the tokenizer
        changes.
    RAISES (PipelineError): If there is no such component.
    """
    total = numpy.full(len(texts), numpy.nan)
    with tqdm(total=len(texts), unit=" texts", leave=False, disable=None) as bar:
        for doubts in find_doubts(nlp, texts):
            doc, n_docs = doubts.spans.doc.numpy(), len(doubts.docs)
            total[doubts.places] = numpy.bincount(doc, weights=doubts.errors, minlength=n_docs)
            bar.update(n_docs)
    return total
