"""The components that the shared tests run over. To test another, add it to `COMPONENTS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.span_pipe import SpanPipe

from .toy_queries import ARCHITECTURE
from .util import CHAR_TOKENIZER, TINY_TOK2VEC, TRAIN, make_examples, train

# What one chain over all types can hold: the same sentences without these
NESTED = [(2, 5, "bod"), (2, 3, "bod"), (0, 6, "sym")]
FLAT = tuple((text, [span for span in own if span not in NESTED]) for text, own in TRAIN)


@dataclass(frozen=True)
class Kind:
    """A kind of component.

    factory (str): Its factory.
    model (Callable[[Any], Any]): The config of its model from that of a tok2vec layer.
    data (Any): Texts with gold that it can learn, as `TRAIN` has them.
    listeners (Tuple[str, …]): Where the tok2vec layers are in its config.
    """

    factory: str
    model: Callable[[Any], Any]
    data: Any = tuple(TRAIN)
    listeners: tuple[str, ...] = ("model.tok2vec",)

    @property
    def texts(self) -> list[str]:
        return [text for text, _ in self.data]

    def examples(self, nlp: Language, key: str = "sc") -> list[Example]:
        return make_examples(nlp, self.data, key)

    def blank(
        self, lang: str = "zh", *, char_tokenizer: bool = True, tok2vec: Any = TINY_TOK2VEC, **settings: Any
    ) -> Language:
        """A pipeline with a small, untrained component."""
        fix_random_seed(0)
        nlp = spacy.blank(lang, config=CHAR_TOKENIZER if char_tokenizer else {})
        nlp.add_pipe(self.factory, config={"model": self.model(tok2vec), **settings})
        return nlp

    def initialized(self, **settings: Any) -> tuple[Language, SpanPipe]:
        """A pipeline that has its weights, and its component."""
        nlp = self.blank(**settings)
        nlp.initialize(lambda: self.examples(nlp))
        return nlp, find_pipe(nlp)

    def trained(self, steps: int = 80, **settings: Any) -> Language:
        """A pipeline that has learned the data."""
        nlp = self.blank(**settings)
        train(nlp, self.data, steps)
        return nlp


def head(name: str) -> Callable[[Any], Any]:
    architecture = {"@architectures": f"spacy-gpner.{name}.v1", "head_size": 16, "dropout": 0.0}
    return lambda tok2vec: {**architecture, "tok2vec": tok2vec}


def members(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda tok2vec: {
        "@architectures": "spacy-gpner.Ensemble.v1",
        "members": {"first": first(tok2vec), "second": second(tok2vec)},
    }


def crf(name: str = "CRF", **settings: Any) -> Callable[[Any], Any]:
    return lambda tok2vec: {
        "@architectures": f"spacy-gpner.{name}.v1",
        "dropout": 0.0,
        "tok2vec": tok2vec,
        **settings,
    }


def mrc(*heads: str) -> Callable[[Any], Any]:
    return lambda tok2vec: {
        "@architectures": "spacy-gpner.MRC.v1",
        "heads": list(heads),
        "label_size": 8,
        "head_size": 16,
        "hidden_size": 16,
        "dropout": 0.0,
        "tok2vec": {"@architectures": ARCHITECTURE, "tok2vec": tok2vec},
    }


COMPONENTS = {
    "efficient": Kind("span_globalpointer", head("EfficientGlobalPointer")),
    "globalpointer": Kind("span_globalpointer", head("GlobalPointer")),
    "biaffine": Kind("span_globalpointer", head("Biaffine")),
    "ensemble": Kind(
        "span_globalpointer",
        members(head("EfficientGlobalPointer"), head("Biaffine")),
        listeners=("model.members.first.tok2vec", "model.members.second.tok2vec"),
    ),
    "crf": Kind("span_crf", crf(by_type=True)),
    "flat_crf": Kind("span_crf", crf(scheme="bio"), data=FLAT),
    "softmax": Kind("span_crf", crf("Softmax", by_type=True)),
    "mrc": Kind("span_mrc", mrc("crf", "biaffine"), listeners=("model.tok2vec.tok2vec",)),
    "mrc_pointer": Kind("span_mrc", mrc("pointer"), listeners=("model.tok2vec.tok2vec",)),
    "mrc_ensemble": Kind(
        "span_mrc",
        members(mrc("crf", "biaffine"), mrc("crf", "biaffine")),
        listeners=("model.members.first.tok2vec.tok2vec", "model.members.second.tok2vec.tok2vec"),
    ),
    "crf_ensemble": Kind(
        "span_crf",
        members(crf(by_type=True), crf(by_type=True)),
        listeners=("model.members.first.tok2vec", "model.members.second.tok2vec"),
    ),
}
