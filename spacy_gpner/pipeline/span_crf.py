"""`span_crf`: entities by their tags, in `doc.spans`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Optional, Union, cast

from spacy.language import Language
from spacy.vocab import Vocab
from thinc.api import Config

from ..models.adversary import Adversary
from ..models.heads.crf import TagModel
from ..models.score_model import get_layout
from ..spans import TagObjective, TagScores, TagSet
from ..spans.fitting import fit_whole_window, make_window
from ..spans.tag_objective import Decoding
from .ents import EntsPolicy
from .scoring import score_spans
from .settings import DEFAULT_SPANS_KEY, DEFAULT_STRETCH, Settings
from .span_pipe import SpanPipe

default_config = """
[model]
@architectures = "spacy-gpner.CRF.v1"
scheme = "bioes"
by_type = false
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
DEFAULT_SPAN_CRF_MODEL = Config().from_str(default_config)["model"]


@Language.factory(
    "span_crf",
    assigns=["doc.spans"],
    default_config={
        "model": DEFAULT_SPAN_CRF_MODEL,
        "spans_key": DEFAULT_SPANS_KEY,
        "threshold": 0.5,
        "thresholds": None,
        "decoding": "marginal",
        "window": "auto",
        "max_spans": None,
        "ents_policy": None,
        "overwrite_ents": False,
        "stretch": DEFAULT_STRETCH,
        "adversary": None,
        "scorer": {"@scorers": "spacy-gpner.span_scorer.v1"},
    },
    default_score_weights={"spans_sc_f": 1.0, "spans_sc_p": 0.0, "spans_sc_r": 0.0},
)
def make_span_crf(
    nlp: Language,
    name: str,
    model: TagModel,
    spans_key: str,
    threshold: float,
    thresholds: Union[dict[str, float], str, None],
    decoding: Decoding,
    window: Union[int, Literal["auto"], None],
    max_spans: Optional[int],
    ents_policy: Optional[EntsPolicy],
    overwrite_ents: bool,
    stretch: Optional[int],
    adversary: Optional[Adversary],
    scorer: Optional[Callable],
) -> "SpanCRF":
    """Create a SpanCRF component. See `SpanCRF` for the settings."""
    return SpanCRF(
        nlp.vocab,
        model,
        name,
        spans_key=spans_key,
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
class CRFSettings(Settings):
    """The settings of `span_crf`.

    decoding (str): "marginal" finds all spans whose probability passes the threshold, "viterbi" those of them
        that are on the likeliest path: with threshold 0, all on it.
    window (Union[int, str, None]): The most tokens of a span that can be found; None for any number; "auto"
        for the smallest usual width that keeps all gold spans that the component is initialized with, or
        beyond these the length of the longest.
    RAISES (ValueError): If a setting is out of range or unknown.
    """

    decoding: Decoding = "marginal"
    window: Union[int, Literal["auto"], None] = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        TagObjective(TagSet(), self.decoding, make_window(self.window))


class SpanCRF(SpanPipe[TagScores]):
    """Find entities by a conditional random field over tags: one chain, whose entities don't overlap, or one
    for each type, so that entities of different types can. The score of a span is its probability: that
    exactly its tokens are an entity of its type."""

    def __init__(
        self,
        vocab: Vocab,
        model: TagModel,
        name: str = "span_crf",
        *,
        scorer: Optional[Callable] = score_spans,
        adversary: Optional[Adversary] = None,
        **settings: Any,
    ) -> None:
        """Initialize the component.

        vocab (Vocab): The shared vocabulary.
        model (Model[List[Doc], TagScores]): The model, with the refs `tok2vec` and `output_layer`.
        name (str): The component instance name, used to add entries to the losses during training.
        scorer (Optional[Callable]): The scoring method.
        adversary (Optional[Adversary]): What makes training harder; None for nothing.
        settings (Any): The fields of `CRFSettings`.
        RAISES (ValueError): If the model is of another kind, or a setting is out of range or unknown.
        """
        own = CRFSettings(**settings)
        super().__init__(vocab, model, name, settings=own, scorer=scorer, adversary=adversary)
        self.require_layout(TagSet, "spacy-gpner.CRF.v1")

    @property
    def tags(self) -> TagSet:
        """The tags of the model."""
        return cast(TagSet, get_layout(self.model))

    @property
    def objective(self) -> TagObjective:
        """The likelihood of the gold tags, and the probabilities of spans."""
        return TagObjective(self.tags, self.cfg["decoding"], make_window(self.cfg["window"]))

    def fit(self, spans: Sequence[tuple[int, int]]) -> None:
        """Settle a window that is left to the data.

        spans (Sequence[Tuple[int, int]]): First token, and the token after the last, of all gold spans.
        """
        if spans and self.cfg["window"] == "auto":
            self.cfg["window"] = fit_whole_window(spans)
            self._show()
