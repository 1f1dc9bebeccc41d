"""What a pipeline predicts for a corpus, beside its gold, as plain sets of character offsets."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Optional

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from tqdm import tqdm

from ..corpora.provenance import get_provenance
from ..entities import Entity, entities, scored_entities, show_label
from ..errors import PipelineError
from ..pipeline.gold import same_tokens
from .matching import Match, match
from .run import Candidates, run

NO_CANDIDATES: Candidates = (numpy.zeros(0), {})


@dataclass(frozen=True, eq=False)
class Prediction:
    """One document, as gold has it and as a model sees it.

    text (str): The text.
    gold (Set[Entity]): The gold entities.
    predicted (Dict[Entity, Optional[float]]): The predicted ones, with their scores if the model gives any.
    candidates (numpy.ndarray): The scores of all spans that score above `FLOOR`, predicted or not, shape
        (C,); none if the model has no threshold to lower. Scores alone, as an untrained model has millions.
    places (Dict[Entity, int]): The place among them of each gold entity that is a candidate.
    unreachable (int): How many gold entities begin or end inside a token of the model's.
    origin (str): Where the document is from, if it is known.
    other_tokens (bool): Whether the model's tokens are others than the corpus's.
    """

    text: str
    gold: frozenset[Entity]
    predicted: dict[Entity, Optional[float]]
    candidates: numpy.ndarray = field(default_factory=lambda: NO_CANDIDATES[0])
    places: dict[Entity, int] = field(default_factory=dict)
    unreachable: int = 0
    origin: str = ""
    other_tokens: bool = False

    @cached_property
    def matches(self) -> list[Match]:
        """Gold entities and predictions, paired."""
        return match(self.gold, self.predicted)

    @property
    def right(self) -> numpy.ndarray:
        """Which candidates are gold, shape (C,)."""
        right = numpy.zeros(len(self.candidates), dtype=bool)
        right[list(self.places.values())] = True
        return right

    def show_labels(self) -> "Prediction":
        """RETURNS (Prediction): The same, with labels as `show_label` gives them: for people who may read
        numbers, but not text."""
        return replace(
            self,
            gold=frozenset(map(_show, self.gold)),
            predicted={_show(entity): score for entity, score in self.predicted.items()},
            places={_show(entity): place for entity, place in self.places.items()},
        )

    def score(self, entity: Entity) -> Optional[float]:
        """The score of a gold entity; None if it is no candidate."""
        place = self.places.get(entity)
        return None if place is None else float(self.candidates[place])


def _show(entity: Entity) -> Entity:
    return entity._replace(label=show_label(entity.label))


def predict(nlp: Language, gold: Sequence[Doc], spans_key: str, *, name: str) -> list[Prediction]:
    """Run a pipeline over the texts of annotated documents, once. Entities are compared by character, so that
    model and corpus may be tokenized otherwise.

    nlp (Language): The pipeline.
    gold (Sequence[Doc]): The documents; all have the span group.
    spans_key (str): Key of the span group, in the gold documents and in the predicted ones.
    name (str): What to call the pipeline on the progress bar and in errors.
    RETURNS (List[Prediction]): A prediction for each document. Labels are as `show_label` gives them.
    RAISES (PipelineError): If no document gets the span group, or the pipeline's tokenizer changes a text.
    """
    texts = [(doc.text, frozenset(entities(doc, spans_key))) for doc in gold]
    found = tqdm(
        run(nlp, texts, spans_key), total=len(texts), unit="doc", desc=name, leave=False, disable=None
    )
    predictions: list[Prediction] = []
    written: set[str] = set()
    changed, scored = 0, True
    for reference, (text, own), (doc, candidates) in zip(gold, texts, found, strict=True):
        written.update(doc.spans)
        changed += doc.text != text
        scored &= candidates is not None
        scores, places = candidates or NO_CANDIDATES
        unreachable = sum(doc.char_span(entity.start, entity.end) is None for entity in own)
        predicted = scored_entities(doc, spans_key)
        prediction = Prediction(
            text,
            own,
            predicted,
            scores,
            places,
            unreachable,
            origin=get_provenance(reference).show(),
            other_tokens=not same_tokens(doc, reference),
        )
        predictions.append(prediction.show_labels())
    if predictions and spans_key not in written:
        others = f", but {sorted(written)}. Give the key with --spans-key."
        raise PipelineError(
            f"The pipeline {name} writes no doc.spans['{spans_key}']"
            + (others if written else " and no other span group. Give a pipeline that does.")
        )
    if changed:
        raise PipelineError(
            f"The tokenizer of {name} changes the text of {changed:,} documents, so that what is found there "
            "has other offsets. spacy-gpner.CharTokenizer.v1 changes none."
        )
    if not scored:
        return [replace(own, candidates=NO_CANDIDATES[0], places={}) for own in predictions]
    return predictions
