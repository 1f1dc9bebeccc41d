"""`evaluate` on CMeEE, against spaCy's own evaluation and a count over sets."""

import os
import random
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.pipeline.spancat import spancat_score
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_gpner.corpora.convert import convert_corpus
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.evaluation.metrics import measure
from spacy_gpner.evaluation.predictions import predict

from ..util import CHAR_TOKENIZER, NEEDS_CORPORA
from ..util import entities as spans_of
from .test_evaluate import check_against_spacy

pytestmark = NEEDS_CORPORA


@Language.factory("test_noise")
class Noise:
    """Writes gold with some entities left out, made longer and relabelled; always the same for a text."""

    def __init__(self, nlp: Language, name: str):
        self.gold = {}

    def __call__(self, doc: Doc) -> Doc:
        rng = random.Random(doc.text)
        found = set(spans_of(self.gold[doc.text]))
        for start, end, label in sorted(found):
            change = rng.random()
            if change < 0.3:
                found.discard((start, end, label))
            if change < 0.2:
                found.add((start, rng.randint(end, len(doc)), label if change < 0.1 else "sym"))
        doc.spans["sc"] = [Span(doc, start, end, label=label) for start, end, label in sorted(found)]
        return doc

    def score(self, examples, **kwargs):
        return spancat_score(examples, spans_key="sc")


def test_equals_spacys_evaluation_and_a_count_over_sets(tmp_path):
    path = tmp_path / "dev.spacy"
    convert_corpus("cmeee", [Path(os.environ["GPNER_DATA"]) / "cmeee" / "CMeEE_dev.json"], path)
    # each text once, for the noise goes by it
    gold = list({doc.text: doc for doc in read_docs(path)[0][:1500]}.values())
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("test_noise").gold = {doc.text: doc for doc in gold}
    measured = measure(predict(nlp, gold, "sc", name="noise"))
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in gold]
    check_against_spacy(nlp, examples, measured)
    found = {(i, *span) for i, doc in enumerate(gold) for span in spans_of(nlp(doc.text))}
    expected = {(i, *span) for i, doc in enumerate(gold) for span in spans_of(doc)}
    p, r = (len(found & expected) / len(own) for own in (found, expected))
    assert 0.5 < r < p < 1
    values = [measured["micro"][name] for name in "prf"]
    assert values == pytest.approx([p, r, 2 * p * r / (p + r)])
