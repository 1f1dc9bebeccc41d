"""Random documents, as gold has them and as a model sees them."""

import numpy
from hypothesis import strategies as st

from spacy_gpner.entities import Entity
from spacy_gpner.evaluation.predictions import Prediction

TEXT = "左上腹及右膝关节痛"
LABELS = ["bod", "sym", "症状"]


def is_span(pair):
    return pair[0] < pair[1]


spans = st.tuples(st.integers(0, 8), st.integers(1, 9)).filter(is_span)
entities = st.builds(lambda span, label: Entity(*span, label), spans, st.sampled_from(LABELS))
# Few values, so that scores tie
scores = st.sampled_from([0.06, 0.2, 0.5, 0.51, 0.9, 1.0])


def make_prediction(text, gold, predicted, candidates):
    """A document of which the candidates are known, and their scores."""
    places = {entity: place for place, entity in enumerate(candidates) if entity in gold}
    scores = numpy.array(list(candidates.values()), dtype=float)
    return Prediction(text, frozenset(gold), predicted, scores, places)


@st.composite
def predictions(draw):
    """A document; some of its candidates are predicted."""
    candidates = draw(st.dictionaries(entities, scores, max_size=7))
    found = draw(st.sets(st.sampled_from(sorted(candidates)))) if candidates else set()
    gold = draw(st.sets(entities, max_size=4))
    if found:
        gold |= draw(st.sets(st.sampled_from(sorted(found))))
    return make_prediction(TEXT, gold, {e: candidates[e] for e in found}, candidates)


corpora = st.lists(predictions(), max_size=4)
