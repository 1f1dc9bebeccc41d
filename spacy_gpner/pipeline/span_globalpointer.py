"""`span_globalpointer`: nested entities in `doc.spans`."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Optional, Union

from spacy.language import Language
from spacy.vocab import Vocab
from thinc.api import Config

from ..errors import GpnerWarning
from ..models.adversary import Adversary
from ..models.score_model import SpanModel
from ..spans import SpanFactors, SpanObjective, Window
from ..spans.fitting import fit_window, make_window
from ..spans.tiles import WindowMode
from .ents import EntsPolicy
from .scoring import score_spans
from .settings import DEFAULT_SPANS_KEY, DEFAULT_STRETCH, Settings
from .span_pipe import SpanPipe

default_config = """
[model]
@architectures = "spacy-gpner.EfficientGlobalPointer.v1"
head_size = 64
rope = true
type_features = "qk"
dropout = null

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = 128
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = [5000, 1000, 2500, 2500]
include_static_vectors = false

[model.tok2vec.encode]
@architectures = "spacy-gpner.BiLSTMEncoder.v2"
width = ${model.tok2vec.embed.width}
depth = 2
dropout = null
layer_norm = true
"""
# A window of more than so many times the tokens of the longest gold span is warned of
FAR_WIDER = 4
DEFAULT_SPAN_GLOBALPOINTER_MODEL = Config().from_str(default_config)["model"]


@Language.factory(
    "span_globalpointer",
    assigns=["doc.spans"],
    default_config={
        "model": DEFAULT_SPAN_GLOBALPOINTER_MODEL,
        "spans_key": DEFAULT_SPANS_KEY,
        "threshold": 0.5,
        "thresholds": None,
        "window": "auto",
        "window_mode": "band",
        "max_spans": None,
        "ents_policy": None,
        "overwrite_ents": False,
        "stretch": DEFAULT_STRETCH,
        "adversary": None,
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
    thresholds: Union[dict[str, float], str, None],
    window: Union[int, Literal["auto"], None],
    window_mode: WindowMode,
    max_spans: Optional[int],
    ents_policy: Optional[EntsPolicy],
    overwrite_ents: bool,
    stretch: Optional[int],
    adversary: Optional[Adversary],
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
        overwrite_ents=overwrite_ents,
        stretch=stretch,
        adversary=adversary,
        scorer=scorer,
    ).show_in(nlp)


@dataclass(frozen=True)
class GlobalPointerSettings(Settings):
    """The settings of `span_globalpointer`.

    window (Union[int, str, None]): Width of the context shield window in tokens; None for none; "auto" for
        the smallest that keeps 99.5 % of the gold spans that the component is initialized with.
    window_mode (str): "band" lets through spans of at most `window` tokens, "prefix" spans within the first
        `window` tokens of a document.
    RAISES (ValueError): If a setting is out of range or unknown.
    """

    window: Union[int, Literal["auto"], None] = "auto"
    window_mode: WindowMode = "band"

    def __post_init__(self) -> None:
        super().__post_init__()
        make_window(self.window, self.window_mode)


class SpanGlobalPointer(SpanPipe[SpanFactors]):
    """Find nested and overlapping entities by scoring every span inside a window (section III of the main
    paper)."""

    def __init__(
        self,
        vocab: Vocab,
        model: SpanModel,
        name: str = "span_globalpointer",
        *,
        scorer: Optional[Callable] = score_spans,
        adversary: Optional[Adversary] = None,
        **settings: Any,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], SpanFactors]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        scorer (Optional[Callable]): The scoring method.
        adversary (Optional[Adversary]): What makes training harder; None for nothing.
        settings (Any): The fields of `GlobalPointerSettings`.
        RAISES (ValueError): If the model is of another kind, or a setting is out of range or unknown.
        """
        own = GlobalPointerSettings(**settings)
        super().__init__(vocab, model, name, settings=own, scorer=scorer, adversary=adversary)
        self.require_layout(type(None), "spacy-gpner.EfficientGlobalPointer.v1")

    @property
    def window(self) -> Window:
        """The context shield window."""
        return make_window(self.cfg["window"], self.cfg["window_mode"])

    @property
    def objective(self) -> SpanObjective:
        """The multi-label loss over the spans in the window, and thresholds."""
        return SpanObjective(self.window)

    def fit(self, spans: Sequence[tuple[int, int]]) -> None:
        """Settle a window that is left to the data, and warn of one that is far wider than they need.

        spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of all gold spans.
        """
        if not spans:
            return
        fitting = fit_window(spans, self.window.mode)
        if self.cfg["window"] == "auto":
            self.cfg["window"] = fitting
            self._show()
        longest = max(end - start for start, end in spans)
        if self.window.mode == "band" and (self.window.width or 0) > FAR_WIDER * max(longest, fitting or 0):
            warnings.warn(
                f"[{self.name}] window is {self.window.width}, and the longest gold span has {longest} "
                "tokens. That costs time, and lets through spans of lengths that were never seen. Set "
                f'window = {fitting}, or "auto".',
                GpnerWarning,
                stacklevel=4,
            )
