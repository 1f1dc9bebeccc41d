"""`span_mrc`: entities as answers to a query about each type, in `doc.spans`."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional, Self, Union, cast

from spacy.language import Language
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config
from thinc.types import Floats2d

from ..entities import show_label
from ..errors import GpnerWarning, PipelineError
from ..models.adversary import Adversary
from ..models.heads.ensemble import members_of, settle_widths
from ..models.heads.mrc import TAGS, HeadName, MRCHead, MRCModel, scoring_alone
from ..models.score_model import get_layout, is_initialized
from ..models.torch_layer import get_shim
from ..models.transformers.queries import query_layers, set_queries
from ..spans import (
    BinarySpanObjective,
    JointObjective,
    JointScores,
    Objective,
    PointerObjective,
    TagObjective,
)
from ..spans.fitting import fit_whole_window, make_window
from .ents import EntsPolicy
from .queries import Given, check_queries, read_queries
from .scoring import score_spans
from .settings import DEFAULT_SPANS_KEY, DEFAULT_STRETCH, Settings
from .span_pipe import SpanPipe

Decoding = Literal["crf", "biaffine", "pointer", "union", "vote", "mean"]

default_config = """
[model]
@architectures = "spacy-gpner.MRC.v1"
heads = ["crf","biaffine"]
task_weights = "learned"
label_size = 128
head_size = 128
hidden_size = 256
dropout = 0.1

