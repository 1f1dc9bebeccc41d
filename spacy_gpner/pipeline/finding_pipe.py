"""What all span components share in finding spans, whatever their scores are."""

import warnings
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Generic, Optional, TypeVar

from spacy.tokens import Doc
from thinc.types import Floats2d

from ..errors import GpnerWarning, PipelineError
from ..models.by_length import predict_vectors
from ..models.score_model import is_initialized
from ..spans import Cut, DecodedSpans, Objective, Scores
from .annotations import annotate, annotate_ents
from .configured_pipe import ConfiguredPipe
from .stretches import make_cutter, predict_in_stretches

S = TypeVar("S", bound=Scores)


class FindingPipe(ConfiguredPipe, Generic[S]):
    """A component that finds spans and writes them to documents. How it learns is `SpanPipe`'s."""

    _warned_of_dropped = False

    @property
    @abstractmethod
    def objective(self) -> Objective[S]:
        """How scores are learned, decoded and compared."""

    def predict(self, docs: Iterable[Doc], cut: Optional[Cut] = None) -> DecodedSpans:
        """Find the entities of a batch of docs, without modifying them.

        docs (Iterable[Doc]): The documents.
        cut (Optional[Cut]): Which spans to find; None for those above the component's thresholds.
        RETURNS (DecodedSpans): The spans.
        RAISES (ValueError): If the component has not been initialized, or `thresholds` names a label that it
            does not have.
        RAISES (PipelineError): If scores are not finite.
        """
        self.require_initialized()
        docs = list(docs)
        cut = self.cut(docs) if cut is None else cut
        size = self.cfg["stretch"]
        if size is not None and any(len(doc) > size for doc in docs):
            cutter = make_cutter(self.model.get_ref("tok2vec"), self.objective, size)
            if cutter is not None:
                return predict_in_stretches(self._predict, docs, cut, cutter)
        return self._predict(docs, cut)

    def _predict(self, docs: list[Doc], cut: Cut) -> DecodedSpans:
        if not any(len(doc) for doc in docs):
            return DecodedSpans.none(len(docs))
        vectors = predict_vectors(self.model.get_ref("tok2vec"), docs)
        return self.decode(docs, self.score_vectors(vectors), cut)

    def score_vectors(self, vectors: list[Floats2d]) -> S:
        """Score token vectors, for `decode`.

        vectors (List[Floats2d]): The vectors of each document, as the model's `tok2vec` makes them.
        RETURNS (Scores): The scores.
        """
        scores: S = self.model.get_ref("output_layer").predict(vectors)
        return scores

    def decode(self, docs: Sequence[Doc], scores: S, cut: Optional[Cut] = None) -> DecodedSpans:
        """Find the entities that a model's output stands for.

        docs (Sequence[Doc]): The documents.
        scores (Scores): The model's output for them.
        cut (Optional[Cut]): Which spans to find; None for those above the component's thresholds.
        RETURNS (DecodedSpans): The spans.
        RAISES (PipelineError): If scores are not finite.
        """
        # Not a number passes no threshold: what was found alone would not show it.
        if scores.is_finite:
            found = self.objective.decode(scores, self.cut(docs) if cut is None else cut)
            if found.logit.isfinite().all():
                return found
        raise PipelineError(
            f"[{self.name}] The model's scores are not finite numbers: its weights are damaged, or its "
            "training diverged. Load a pipeline that was saved before, or train again with a lower learning "
            "rate."
        )

    def require_initialized(self) -> None:
        """Refuse a component without weights.

        RAISES (ValueError): If it has not been initialized.
        """
        if not is_initialized(self.model):
            raise ValueError(
                f"The component '{self.name}' has not been initialized. Call nlp.initialize() with examples, "
                "or load a trained pipeline."
            )

    def set_annotations(self, docs: Iterable[Doc], spans: DecodedSpans) -> None:
        """Write predicted spans to `doc.spans`, and to `doc.ents` if there is a policy for it.

        docs (Iterable[Doc]): The documents to modify.
        spans (DecodedSpans): The spans, produced by `predict`.
        """
        docs = list(docs)
        annotate(docs, spans, self.labels, self.key)
        if self.cfg["ents_policy"] is not None:
            annotate_ents(docs, self.key, self.cfg["ents_policy"], overwrite=self.cfg["overwrite_ents"])
        dropped = int(spans.dropped.sum())
        if dropped and not self._warned_of_dropped:
            self._warned_of_dropped = True
            n_docs = int((spans.dropped > 0).sum())
            warnings.warn(
                f"[{self.name}] {dropped} spans of {n_docs} of {len(docs)} docs passed the threshold "
                f"({self.cfg['threshold']}) beyond max_spans and were dropped; the best were kept. Is the "
                "component trained, and the threshold not too low? This is warned of once.",
                GpnerWarning,
                stacklevel=2,
            )
