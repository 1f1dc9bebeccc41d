"""What a config is for: a language, a size, and what they imply."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Optional, get_args

from spacy.util import get_lang_class, is_package

from ..errors import ConfigError, PipelineError
from ..pipeline.queries import read_queries
from ..profiling.transformer import read_transformer_config
from ..tokenizer import TokenizerName, default_tokenizer

Size = Literal["small", "base", "frozen", "fused", "transformer"]
Head = Literal["EfficientGlobalPointer", "GlobalPointer"]
Component = Literal["span_globalpointer", "span_crf", "span_mrc"]
Context = Literal["idcnn", "mha", "bilstm", "bigru"]

# What our results in Chinese are with; for other languages spaCy recommends one
CHINESE_TRANSFORMER = "hfl/chinese-roberta-wwm-ext"
# For those without: what spaCy takes for them leaves out accents, and the marks of kana
MULTILINGUAL_TRANSFORMER = "google-bert/bert-base-multilingual-cased"
HEADS: dict[Component, str] = {
    "span_globalpointer": "under a head that scores every span in the window",
    "span_crf": "under a conditional random field over tags",
    "span_mrc": "that reads each text with a query about each type",
}
CONTEXTS: dict[Context, str] = {
    "idcnn": "dilated convolutions",
    "mha": "self-attention",
    "bilstm": "a BiLSTM",
    "bigru": "a BiGRU",
}
# Of the encoders that spaCy recommends
N_LAYERS = 12


@dataclass(frozen=True)
class Recipe:
    """What a config is for.

    lang (str): The language's code.
    size (str): "small" and "base" are trained from scratch, one BiLSTM layer and two; "frozen" is "base" with
        the vectors of a pretrained encoder, which does not learn; in "fused" it does, and in "transformer",
        which has nothing beside it.
    tokenizer (Optional[str]): "char" makes a token of each character, "lang" is the language's own tokenizer.
        By default what `spacy gpner convert` takes for the language.
    transformer (Optional[str]): A name on the Hugging Face hub or a directory. By default one of the
        language.
    depth (Optional[int]): With "fused" and "transformer", keep its first layers alone, so many; None for all.
    vectors (Optional[str]): A package or directory with static vectors of words, or where every character is
        a token of characters.
    gpu (bool): Whether to train on a GPU, where a transformer can be large: with the main paper's settings.
    head (str): The architecture that scores the spans.
    student (bool): Whether the config has what `spacy gpner distill` needs.
    component (str): "span_globalpointer" scores spans, "span_crf" tags, "span_mrc" answers to queries.
    queries (Optional[str]): Of "span_mrc": a file of queries.
    by_type (bool): Of "span_crf": whether entities of different types can overlap.
    context (Sequence[str]): Context layers, from the bottom to the top: on a transformer, else in place of
        the BiLSTM.
    adversary (bool): Whether it is trained adversarially, by FGM.
    RAISES (ConfigError): If a setting is unknown, or two don't go together.
    """

    lang: str = "zh"
    size: Size = "base"
    tokenizer: Optional[TokenizerName] = None
    transformer: Optional[str] = None
    depth: Optional[int] = None
    vectors: Optional[str] = None
    gpu: bool = False
    head: Head = "EfficientGlobalPointer"
    student: bool = True
    component: Component = "span_globalpointer"
    by_type: bool = False
    queries: Optional[str] = None
    context: Sequence[Context] = ()
    adversary: bool = False

    def __post_init__(self) -> None:
        try:
            get_lang_class(self.lang)
        except ImportError:
            raise ConfigError(
                f"spaCy knows no language '{self.lang}'. Give a code such as zh or en, or xx for any."
            ) from None
        if self.size not in get_args(Size):
            raise ConfigError(f"There is no size '{self.size}'. Sizes: {', '.join(get_args(Size))}.")
        if self.transformer is not None:
            self._check_transformer(self.transformer)
        for given, known in (
            *((x, get_args(Context)) for x in self.context),
            (self.component, get_args(Component)),
        ):
            if given not in known:
                raise ConfigError(f"There is no '{given}'. There are: {', '.join(known)}.")
        if self.by_type and self.component != "span_crf":
            raise ConfigError(
                "Tags for each type (--by-type) are a setting of span_crf: the other components find nested "
                "entities without. Give --component span_crf, or leave --by-type out."
            )
        if self.component == "span_mrc" and (self.size != "transformer" or self.context):
            raise ConfigError(
                "span_mrc reads texts with a pretrained encoder, without context layers. Give --size "
                "transformer, and leave --context out."
            )
        if self.queries is not None and self.component != "span_mrc":
            raise ConfigError("Queries are for span_mrc. Give --component span_mrc, or leave --queries out.")
        if self.queries is not None:
            read_queries(self.queries)
        if self.depth is not None and not self.is_fine_tuned:
            raise ConfigError(
                f"A config of size {self.size} keeps all layers that it uses. Give --size fused or "
                "transformer, or leave --depth out."
            )
        if self.vectors is not None:
            self._check_vectors(self.vectors)

    def _check_transformer(self, name: str) -> None:
        if not self.is_pretrained:
            raise ConfigError(
                f"A config of size {self.size} has no transformer. Give --size frozen, fused or "
                "transformer, or leave --transformer out."
            )
        path = Path(name)
        is_path = path.is_absolute() or path.exists() or name.startswith(".") or name.count("/") > 1
        if is_path and not (path / "config.json").is_file():
            raise ConfigError(
                f"{name} is no directory of a transformer: it has no config.json. Give one, as "
                "save_pretrained() writes it, or a name on the Hugging Face hub."
            )

    def _check_vectors(self, name: str) -> None:
        if self.is_pretrained:
            raise ConfigError(
                "A config with a transformer has no place for static vectors. They are for --size small and "
                "base."
            )
        if not is_package(name) and not Path(name).is_dir():
            raise ConfigError(
                f"There are no vectors '{name}': neither an installed package nor a directory. Download a "
                "package with vectors (spacy download en_core_web_md), or make some (spacy init vectors)."
            )

    @property
    def is_pretrained(self) -> bool:
        """Whether it has a pretrained encoder."""
        return self.is_fine_tuned or self.size == "frozen"

    @property
    def is_fine_tuned(self) -> bool:
        """Whether it has a pretrained encoder that learns."""
        return self.size in ("fused", "transformer")

    @property
    def is_characters(self) -> bool:
        """Whether every character is a token."""
        return (self.tokenizer or default_tokenizer(self.lang)) == "char"

    @cached_property
    def variables(self) -> dict[str, Any]:
        """What the templates know of it."""
        defaults = get_lang_class(self.lang).Defaults.config
        places = [
            f"components.{self.component}.model{'.tok2vec' * i}" for i in range(1, len(self.context) + 2)
        ]
        transformer = self.transformer or _recommend(self.lang)
        return {
            "component": self.component,
            "by_type": self.by_type,
            "queries": self.queries,
            "context": list(zip(places, reversed(self.context), strict=False)),
            "place": places[-1],
            "adversary": self.adversary,
            "title": _describe(self),
            "lang": self.lang,
            "size": self.size,
            "pretrained": self.is_pretrained,
            "layers": _layers(transformer),
            "tokenizer": self.tokenizer or default_tokenizer(self.lang),
            "characters": self.is_characters,
            "transformer": transformer,
            "depth": self.depth,
            "vectors": self.vectors,
            "gpu": self.gpu,
            "head": self.head,
            "student": self.student,
            "language_tokenizer": defaults.get("nlp", {}).get("tokenizer")
            or {"@tokenizers": "spacy.Tokenizer.v1"},
            "language_initialize": defaults.get("initialize", {}).get("tokenizer"),
        }


def _describe(recipe: Recipe) -> str:
    context = ", then ".join(CONTEXTS[x] for x in recipe.context)
    head = HEADS[recipe.component]
    if recipe.size == "transformer":
        text = "Fine-tunes a pretrained encoder: on a GPU a large one, on a CPU a small one."
        if recipe.component == "span_mrc":
            return f"Fine-tunes a pretrained encoder {head}: on a GPU a large one, on a CPU a small one."
        if context or recipe.component == "span_crf":
            return f"{text} On it {f'{context}, ' if context else ''}{head}."
        return text
    if recipe.size == "fused":
        return (
            "Fine-tunes a pretrained encoder, on a CPU a small one, beside vectors that are learned from "
            f"nothing: {context or 'two BiLSTM layers'} {head}."
        )
    if recipe.size == "frozen":
        return f"Trains on a CPU, on a pretrained encoder's vectors: {context or 'two BiLSTM layers'} {head}."
    layers = context or ("two BiLSTM layers" if recipe.size == "base" else "one small BiLSTM layer")
    return f"Trains from scratch, on a CPU: {layers} {head}."


def _layers(name: str) -> list[int]:
    """The layers of a frozen encoder to use: after each third. One whose size is not known here has 12."""
    try:
        n = read_transformer_config(name).num_hidden_layers
    except (PipelineError, OSError):
        n = N_LAYERS
    return sorted({max(1, n * third // 3) for third in (1, 2, 3)})


def _recommend(lang: str) -> str:
    """The transformer of a language."""
    from spacy.cli.init_config import RECOMMENDATIONS

    if lang == "zh":
        return CHINESE_TRANSFORMER
    found = RECOMMENDATIONS.get(lang, {}).get("transformer")
    return found["accuracy"]["name"] if found else MULTILINGUAL_TRANSFORMER
