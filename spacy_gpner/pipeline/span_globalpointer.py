"""`span_globalpointer`: nested entities in `doc.spans`."""

import json
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Optional, cast

import torch
from spacy import util
from spacy.language import Language
from spacy.pipeline.trainable_pipe import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Optimizer, set_dropout_rate

from ..distillation.config import DistillationLoss
from ..distillation.teacher import LinkedTeacher
from ..distillation.update import distill_batch
from ..models.by_length import predict_vectors
from ..models.score_model import SpanModel, resize_span_model
from ..models.torch_layer import get_shim, has_unaveraged_shim
from ..spans import Calibration, DecodedSpans, SpanFactors, Window, decode
from ..spans.tiles import WindowMode
from .ents import EntsPolicy, check_ents_policy, flat_entities
from .fork import use_one_thread_after_fork
from .gold import GoldReport
from .learning import differentiate, gold_loss
from .scoring import score_spans

default_config = """
[model]
@architectures = "spacy-gpner.EfficientGlobalPointer.v1"
head_size = 64
rope = true
type_features = "qk"
dropout = 0.1

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy-gpner.CharNgramEmbed.v1"
width = 128
rows = [8000, 50000, 0]

[model.tok2vec.encode]
@architectures = "spacy-gpner.BiLSTMEncoder.v1"
width = ${model.tok2vec.embed.width}
depth = 2
dropout = 0.2
"""
DEFAULT_SPAN_GLOBALPOINTER_MODEL = Config().from_str(default_config)["model"]
DEFAULT_SPANS_KEY = "sc"
MAX_SPANS_PER_TOKEN = 10
SAMPLE_SIZE = 10
DEFAULT_DISTILLATION_LOSS = DistillationLoss()


@Language.factory(
    "span_globalpointer",
    assigns=["doc.spans"],
    default_config={
        "model": DEFAULT_SPAN_GLOBALPOINTER_MODEL,
        "spans_key": DEFAULT_SPANS_KEY,
        "threshold": 0.5,
        "thresholds": None,
        "window": 64,
        "window_mode": "band",
        "max_spans": None,
        "ents_policy": None,
        "scorer": {"@scorers": "spacy-gpner.span_scorer.v1"},
    },
    default_score_weights={"spans_sc_f": 1.0, "spans_sc_p": 0.0, "spans_sc_r": 0.0},
)
def make_span_globalpointer(
    nlp: Language,
    name: str,
    model: SpanModel,
    spans_key: str,
    threshold: float,
    thresholds: Optional[dict[str, float]],
    window: Optional[int],
    window_mode: WindowMode,
    max_spans: Optional[int],
    ents_policy: Optional[EntsPolicy],
    scorer: Optional[Callable],
) -> "SpanGlobalPointer":
    """Create a SpanGlobalPointer component. See `SpanGlobalPointer` for the settings."""
    return SpanGlobalPointer(
        nlp.vocab,
        model,
        name,
        spans_key=spans_key,
        threshold=threshold,
        thresholds=thresholds,
        window=window,
        window_mode=window_mode,
        max_spans=max_spans,
        ents_policy=ents_policy,
        scorer=scorer,
    )


