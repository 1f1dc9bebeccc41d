"""The base of all span components: what they share, whatever their scores are."""

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Optional, TypeVar

import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, set_dropout_rate

from ..checks import check_dropout
from ..entities import show_label
from ..errors import GpnerWarning
from ..models.adversary import Adversary, require_tables
from ..models.score_model import ScoreModel, initialize_score_model
from ..models.torch_layer import has_other_torch, parameter_names
from ..spans import DistillationLoss, Scores
from .caches import keep_frozen_vectors
from .finding_pipe import FindingPipe
from .fork import use_one_thread_after_fork
from .gold import GoldReport, KeysFound
from .learning import differentiate, gold_loss, lesson_divergence
from .scoring import score_spans
from .settings import DEFAULT_SPANS_KEY, Settings
from .teaching import Teacher

S = TypeVar("S", bound=Scores)
T = TypeVar("T")

SAMPLE_SIZE = 10
NO_LABELS = (
    "Give examples with gold under this key (`spacy gpner convert --spans-key`), or labels with add_label."
)
DEFAULT_DISTILLATION_LOSS = DistillationLoss()


class SpanPipe(FindingPipe[S]):
    """A component that writes spans with scores to `doc.spans`. A kind of component gives it an `objective`.

    It sets `doc.spans[spans_key]`, sorted by start, then end, then label, with the score of each span in
    `doc.spans[spans_key].attrs["scores"]`: in [0, 1], and a probability where `calibration` is set.

    Once there is such a component, processes forked from this one use a single torch thread: more would hang
    (see `pipeline/fork.py`), and so would `nlp.pipe(n_process=…)`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: ScoreModel[S],
        name: str,
        *,
        settings: Settings,
        scorer: Optional[Callable] = score_spans,
        adversary: Optional[Adversary] = None,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], Scores]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        settings (Settings): The settings.
        scorer (Optional[Callable]): The scoring method.
        adversary (Optional[Adversary]): What makes training harder; None for nothing.
        RAISES (ValueError): If the model is of another kind.
        """
        super().__init__(vocab, model, name, settings=settings, scorer=scorer)
        if adversary is not None and not isinstance(adversary, Adversary):
            raise ValueError(
                f"[{name}] Invalid adversary: {type(adversary).__name__}. Expected a block with @misc = "
                '"spacy-gpner.FGM.v1" or "spacy-gpner.PGD.v1", or null.'
            )
        self.adversary = adversary
        # Labels of gold that it lacks, of which has been told
        self._unknown: set[str] = set()
        use_one_thread_after_fork()

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[dict[str, float]] = None,
    ) -> dict[str, float]:
        """Learn from a batch of documents and gold-standard spans. Examples whose reference lacks the span
        group are not annotated: nothing is learned from them.

        examples (Iterable[Example]): The batch.
        drop (float): The dropout rate of thinc layers, and of torch layers without a rate of their own.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Record of the loss, updated under the component's name.
        RETURNS (Dict[str, float]): The updated record.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.update")
        check_dropout(drop)
        # A shared encoder waits for its last listener, even where that has nothing to learn from.
        if not any(len(eg.predicted) for eg in examples):
            return losses
        self.require_initialized()
        set_dropout_rate(self.model, drop)

        def step() -> float:
            scores, backprop = self.model.begin_update([eg.predicted for eg in examples])
            loss, d_scores = self.get_loss(examples, scores)
            backprop(d_scores)
            return loss

        losses[self.name] += self._make_step(step)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _make_step(self, step: Callable[[], T], also: Iterable[Model] = ()) -> T:
        return step() if self.adversary is None else self.adversary(self.model, step, also)

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the weights. A calibration does not fit what is learned: it goes.

        sgd (Optimizer): The optimizer.
        """
        self.cfg["calibration"] = None
        super().finish_update(sgd)

    def distill(
        self,
        teacher_pipe: Teacher[S],
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[dict[str, float]] = None,
        settings: DistillationLoss = DEFAULT_DISTILLATION_LOSS,
    ) -> dict[str, float]:
        """Learn from a teacher, and from the gold spans of examples whose reference has the span group. What
        learns of the teacher learns from the gold spans.

        teacher_pipe (Teacher): The teacher.
        examples (Iterable[Example]): The batch.
        drop (float): The dropout rate of thinc layers, and of torch layers without a rate of their own.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Record of the losses, updated under the component's name; the
            divergence under `{name}_distillation`, the joint teacher's loss under `{name}_teacher`.
        settings (DistillationLoss): What is added to the loss.
        RETURNS (Dict[str, float]): The updated record.
        """
        losses = {} if losses is None else losses
        for name in (self.name, f"{self.name}_distillation", f"{self.name}_teacher"):
            losses.setdefault(name, 0.0)
        examples = list(examples)
        validate_examples(examples, f"{type(self).__name__}.distill")
        check_dropout(drop)
        docs = [eg.predicted for eg in examples]
        if not any(len(doc) for doc in docs):
            return losses
        self.require_initialized()
        set_dropout_rate(self.model, drop)
        found = self._make_step(
            lambda: self._learn_from(teacher_pipe, examples, settings), teacher_pipe.learning.values()
        )
        for name, value in found.items():
            losses[name] += value
        if sgd is not None:
            self.finish_update(sgd)
            teacher_pipe.finish_update(sgd)
        return losses

    def _learn_from(
        self, teacher_pipe: Teacher[S], examples: Sequence[Example], settings: DistillationLoss
    ) -> dict[str, float]:
        """The gradients of a batch, and its losses by their names."""
        losses = {}
        docs = [eg.predicted for eg in examples]
        vectors, backprop_vectors = self.model.get_ref("tok2vec").begin_update(docs)
        scores, backprop_scores = self.model.get_ref("output_layer").begin_update(vectors)
        losses[self.name], d_scores = self._weigh_gold(examples, scores, teacher_pipe.labels, settings)

        lesson = teacher_pipe.teach(docs, vectors, is_train=True)
        if settings.alpha:
            types = [self.labels.index(label) for label in teacher_pipe.labels]

            def divergence(own: S) -> torch.Tensor:
                return settings.alpha * lesson_divergence(own.types(types), lesson, self.objective, settings)

            value, d_divergence = differentiate(scores, divergence, name=f"{self.name}, distillation")
            losses[f"{self.name}_distillation"] = value
            d_scores = d_scores + d_divergence
        d_vectors = backprop_scores(d_scores)

        if lesson.joint is not None:
            value, d_linked = lesson.joint(examples, self.key)
            losses[f"{self.name}_teacher"] = value
            d_vectors = [own + linked for own, linked in zip(d_vectors, d_linked, strict=True)]
        backprop_vectors(d_vectors)
        return losses

    def _weigh_gold(
        self, examples: Sequence[Example], scores: S, taught: Collection[str], settings: DistillationLoss
    ) -> tuple[float, S]:
        """The loss of a batch's gold and its gradient, as a mixture with a teacher's scores weighs it. Labels
        that the teacher lacks have nothing but gold, and keep all of their part of the loss."""
        loss, d_scores = self.get_loss(examples, scores)
        loss, d_scores = settings.gold_weight * loss, d_scores * settings.gold_weight
        untaught = [label for label in self.labels if label not in taught]
        if not untaught or settings.gold_weight == 1:
            return loss, d_scores
        types = [self.labels.index(label) for label in untaught]
        label_ids = {label: i for i, label in enumerate(untaught)}
        weight = (1 - settings.gold_weight) * len(untaught) / len(self.labels)
        kept, d_kept = differentiate(
            scores,
            lambda own: weight * gold_loss(own.types(types), examples, self.key, label_ids, self.objective),
            name=self.name,
        )
        return loss + kept, d_scores + d_kept

    def get_loss(self, examples: Iterable[Example], scores: S) -> tuple[float, S]:
        """Find the loss and its gradient.

        examples (Iterable[Example]): The batch.
        scores (Scores): The model's output for it.
        RETURNS (Tuple[float, Scores]): The mean over annotated documents, and the gradient.
        RAISES (DivergedError): If the loss is not finite.
        """
        examples = list(examples)
        self._warn_of_unknown(examples)
        label_ids = {label: i for i, label in enumerate(self.labels)}
        return differentiate(
            scores,
            lambda own: gold_loss(own, examples, self.key, label_ids, self.objective),
            name=self.name,
        )

    def _warn_of_unknown(self, examples: Sequence[Example]) -> None:
        """Say once of each label of gold that nothing will be learned of it, as where a trained component
        goes on with another corpus."""
        groups = (eg.reference.spans.get(self.key, ()) for eg in examples)
        new = {span.label_ for group in groups for span in group} - set(self.labels) - self._unknown
        if new:
            self._unknown |= new
            shown = ", ".join(map(show_label, sorted(new)))
            warnings.warn(
                f"[{self.name}] There are gold spans of labels that the component does not have, and they "
                f"are ignored: {shown}. Add them with add_label, or train a component that is not taken from "
                "another pipeline (`source`), which has its labels alone.",
                GpnerWarning,
                stacklevel=3,
            )

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[list[str]] = None,
    ) -> None:
        """Initialize the component for training.

        get_examples (Callable[[], Iterable[Example]]): Returns a representative sample of gold examples.
        nlp (Optional[Language]): The pipeline that the component is part of.
        labels (Optional[List[str]]): The labels, typically made by `init labels`. Without them, they are
            taken from the examples.
        RAISES (ValueError): If there are no labels, or `thresholds` names one that is not there.
        RAISES (PipelineError): If an encoder can't be loaded, a label has no query, or `adversary` finds no
            table of embeddings.
        """
        validate_get_examples(get_examples, f"{type(self).__name__}.initialize")
        report = GoldReport(KeysFound(self.key))
        sample: list[Doc] = []
        for example in get_examples():
            report.add(example)
            if len(example.x) and len(sample) < SAMPLE_SIZE:
                sample.append(example.x)
        for label in sorted(report.total) if labels is None else labels:
            self.add_label(label)
        if not self.labels:
            raise ValueError(
                f"Can't initialize '{self.name}': the examples have no spans under doc.spans['{self.key}'], "
                f"and no labels were given. {report.keys.describe() or NO_LABELS}"
            )
        self.check_thresholds()
        self.fit([(start, end) for own in report.spans for start, end, _ in own])
        report.warn(self.name, self.labels, self.objective)
        self._unknown = set(report.total) - set(self.labels)
        self.cfg["calibration"] = None
        if nlp is not None:
            self._check_training_config(nlp)
        initialize_score_model(self.model, len(self.labels), sample)
        if nlp is not None:
            self._check_rates(nlp)
        if self.adversary is not None:
            require_tables(self.model, self.name)
        keep_frozen_vectors(self.name, self.model, get_examples, nlp)

    def _check_rates(self, nlp: Language) -> None:
        """Warn of rates of no parameter, once all models are there."""
        given = nlp.config.interpolate()["training"].get("optimizer", {}).get("lr_scale")
        models = [getattr(pipe, "model", None) for _, pipe in nlp.pipeline]
        found = [parameter_names(model) for model in models if isinstance(model, Model)]
        if not isinstance(given, Mapping) or None in found:
            return
        names = sorted({name for own in found for name in own or ()})
        if unused := [pattern for pattern in given if not any(fnmatchcase(name, pattern) for name in names)]:
            warnings.warn(
                f"[training.optimizer] lr_scale: no parameter has a name such as {', '.join(unused)}. There "
                f"are {', '.join(dict.fromkeys(name.partition('.')[0] for name in names))}, and what is in "
                "them.",
                GpnerWarning,
                stacklevel=3,
            )

    def fit(self, spans: Sequence[tuple[int, int]]) -> None:
        """Settle what the settings leave to the data. Called by `initialize`, before the model is.

        spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of all gold spans.
        """

    def _check_training_config(self, nlp: Language) -> None:
        config = nlp.config.interpolate()["training"]
        weights = config.get("score_weights", {})
        if self.key != DEFAULT_SPANS_KEY and not any(w.startswith(f"spans_{self.key}_") for w in weights):
            warnings.warn(
                f"[{self.name}] spans_key is '{self.key}', but [training.score_weights] has no weight "
                f"for it: the score would stay 0 and the best model could not be told. Add "
                f"spans_{self.key}_f = 1.0 there.",
                GpnerWarning,
                stacklevel=3,
            )
        models = [getattr(pipe, "model", None) for _, pipe in nlp.pipeline]
        # An optimizer's averages pass by thinc's shims
        is_passed_by = any(isinstance(model, Model) and has_other_torch(model) for model in models)
        if config.get("optimizer", {}).get("use_averages") and is_passed_by:
            warnings.warn(
                f"[{self.name}] use_averages = true in [training.optimizer]: transformers are not averaged, "
                "and the averages of the other layers alone would not fit them. Set it to false.",
                GpnerWarning,
                stacklevel=3,
            )
