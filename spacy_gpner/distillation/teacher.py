"""The teacher: a trained pipeline, frozen but for what links it to its student."""

from collections.abc import Callable, Sequence
from typing import Any, Optional, TypeVar, cast

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Model, Optimizer, set_dropout_rate, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import nn

from ..entities import show_label, token_edges
from ..errors import DistillationError
from ..models.cache import VectorCache
from ..models.score_model import is_initialized
from ..models.torch_layer import get_shim, unflatten
from ..pipeline.learning import differentiate, gold_loss
from ..pipeline.span_pipe import SpanPipe
from ..pipeline.teaching import Joint, Lesson
from ..spans import LikelySpans, Scores
from .align import TokenMap, map_tokens
from .folds import Folds
from .frozen import FrozenTeacher
from .linkage import Linkage

S = TypeVar("S", bound=Scores)


class LinkedTeacher(FrozenTeacher[S]):
    """A trained pipeline with a span component that teaches a student (Eq. 4 of the main paper): its
    frozen encoder's vectors and the student's meet in the linkage, and its head scores what comes out."""

    def __init__(
        self,
        nlp: Language,
        name: str,
        student: SpanPipe[S],
        *,
        linkage: Optional[Linkage] = None,
        train_head: bool = False,
        lr_scale: float = 1.0,
        cache: Optional[VectorCache] = None,
        folds: Optional[Folds] = None,
    ) -> None:
        """Prepare a teacher. Dropout in it is switched off for good.

        nlp (Language): The teacher's pipeline.
        name (str): The name of its span component.
        student (SpanPipe): The student.
        linkage (Optional[Linkage]): How the student's features enter; None for traditional distillation.
        train_head (bool): Whether the teacher's head goes on learning, together with the linkage.
        lr_scale (float): Factor of the optimizer's learning rate for what of the teacher learns.
        cache (Optional[VectorCache]): Where its vectors are kept.
        folds (Optional[Folds]): Of an ensemble, which texts one member teaches alone.
        RAISES (DistillationError): If the teacher has not been trained, has no label in common with the
            student, or scores of another kind.
        """
        pipe = cast("SpanPipe[S]", nlp.get_pipe(name))
        self.student = student
        self.linkage = linkage
        self.train_head = train_head and linkage is not None
        self.lr_scale = lr_scale
        self.labels = [label for label in student.labels if label in pipe.labels]
        if not self.labels:
            own, others = (", ".join(map(show_label, each.labels)) for each in (pipe, student))
            raise DistillationError(
                f"The teacher's labels ({own}) and the student's ({others}) have none in common. Train a "
                "teacher on the student's."
            )
        if not is_initialized(pipe.model):
            raise DistillationError(f"The teacher's component '{name}' has not been trained.")
        self.is_comparable = student.objective.compares(pipe.objective)
        if not self.is_comparable and not student.objective.learns_spans:
            raise DistillationError(
                f"The teacher's component '{name}' ({type(pipe).__name__}) and the student's "
                f"'{student.name}' ({type(student).__name__}) have scores of different kinds, and what "
                "finds the student's spans can't learn them one by one. Train a teacher of the student's "
                "kind, or let a student of span_mrc find them by `crf` or `biaffine`."
            )
        super().__init__(nlp, name, has_linkage=linkage is not None, cache=cache, folds=folds)
        if self.in_turn and linkage is not None:
            raise DistillationError(
                "[distillation] folds of taggers, or of a component with a head for tags, teach without a "
                "linkage. Set linkage to null (--distillation.linkage null), or leave folds out."
            )
        self._freeze()

    def _freeze(self) -> None:
        module: Any = get_shim(self.head).module
        for parameter in module.parameters():
            parameter.requires_grad_(self.train_head)
        for child in module.modules():
            if isinstance(child, nn.Dropout):
                child.p = 0.0
        # That of the training, which a layer without a rate of its own follows
        set_dropout_rate(self.head, 0.0)

    def load_learned(self, name: str, data: bytes) -> None:
        """Load one of the models that learn.

        name (str): Which one.
        data (bytes): What its `to_bytes` gave.
        """
        self.learning[name].from_bytes(data)
        self._freeze()

    def on_own_tokens(self, examples: Sequence[Example], tokens: TokenMap, key: str) -> Sequence[Example]:
        """The examples of a batch on the teacher's tokens.

        examples (Sequence[Example]): The batch, on the student's.
        tokens (TokenMap): Which tokens lie on which.
        key (str): Key of the span group.
        RETURNS (Sequence[Example]): The same examples, where all tokens are the same.
        """
        if tokens.same:
            return examples
        return [self.example(self.nlp.make_doc(eg.predicted.text), eg.reference, key) for eg in examples]

    def example(self, doc: Doc, reference: Doc, key: str) -> Example:
        """Set a document on the teacher's tokens beside its gold, and see to it that each of their
        vocabularies knows the other's labels.

        doc (Doc): The document.
        reference (Doc): The gold.
        key (str): Key of the span group.
        RETURNS (Example): Both.
        """
        for source, target in ((doc, reference), (reference, doc)):
            for span in source.spans.get(key, []):
                target.vocab.strings.add(span.label_)
        return Example(doc, reference)

    def teach(self, docs: Sequence[Doc], vectors: list[Floats2d], *, is_train: bool) -> Lesson[S]:
        """Score a batch, together with the student's features where there is a linkage.

        docs (Sequence[Doc]): The batch on the student's tokens.
        vectors (List[Floats2d]): The student's vectors of its tokens.
        is_train (bool): Whether to train the linkage, and to drop out features that pass it.
        RETURNS (Lesson): What the teacher makes of it.
        """
        tokens = self._map_tokens(docs)
        allowed = tokens.allowed(self.pipe.objective, self.student.objective)
        if self.in_turn:
            return Lesson(tokens.spans_to_student(self._likely_in_turn(docs)), allowed)
        scores, backprop = self._score(docs, vectors, tokens, is_train)
        common = self._common(scores.detach())
        joint = None if backprop is None else self._joint(scores, tokens, backprop)
        if self.is_comparable and (common.by_token or tokens.same):
            return Lesson(tokens.to_student(common), allowed, joint)
        return Lesson(tokens.spans_to_student(self.pipe.objective.likely(common)), allowed, joint)

    def _likely_in_turn(self, docs: Sequence[Doc]) -> LikelySpans:
        """What each text's own teacher finds likely."""
        groups = [
            (places, self.pipe.objective.likely(self._common(scores)))
            for places, scores in self.scores_in_turn([doc.text for doc in docs])
        ]
        lengths = {i: n for places, own in groups for i, n in zip(places, own.lengths, strict=True)}
        return LikelySpans.of_groups(groups, [lengths[i] for i in range(len(docs))])

    def _map_tokens(self, docs: Sequence[Doc]) -> TokenMap:
        return map_tokens(
            [self.token_edges(doc.text) for doc in docs],
            [token_edges(doc) for doc in docs],
            self.device,
        )

    def _score(
        self, docs: Sequence[Doc], vectors: list[Floats2d], tokens: TokenMap, is_train: bool
    ) -> tuple[S, Optional[Callable[[S], list[Floats2d]]]]:
        """The teacher's scores, for its own labels on its own tokens; and with a linkage the way from their
        gradient to that of the student's vectors."""
        texts = [doc.text for doc in docs]
        own = self.frozen(texts)
        if self.linkage is not None:
            return self._link(self.linkage, texts, own, vectors, tokens, is_train)
        flat = xp2torch(self.head.ops.flatten(own), device=self.device)
        return self.layout.of_flat(flat, [len(x) for x in own]), None

    def _common(self, scores: S) -> S:
        """Scores of the labels that the student has too."""
        return scores.types([self.pipe.labels.index(label) for label in self.labels])

    def _joint(self, scores: S, tokens: TokenMap, backprop: Callable[[S], list[Floats2d]]) -> Joint:
        def joint(examples: Sequence[Example], key: str) -> tuple[float, list[Floats2d]]:
            types = [self.pipe.labels.index(label) for label in self.labels]
            label_ids = {label: i for i, label in enumerate(self.labels)}
            on_teacher = self.on_own_tokens(examples, tokens, key)
            value, d_scores = differentiate(
                scores,
                lambda own: gold_loss(own.types(types), on_teacher, key, label_ids, self.pipe.objective),
                name=f"{self.student.name}, teacher",
            )
            return value, backprop(d_scores)

        return joint

    def _link(
        self,
        linkage: Linkage,
        texts: Sequence[str],
        own: list[Floats2d],
        vectors: list[Floats2d],
        tokens: TokenMap,
        is_train: bool,
    ) -> tuple[S, Callable[[S], list[Floats2d]]]:
        ops = self.head.ops
        student = tokens.to_teacher(xp2torch(ops.flatten(vectors)))
        features = (ops.flatten(own), cast(Floats2d, torch2xp(student)))
        if get_shim(linkage).module is None:
            linkage.initialize(X=features)
        linked, backprop_linkage = linkage(features, is_train)
        lengths = ops.asarray1i([len(x) for x in own])
        weighed = self.weigh(texts, ops.unflatten(linked, lengths))
        scores, backprop_head = self.head(weighed, is_train)

        def backprop(d_scores: S) -> list[Floats2d]:
            d_linked = ops.flatten(backprop_head(d_scores))[:, : linked.shape[1]]
            _, d_student = backprop_linkage(ops.as_contig(d_linked))
            d_vectors = tokens.backprop_to_teacher(xp2torch(d_student))
            return unflatten(self.head, d_vectors, [len(x) for x in vectors])

        return scores, backprop

    @property
    def learning(self) -> dict[str, Model]:
        """What of the teacher learns: the linkage, and its head if asked."""
        models: dict[str, Model] = {} if self.linkage is None else {"linkage": self.linkage}
        return models | ({"teacher_head": self.head} if self.train_head else {})

    def finish_update(self, sgd: Optimizer) -> None:
        """Update what of the teacher learns.

        sgd (Optimizer): The optimizer.
        """
        learn_rate = sgd.learn_rate
        sgd.learn_rate = learn_rate * self.lr_scale
        try:
            for model in self.learning.values():
                model.finish_update(sgd)
        finally:
            sgd.learn_rate = learn_rate

    def predict(self, student_docs: Sequence[Doc], vectors: list[Floats2d]) -> list[Doc]:
        """Find entities, together with the student's features where there is a linkage.

        student_docs (Sequence[Doc]): The batch on the student's tokens.
        vectors (List[Floats2d]): The student's vectors of its tokens.
        RETURNS (List[Doc]): The batch on the teacher's tokens, with what it found.
        """
        docs = [self.nlp.make_doc(doc.text) for doc in student_docs]
        if self.in_turn:
            for places, scores in self.scores_in_turn([doc.text for doc in docs]):
                own = [docs[i] for i in places]
                self.pipe.set_annotations(own, self.pipe.decode(own, scores))
            return docs
        scores, _ = self._score(student_docs, vectors, self._map_tokens(student_docs), is_train=False)
        self.pipe.set_annotations(docs, self.pipe.decode(docs, scores))
        return docs
