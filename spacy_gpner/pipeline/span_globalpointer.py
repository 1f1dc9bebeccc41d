"""`span_globalpointer`: nested entities in `doc.spans`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, Union

from spacy.language import Language
from spacy.vocab import Vocab
from thinc.api import Config

from ..models.score_model import SpanModel
from ..spans import SpanFactors, SpanObjective, Window
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
        "overwrite_ents": False,
        "stretch": DEFAULT_STRETCH,
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
    window: Optional[int],
    window_mode: WindowMode,
    max_spans: Optional[int],
    ents_policy: Optional[EntsPolicy],
    overwrite_ents: bool,
    stretch: Optional[int],
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
        scorer=scorer,
    ).show_in(nlp)


@dataclass(frozen=True)
class GlobalPointerSettings(Settings):
    """The settings of `span_globalpointer`.

    window (Optional[int]): Width of the context shield window in tokens; None for none.
    window_mode (str): "band" lets through spans of at most `window` tokens, "prefix" spans within the first
        `window` tokens of a document.
    RAISES (ValueError): If a setting is out of range or unknown.
    """

    window: Optional[int] = 64
    window_mode: WindowMode = "band"

    def __post_init__(self) -> None:
        super().__post_init__()
        Window(self.window, self.window_mode)


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
        **settings: Any,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], SpanFactors]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        scorer (Optional[Callable]): The scoring method.
        settings (Any): The fields of `GlobalPointerSettings`.
        RAISES (ValueError): If the model is of another kind, or a setting is out of range or unknown.
        """
        super().__init__(vocab, model, name, settings=GlobalPointerSettings(**settings), scorer=scorer)

    @property
    def window(self) -> Window:
        """The context shield window."""
        return Window(self.cfg["window"], self.cfg["window_mode"])

    @property
    def objective(self) -> SpanObjective:
        """The multi-label loss over the spans in the window, and thresholds."""
        return SpanObjective(self.window)