[model.tok2vec]
@architectures = "spacy-gpner.QueryTransformer.v1"
name = "hfl/chinese-roberta-wwm-ext"
query_position = "after"
depth = null
frozen_layers = 0
dropout = null
window = 384
stride = 256
mixed_precision = true
"""
DEFAULT_SPAN_MRC_MODEL = Config().from_str(default_config)["model"]


@Language.factory(
    "span_mrc",
    assigns=["doc.spans"],
    default_config={
        "model": DEFAULT_SPAN_MRC_MODEL,
        "spans_key": DEFAULT_SPANS_KEY,
        "queries": None,
        "threshold": 0.5,
        "thresholds": None,
        "decoding": None,
        "window": "auto",
        "max_spans": None,
        "ents_policy": None,
        "overwrite_ents": False,
        "stretch": DEFAULT_STRETCH,
        "adversary": None,
        "scorer": {"@scorers": "spacy-gpner.span_scorer.v1"},
    },
    default_score_weights={
        "spans_sc_f": 1.0,
        "spans_sc_p": 0.0,
        "spans_sc_r": 0.0,
        "span_mrc_crf_weight": 0.0,
        "span_mrc_biaffine_weight": 0.0,
    },
)
def make_span_mrc(
    nlp: Language,
    name: str,
    model: MRCModel,
    spans_key: str,
    queries: Given,
    threshold: float,
    thresholds: Union[dict[str, float], str, None],
    decoding: Optional[Decoding],
    window: Union[int, Literal["auto"], None],
    max_spans: Optional[int],
    ents_policy: Optional[EntsPolicy],
    overwrite_ents: bool,
    stretch: Optional[int],
    adversary: Optional[Adversary],
    scorer: Optional[Callable],
) -> "SpanMRC":
    """Create a SpanMRC component. See `SpanMRC` for the settings."""
    return SpanMRC(
        nlp.vocab,
        model,
        name,
        spans_key=spans_key,
        queries=queries,
        threshold=threshold,
        thresholds=thresholds,
        decoding=decoding,
        window=window,
        max_spans=max_spans,
        ents_policy=ents_policy,
        overwrite_ents=overwrite_ents,
        stretch=stretch,
        adversary=adversary,
        scorer=scorer,
    ).show_in(nlp)


@dataclass(frozen=True)
class MRCSettings(Settings):
    """The settings of `span_mrc`.

    queries (Union[Dict[str, str], str, None]): A query for each label, or the path of a YAML or JSON file of
        them. None for the labels' names.
    decoding (Optional[str]): The head that finds spans: "crf", "biaffine" or "pointer"; or all of them: their
        "union", a "vote" of more than half of them, or the "mean" of their log-odds. None for the first head.
    window (Union[int, str, None]): The most tokens of a span that can be found; None for any number; "auto"
        for the smallest usual width that keeps all gold spans that the component is initialized with, or
        beyond these the length of the longest.
    RAISES (ValueError): If a setting is out of range or unknown.
    """

    queries: Given = None
    decoding: Optional[Decoding] = None
    window: Union[int, Literal["auto"], None] = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_queries(self.queries)
        make_window(self.window)


class SpanMRC(SpanPipe[JointScores]):
    """Find entities by reading each text with a query about each type (paper 3): as tags, as spans, or as
    both, which are learned together."""

    def __init__(
        self,
        vocab: Vocab,
        model: MRCModel,
        name: str = "span_mrc",
        *,
        scorer: Optional[Callable] = score_spans,
        adversary: Optional[Adversary] = None,
        **settings: Any,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], JointScores]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        scorer (Optional[Callable]): The scoring method.
        adversary (Optional[Adversary]): What makes training harder; None for nothing.
        settings (Any): The fields of `MRCSettings`.
        RAISES (ValueError): If the model is of another kind, or a setting is out of range or unknown.
        """
        own = MRCSettings(**settings)
        super().__init__(vocab, model, name, settings=own, scorer=scorer, adversary=adversary)
        self.require_layout(tuple, "spacy-gpner.MRC.v1")
        for tok2vec in members_of(model.get_ref("tok2vec")):
            if "queries" not in tok2vec.attrs:
                reason = "mixes its readings" if query_layers(tok2vec) else "reads no queries"
                raise ValueError(
                    f"[{name}] Invalid model: its tok2vec ({tok2vec.name}) {reason}. Expected one that gives "
                    "each by itself, such as spacy-gpner.QueryTransformer.v1."
                )
        # The decoding has to be one of the heads that there are
        _ = self.objective

    @property
    def heads(self) -> tuple[HeadName, ...]:
        """The names of the model's heads."""
        return cast("tuple[HeadName, ...]", get_layout(self.model))

    @property
    def objective(self) -> JointObjective:
        """The heads' losses together, and how their spans are found."""
        window = make_window(self.cfg["window"])
        kinds: dict[HeadName, Objective] = {
            "crf": TagObjective(TAGS, "marginal", window),
            "biaffine": BinarySpanObjective(window),
            "pointer": PointerObjective(window),
        }
        heads: dict[str, Objective] = {name: kinds[name] for name in self.heads}
        return JointObjective(heads, self.cfg["decoding"] or self.heads[0])

    @property
    def task_weights(self) -> dict[str, float]:
        """What the loss of each head weighs; nothing of an ensemble, or before it is initialized."""
        module = get_shim(self.model.get_ref("output_layer")).module
        if not isinstance(module, MRCHead):
            return {}
        return dict(zip(self.heads, module.tasks.detach().softmax(0).tolist(), strict=True))

    def score_vectors(self, vectors: list[Floats2d]) -> JointScores:
        """Score token vectors by the heads that find spans. See `FindingPipe.score_vectors`."""
        with scoring_alone(self.objective.deciding):
            return super().score_vectors(vectors)

    @property
    def _queries(self) -> Optional[dict[str, str]]:
        return read_queries(self.cfg["queries"])

    def prepare_label(self, label: str) -> None:
        """Ask about a new label too.

        label (str): The label.
        RAISES (PipelineError): If there are queries, and none for the label.
        """
        query = self._query(label)
        # Members of an ensemble may have their labels in orders of their own
        for layer in query_layers(self.model):
            set_queries(layer, [*layer.attrs["queries"], query])
        settle_widths(self.model)

    def _query(self, label: str) -> str:
        queries = self._queries
        if queries is None:
            return label
        if label not in queries:
            given = self.cfg["queries"]
            where = given if isinstance(given, str) else "`queries`"
            raise PipelineError(
                f"[{self.name}] {where} has no query for the label '{show_label(label)}'. Add one, or leave "
                "`queries` out: the labels' names are asked for then."
            )
        return queries[label]

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[list[str]] = None,
    ) -> None:
        """Initialize the component for training. See `SpanPipe.initialize`."""
        if nlp is not None and nlp.lang is not None:
            self._warn_of_the_language(nlp.lang)
        super().initialize(get_examples, nlp=nlp, labels=labels)
        queries = self._queries
        if queries is None:
            text = (
                "There are no queries: the encoder is asked for the labels' names. A sentence about each "
                "type, with examples, tells it more. Set `queries`."
            )
            warnings.warn(f"[{self.name}] {text}", GpnerWarning, stacklevel=2)
        elif unknown := sorted(set(queries) - set(self.labels)):
            shown = ", ".join(map(show_label, unknown))
            text = f"There are queries for labels that no gold span has: {shown}."
            warnings.warn(f"[{self.name}] {text}", GpnerWarning, stacklevel=2)

    def _warn_of_the_language(self, lang: str) -> None:
        """The default encoder is one of Chinese."""
        name = DEFAULT_SPAN_MRC_MODEL["tok2vec"]["name"]
        if lang != "zh" and any(layer.attrs.get("name") == name for layer in query_layers(self.model)):
            warnings.warn(
                f"[{self.name}] The encoder is {name}, which reads Chinese, and the language is '{lang}'. "
                "Set `name` in the block of the model's tok2vec to one that reads it, such as "
                "google-bert/bert-base-multilingual-cased.",
                GpnerWarning,
                stacklevel=3,
            )

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Load the component from a directory. See `ConfiguredPipe.from_disk`."""
        super().from_disk(path, exclude=exclude)
        self._warn_of_other_queries()
        return self

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Load the component from what `to_bytes` gave. See `ConfiguredPipe.from_bytes`."""
        super().from_bytes(bytes_data, exclude=exclude)
        self._warn_of_other_queries()
        return self

    def _warn_of_other_queries(self) -> None:
        """Queries are saved with the model: others in the config, or in a changed file, change nothing."""
        given = self.cfg["queries"]
        is_gone = isinstance(given, str) and not Path(given).is_file()
        if given is None or is_gone or not is_initialized(self.model):
            return
        try:
            now = read_queries(given) or {}
        except (PipelineError, OSError):
            # What has become of the file is of no matter: the queries are in the model
            return
        asked = dict(zip(self.labels, query_layers(self.model)[0].attrs["queries"], strict=True))
        if any(now.get(label, query) != query for label, query in asked.items()):
            warnings.warn(
                f"[{self.name}] `queries` are not those that the component was trained with, and goes on to "
                "ask. For others, train it again.",
                GpnerWarning,
                stacklevel=3,
            )

    def fit(self, spans: Sequence[tuple[int, int]]) -> None:
        """Settle a window that is left to the data, and what is asked.

        spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of all gold spans.
        """
        # What was asked before, and its order in the members of an ensemble, goes with the weights
        set_queries(self.model, [self._query(label) for label in self.labels])
        settle_widths(self.model)
        if spans and self.cfg["window"] == "auto":
            self.cfg["window"] = fit_whole_window(spans)
            self._show()

    def score(self, examples: Iterable[Example], **settings: Any) -> dict[str, Any]:
        """Score a batch of examples; and say what the heads' losses weigh.

        examples (Iterable[Example]): The examples.
        settings (Any): Passed to the scorer.
        RETURNS (Dict[str, Any]): The scores.
        """
        weights = {f"{self.name}_{head}_weight": weight for head, weight in self.task_weights.items()}
        return super().score(examples, **settings) | weights