class SpanGlobalPointer(TrainablePipe):
    """Find nested and overlapping entities by scoring every span inside a window (section III of the main
    paper).

    It sets `doc.spans[spans_key]`, sorted by start, then end, then label, with the score of each span in
    `doc.spans[spans_key].attrs["scores"]`: the sigmoid of what the head gives, in [0, 1]; a probability where
    `calibration` is set.

    Once there is such a component, processes forked from this one use a single torch thread: more would hang
    (see `pipeline/fork.py`), and so would `nlp.pipe(n_process=…)`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: SpanModel,
        name: str = "span_globalpointer",
        *,
        spans_key: str = DEFAULT_SPANS_KEY,
        threshold: float = 0.5,
        thresholds: Optional[dict[str, float]] = None,
        window: Optional[int] = 64,
        window_mode: WindowMode = "band",
        max_spans: Optional[int] = None,
        ents_policy: Optional[EntsPolicy] = None,
        scorer: Optional[Callable] = score_spans,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], SpanFactors]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        spans_key (str): Key of the span group to predict, and to learn from.
        threshold (float): Score above which a span is predicted, in [0, 1].
        thresholds (Optional[Dict[str, float]]): Thresholds of single labels, in its place.
        window (Optional[int]): Width of the context shield window in tokens; None for none.
        window_mode (str): "band" lets through spans of at most `window` tokens, "prefix" spans within the
            first `window` tokens of a document.
        max_spans (Optional[int]): The most spans for each document; None for ten times its tokens. The best
            are kept, the rest counted and warned of.
        ents_policy (Optional[str]): How to set `doc.ents` too, without overlap: by "score", "longest",
            "outermost" or "innermost" spans first. None leaves `doc.ents` as they are.
        scorer (Optional[Callable]): The scoring method.
        RAISES (ValueError): If a setting is out of range or unknown.
        """
        if not spans_key:
            raise ValueError("Invalid spans_key: it is empty. The usual one is 'sc'.")
        _check_probability("threshold", threshold)
        _check_probabilities(thresholds)
        if max_spans is not None and max_spans < 0:
            raise ValueError(f"Invalid max_spans: {max_spans}. Expected a number of spans, or null.")
        if ents_policy is not None:
            check_ents_policy(ents_policy)
        Window(window, window_mode)
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {
            "labels": [],
            "spans_key": spans_key,
            "threshold": threshold,
            "thresholds": thresholds,
            "window": window,
            "window_mode": window_mode,
            "max_spans": max_spans,
            "ents_policy": ents_policy,
        }
        self._given_cfg = {name: value for name, value in self.cfg.items() if name != "labels"}
        self.cfg["calibration"] = None
        self._warned_of_dropped = False
        use_one_thread_after_fork()

    @property
    def key(self) -> str:
        """Key of the span group to predict, and to learn from."""
        return str(self.cfg["spans_key"])

    @property
    def threshold(self) -> float:
        """Score above which a span is predicted, in [0, 1]. Set, it holds for all labels: `thresholds` go.

        RAISES (ValueError): If it is set to something out of range.
        """
        return float(self.cfg["threshold"])

    @threshold.setter
    def threshold(self, value: float) -> None:
        _check_probability("threshold", value)
        self.cfg.update(threshold=value, thresholds=None)

    @property
    def thresholds(self) -> Optional[dict[str, float]]:
        """Thresholds of single labels, in place of `threshold`; None if there are none.

        RAISES (ValueError): If it is set to something out of range.
        """
        own: Optional[dict[str, float]] = self.cfg["thresholds"]
        return own

    @thresholds.setter
    def thresholds(self, value: Optional[dict[str, float]]) -> None:
        _check_probabilities(value)
        self.cfg["thresholds"] = value

    @property
    def calibration(self) -> Optional[dict[str, tuple[float, float]]]:
        """Slope and offset by label, or None. A span has the score sigmoid(slope * s + offset) then, where
        s is what the head gives; labels without them have the sigmoid alone. It is this score that thresholds
        are compared with. Learning on removes it.

        RAISES (ValueError): If it is set to a slope that is not positive, or to what is not finite.
        """
        saved = self.cfg["calibration"]
        return None if saved is None else {label: (slope, offset) for label, (slope, offset) in saved.items()}

    @calibration.setter
    def calibration(self, value: Optional[dict[str, tuple[float, float]]]) -> None:
        for label, (slope, offset) in (value or {}).items():
            if not (0 < slope < math.inf and math.isfinite(offset)):
                raise ValueError(
                    f"[{self.name}] Invalid calibration of '{label}': slope {slope}, offset {offset}. "
                    "Expected a slope above 0, and finite numbers."
                )
        self.cfg["calibration"] = value

    @property
    def window(self) -> Window:
        """The context shield window."""
        return Window(self.cfg["window"], self.cfg["window_mode"])

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the component."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> list[str]:
        """The labels, as `initialize` takes them."""
        return list(self.labels)

    @property
    def _label_ids(self) -> dict[str, int]:
        return {label: i for i, label in enumerate(self.labels)}

    def add_label(self, label: str) -> int:
        """Add a label. An initialized model gets untrained outputs for it and keeps what it has learned.

        label (str): The label.
        RETURNS (int): 0 if it is already present, otherwise 1.
        RAISES (ValueError): If the label is not a string or empty.
        """
        if not isinstance(label, str) or not label:
            raise ValueError(
                f"[{self.name}] Invalid label: {label!r}. Expected a string that is not empty, here and "
                f"in the gold spans under doc.spans['{self.key}']."
            )
        if label in self.labels:
            return 0
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        if self._is_initialized:
            resize_span_model(self.model, len(self.labels))
        return 1

    @property
    def _is_initialized(self) -> bool:
        return get_shim(self.model.get_ref("output_layer")).module is not None

    def predict(self, docs: Iterable[Doc]) -> DecodedSpans:
        """Find the entities of a batch of docs, without modifying them.

        docs (Iterable[Doc]): The documents.
        RETURNS (DecodedSpans): The spans above the threshold.
        RAISES (ValueError): If the component has not been initialized, or `thresholds` names a label that it
            does not have.
        """
        self._require_initialized()
        docs = list(docs)
        if not any(len(doc) for doc in docs):
            return DecodedSpans.none(len(docs))
        vectors = predict_vectors(self.model.get_ref("tok2vec"), docs)
        return self.decode(docs, self.model.get_ref("output_layer").predict(vectors))

    def decode(self, docs: Sequence[Doc], scores: SpanFactors) -> DecodedSpans:
        """Find the entities that a model's output stands for.

        docs (Sequence[Doc]): The documents.
        scores (SpanFactors): The model's output for them.
        RETURNS (DecodedSpans): The spans above the threshold.
        """
        limits = [self._max_spans(doc) for doc in docs]
        return decode(scores, self.window, self._type_thresholds(), limits, self._calibration())

    def _type_thresholds(self) -> list[float]:
        own = self.thresholds or {}
        unknown = sorted(set(own) - set(self.labels))
        if unknown:
            raise ValueError(
                f"[{self.name}] Invalid thresholds: there is no label {', '.join(map(repr, unknown))}. The "
                f"labels are {', '.join(self.labels)}."
            )
        return [float(own.get(label, self.threshold)) for label in self.labels]

    def _calibration(self) -> Optional[Calibration]:
        by_label = self.calibration
        if by_label is None:
            return None
        rows = [by_label.get(label, (1.0, 0.0)) for label in self.labels]
        return Calibration(*torch.tensor(rows, dtype=torch.float64).unbind(1))

    def _require_initialized(self) -> None:
        if not self._is_initialized:
            raise ValueError(
                f"The component '{self.name}' has not been initialized. Call nlp.initialize() with examples, "
                "or load a trained pipeline."
            )

    def _max_spans(self, doc: Doc) -> int:
        limit = self.cfg["max_spans"]
        return len(doc) * MAX_SPANS_PER_TOKEN if limit is None else int(limit)

    def set_annotations(self, docs: Iterable[Doc], spans: DecodedSpans) -> None:
        """Write predicted spans to `doc.spans`, and to `doc.ents` if there is a policy for it.

        docs (Iterable[Doc]): The documents to modify.
        spans (DecodedSpans): The spans, produced by `predict`.
        """
        docs = list(docs)
        labels = [self.vocab.strings.add(label) for label in self.labels]
        # By label name, as the documentation promises, where start and end are the same.
        rank = {i: place for place, i in enumerate(sorted(range(len(labels)), key=lambda i: self.labels[i]))}
        rows: list[list[tuple[int, int, int, float]]] = [[] for _ in docs]
        columns = (spans.doc, spans.start, spans.end, spans.type, spans.score)
        for doc, start, end, label, score in zip(*(x.tolist() for x in columns), strict=True):
            rows[doc].append((start, end, label, score))
        for doc, found in zip(docs, rows, strict=True):
            found.sort(key=lambda row: (row[0], row[1], rank[row[2]]))
            doc_spans = [Span(doc, start, end, label=labels[label]) for start, end, label, _ in found]
            scores = [score for *_, score in found]
            group = SpanGroup(doc, name=self.key, spans=doc_spans)
            group.attrs["scores"] = self.model.ops.to_numpy(self.model.ops.asarray1f(scores))
            doc.spans[self.key] = group
            if self.cfg["ents_policy"] is not None:
                doc.set_ents(flat_entities(doc_spans, scores, self.cfg["ents_policy"]))
        self._warn_of_dropped(docs, spans)

    def _warn_of_dropped(self, docs: list[Doc], spans: DecodedSpans) -> None:
        dropped = int(spans.dropped.sum())
        if dropped and not self._warned_of_dropped:
            self._warned_of_dropped = True
            n_docs = int((spans.dropped > 0).sum())
            warnings.warn(
                f"[{self.name}] {dropped} spans of {n_docs} of {len(docs)} docs passed the threshold "
                f"({self.cfg['threshold']}) beyond max_spans and were dropped; the best were kept. Is the "
                "component trained, and the threshold not too low? This is warned of once.",
                stacklevel=3,
            )

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
        drop (float): The dropout rate of thinc layers.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Record of the loss, updated under the component's name.
        RETURNS (Dict[str, float]): The updated record.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "SpanGlobalPointer.update")
        if not any(len(eg.predicted) and self.key in eg.reference.spans for eg in examples):
            return losses
        self._require_initialized()
        set_dropout_rate(self.model, drop)
        factors, backprop = self.model.begin_update([eg.predicted for eg in examples])
        loss, d_factors = self.get_loss(examples, factors)
        backprop(d_factors)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def finish_update(self, sgd: Optimizer) -> None:
        """Update the weights. A calibration does not fit what is learned: it goes.

        sgd (Optimizer): The optimizer.
        """
        self.cfg["calibration"] = None
        super().finish_update(sgd)

    @property
    def is_distillable(self) -> bool:
        """As spaCy v4 asks of components that can be students."""
        return True

    def distill(
        self,
        teacher_pipe: LinkedTeacher,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[dict[str, float]] = None,
        settings: DistillationLoss = DEFAULT_DISTILLATION_LOSS,
    ) -> dict[str, float]:
        """Learn from a teacher, and from the gold spans of examples whose reference has the span group.

        teacher_pipe (LinkedTeacher): The teacher.
        examples (Iterable[Example]): The batch.
        drop (float): The dropout rate of thinc layers.
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
        validate_examples(examples, "SpanGlobalPointer.distill")
        if any(len(eg.predicted) for eg in examples):
            self._require_initialized()
            distill_batch(self, teacher_pipe, examples, settings, drop=drop, sgd=sgd, losses=losses)
        return losses

    def get_loss(self, examples: Iterable[Example], scores: SpanFactors) -> tuple[float, SpanFactors]:
        """Find the loss (Eq. 14 of the main paper) and its gradient.

        examples (Iterable[Example]): The batch.
        scores (SpanFactors): The model's output for it.
        RETURNS (Tuple[float, SpanFactors]): The mean over annotated documents and labels, and the gradient.
        RAISES (ValueError): If the loss is not finite.
        """
        examples = list(examples)
        return differentiate(
            scores,
            lambda factors: gold_loss(factors, examples, self.key, self._label_ids, self.window),
            name=self.name,
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
        RAISES (ValueError): If there are no labels.
        """
        validate_get_examples(get_examples, "SpanGlobalPointer.initialize")
        report = GoldReport()
        sample: list[Doc] = []
        for example in get_examples():
            report.add(example, self.key, self.window)
            if len(example.x) and len(sample) < SAMPLE_SIZE:
                sample.append(example.x)
        for label in sorted(report.total) if labels is None else labels:
            self.add_label(label)
        if not self.labels:
            raise ValueError(
                f"Can't initialize '{self.name}': the examples have no spans under doc.spans['{self.key}'], "
                "and no labels were given. Check that spans_key is the key that the corpus was written with "
                "(`spacy gpner convert --spans-key`), or add labels with add_label."
            )
        report.warn(self.name, self.labels, self.window)
        self.cfg["calibration"] = None
        if nlp is not None:
            self._check_training_config(nlp)
        head = self.model.get_ref("output_layer")
        head.set_dim("nO", len(self.labels), force=True)
        self.model.initialize(X=sample) if sample else self.model.initialize()

    def _check_training_config(self, nlp: Language) -> None:
        config = nlp.config["training"]
        weights = config.get("score_weights", {})
        if self.key != DEFAULT_SPANS_KEY and not any(w.startswith(f"spans_{self.key}_") for w in weights):
            warnings.warn(
                f"[{self.name}] spans_key is '{self.key}', but [training.score_weights] has no weight "
                f"for it: the score would stay 0 and the best model could not be told. Add "
                f"spans_{self.key}_f = 1.0 there.",
                stacklevel=3,
            )
        if config.get("optimizer", {}).get("use_averages") and has_unaveraged_shim(nlp):
            warnings.warn(
                f"[{self.name}] use_averages = true in [training.optimizer]: transformers are not averaged, "
                "and the averages of the other layers alone would not fit them. Set it to false.",
                stacklevel=3,
            )

    def _cfg_to_save(self) -> bytes:
        # Settings come from the pipeline's config: a saved copy would hide later overrides. Only those that
        # were changed since are saved, with what they were changed from.
        changed = {
            name: {"from": given, "to": self.cfg[name]}
            for name, given in self._given_cfg.items()
            if self.cfg[name] != given
        }
        own = {name: self.cfg[name] for name in ("threshold", "thresholds", "calibration")}
        # srsly's JSON rounds numbers, which then differ from those in the config.
        saved = {"labels": self.cfg["labels"], "changed": changed, **own}
        return json.dumps(saved, ensure_ascii=False, indent=2).encode()

    def _load_cfg(self, json_bytes: bytes) -> None:
        saved = json.loads(json_bytes)
        self.cfg["labels"] = saved["labels"]
        for name, change in saved["changed"].items():
            if self._given_cfg[name] == change["from"]:
                self.cfg[name] = change["to"]
        self.cfg["calibration"] = saved.get("calibration")
        # A threshold that is given now, and was not when these thresholds were saved, holds for all labels.
        if self.cfg["thresholds"] == saved.get("thresholds") and self.threshold != saved.get("threshold"):
            self.cfg["thresholds"] = None

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Serialize the component.

        exclude (Iterable[str]): Fields to leave out.
        RETURNS (bytes): The serialized component.
        """
        return util.to_bytes(
            {
                "cfg": self._cfg_to_save,
                "vocab": lambda: self.vocab.to_bytes(exclude=exclude),
                "model": self.model.to_bytes,
            },
            exclude,
        )

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "SpanGlobalPointer":
        """Load the component from what `to_bytes` gave.

        bytes_data (bytes): The serialized component.
        exclude (Iterable[str]): Fields to leave out.
        RETURNS (SpanGlobalPointer): This object.
        """
        util.from_bytes(
            bytes_data,
            {
                "cfg": self._load_cfg,
                "vocab": lambda b: self.vocab.from_bytes(b, exclude=exclude),
                "model": self.model.from_bytes,
            },
            exclude,
        )
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save the component to a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Fields to leave out.
        """
        util.to_disk(
            path,
            {
                "cfg": lambda p: cast(None, p.write_bytes(self._cfg_to_save())),
                "vocab": lambda p: self.vocab.to_disk(p, exclude=exclude),
                "model": self.model.to_disk,
            },
            exclude,
        )

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "SpanGlobalPointer":
        """Load the component from a directory.

        path (Union[str, Path]): The directory.
        exclude (Iterable[str]): Fields to leave out.
        RETURNS (SpanGlobalPointer): This object.
        """
        util.from_disk(
            path,
            {
                "cfg": lambda p: self._load_cfg(p.read_bytes()),
                "vocab": lambda p: cast(None, self.vocab.from_disk(p, exclude=exclude)),
                "model": lambda p: cast(None, self.model.from_disk(p)),
            },
            exclude,
        )
        return self


def _check_probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"Invalid {name}: {value}. Expected a probability between 0 and 1.")


def _check_probabilities(by_label: Optional[dict[str, float]]) -> None:
    for label, value in (by_label or {}).items():
        _check_probability(f"thresholds of '{label}'", value)
