"""What no model can be built of is refused where it is given, by name."""

import json

import pytest
import spacy
from spacy.util import registry
from thinc.api import Config, Linear, Model

from spacy_gpner.distillation.linkage import AddLinkage, ConcatLinkage, GatedLinkage
from spacy_gpner.errors import PipelineError
from spacy_gpner.models.char_ngram_embed import CharNgramEmbed
from spacy_gpner.models.encoders.bilstm import BiLSTMEncoder
from spacy_gpner.models.heads.biaffine import Biaffine
from spacy_gpner.models.heads.efficient_globalpointer import EfficientGlobalPointer
from spacy_gpner.models.heads.globalpointer import GlobalPointer
from spacy_gpner.models.token_vectors import check_tok2vec

from ..util import TINY_CNN, TINY_MODEL, TINY_TOK2VEC, blank, make_examples

NAN = float("nan")
EMBEDDINGS = {
    "char n-grams": {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "rows": [50, 50, 0]},
    "hashes": {
        "@architectures": "spacy.MultiHashEmbed.v2",
        "attrs": ["NORM", "SHAPE"],
        "rows": [50, 50],
        "include_static_vectors": False,
    },
    "characters": {
        "@architectures": "spacy.CharacterEmbed.v2",
        "rows": 50,
        "nM": 4,
        "nC": 2,
        "include_static_vectors": False,
    },
}
ENCODERS = {
    "ours": {"@architectures": "spacy-gpner.BiLSTMEncoder.v1", "depth": 1},
    "maxout": {
        "@architectures": "spacy.MaxoutWindowEncoder.v2",
        "window_size": 1,
        "maxout_pieces": 2,
        "depth": 2,
    },
    "mish": {"@architectures": "spacy.MishWindowEncoder.v2", "window_size": 1, "depth": 1},
    "torch": {"@architectures": "spacy.TorchBiLSTMEncoder.v1", "depth": 2, "dropout": 0.0},
}


def make(config):
    return registry.resolve({"model": config})["model"]


def tok2vec(embed, encode, width, encoders_width):
    return {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {**EMBEDDINGS[embed], "width": width},
        "encode": {**ENCODERS[encode], "width": encoders_width},
    }


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("embed", EMBEDDINGS)
def test_widths_that_do_not_fit(embed, encode):
    with pytest.raises(ValueError, match="Invalid tok2vec: embed has the width 24, encode the width 32"):
        blank(model={**TINY_MODEL, "tok2vec": tok2vec(embed, encode, 24, 32)})
    nlp = blank(model={**TINY_MODEL, "tok2vec": tok2vec(embed, encode, 32, 32)})
    nlp.initialize(lambda: make_examples(nlp))


@pytest.mark.parametrize("encode", ENCODERS)
def test_an_encoder_alone(encode):
    with pytest.raises(ValueError, match=r"Invalid tok2vec: .* takes vectors"):
        blank(model={**TINY_MODEL, "tok2vec": {**ENCODERS[encode], "width": 32}})


TAGGER = {"@architectures": "spacy.Tagger.v2", "tok2vec": TINY_CNN}
TEXTCAT = {
    "@architectures": "spacy.TextCatBOW.v3",
    "exclusive_classes": False,
    "ngram_size": 1,
    "no_output_layer": False,
    "length": 1024,
}


@pytest.mark.parametrize("other", [TINY_MODEL, TAGGER, TEXTCAT])
def test_a_head_on_a_model_with_a_head(other):
    with pytest.raises(ValueError, match=r"Invalid tok2vec: .* a head of its own"):
        blank(model={**TINY_MODEL, "tok2vec": other})


@pytest.mark.parametrize("layer", [None, 5, "spacy.Tok2Vec.v2", {}])
def test_a_tok2vec_that_is_no_layer(layer):
    with pytest.raises(ValueError, match="Invalid tok2vec"):
        Biaffine(layer)


@pytest.mark.parametrize("model", [TAGGER, TEXTCAT, TINY_CNN])
def test_a_model_without_a_head(model):
    with pytest.raises(ValueError, match=r"\[span_globalpointer\] Invalid model"):
        blank(model=model)


@pytest.mark.parametrize(
    "config",
    [
        TINY_CNN,
        TINY_TOK2VEC,
        TINY_TOK2VEC["embed"],
        {"@architectures": "spacy.Tok2VecListener.v1", "width": 32},
        {"@architectures": "spacy.HashEmbedCNN.v2", **{**TINY_CNN, "subword_features": True}},
    ],
)
def test_whatever_makes_token_vectors_is_let_through(config):
    check_tok2vec(make(config))


def test_widths_side_by_side():
    config = tok2vec("char n-grams", "ours", 16, 32)
    config["embed"] = {"@layers": "concatenate.v1", "*": dict.fromkeys(("a", "b"), config["embed"])}
    check_tok2vec(make(config))
    config["encode"]["width"] = 16
    with pytest.raises(ValueError, match="embed has the width 32, encode the width 16"):
        check_tok2vec(make(config))


def test_a_width_that_is_not_known():
    def forward(model, docs, is_train):
        return [model.ops.alloc2f(len(doc), 4) for doc in docs], lambda d_vectors: docs

    nlp = blank()
    component = nlp.get_pipe("span_globalpointer")
    component.model = Biaffine(Model("vectors", forward, dims={"nO": None}))
    with pytest.raises(PipelineError, match="width of tok2vec's vectors is not known"):
        component.initialize(lambda: make_examples(nlp, [("", [])]), labels=["bod"])
    component.initialize(lambda: make_examples(nlp))


HEADS = [EfficientGlobalPointer, GlobalPointer, Biaffine]
RATES = [-0.1, 1.0, 1, NAN, True, "0.1"]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("head_size", [0, -2, True, 2.0, "8", None, 10**12])
def test_head_sizes(head, head_size):
    with pytest.raises(ValueError, match="Invalid head_size"):
        head(make(TINY_CNN), head_size=head_size)


@pytest.mark.parametrize("head", HEADS[:2])
def test_an_odd_head_size_with_rope(head):
    with pytest.raises(ValueError, match=r"Invalid head_size: 7\. .*rope"):
        head(make(TINY_CNN), head_size=7)
    head(make(TINY_CNN), head_size=7, rope=False)


@pytest.mark.parametrize("rate", RATES)
def test_dropout_rates(rate):
    for head in HEADS:
        with pytest.raises(ValueError, match="Invalid dropout"):
            head(make(TINY_CNN), dropout=rate)
    for linkage in (AddLinkage, ConcatLinkage, GatedLinkage):
        with pytest.raises(ValueError, match="Invalid dropout of the linkage"):
            linkage(dropout=rate)
    with pytest.raises(ValueError, match="Invalid dropout"):
        BiLSTMEncoder(dropout=rate)


@pytest.mark.parametrize(
    ("name", "values"),
    [("width", [0, -2, 7, True, 8.0, "8", None, 10**12]), ("depth", [0, -1, True, 1.5, "2", None, 10**12])],
)
def test_sizes_of_the_encoder(name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"Invalid {name}"):
            BiLSTMEncoder(**{name: value})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("width", [0, 3, True, 8.0, "8", None, 10**12]),
        ("rows", [5, None, "123", [1, 2], [0, 1, 1], [True, 1, 1], [10.5, 1, 1], [1, -1, 1], [10**12, 0, 0]]),
    ],
)
def test_sizes_of_the_embeddings(name, values):
    for value in values:
        with pytest.raises(ValueError, match=f"Invalid {name}"):
            CharNgramEmbed(**{name: value})


TINY_BIAFFINE = {"@architectures": "spacy-gpner.Biaffine.v1", "head_size": 16, "tok2vec": TINY_TOK2VEC}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"head_size": 8},
            r"EfficientGlobalPointerHead .*'project.bias' is \[32\] in the file, and \[16\] by",
        ),
        ({"": TINY_BIAFFINE}, "BiaffineHead .* is missing in the file"),
        ({"tok2vec.encode.depth": 2}, "BiLSTM .* is missing in the file"),
        ({"tok2vec.embed.rows": [100, 100, 50]}, "ngram_table"),
        ({"tok2vec.embed": {**EMBEDDINGS["hashes"], "width": 32}}, "mismatched structure"),
        ({"tok2vec.embed.width": 48, "tok2vec.encode.width": 48}, "from 48 to 32"),
    ],
)
def test_weights_of_other_settings(changes, message, tmp_path):
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    nlp.to_disk(tmp_path)
    config = Config().from_disk(tmp_path / "config.cfg")
    for path, value in changes.items():
        *parents, key = f"components.span_globalpointer.model.{path}".strip(".").split(".")
        block = config
        for parent in parents:
            block = block[parent]
        block[key] = value
    config.to_disk(tmp_path / "config.cfg")
    with pytest.raises(
        PipelineError, match=rf"\[span_globalpointer\] .*{message}.* Give the (settings|config)"
    ):
        spacy.load(tmp_path)


def test_a_damaged_file_of_weights(tmp_path):
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    nlp.to_disk(tmp_path)
    path = tmp_path / "span_globalpointer" / "model"
    for damaged in (path.read_bytes()[:-1000], b"", json.dumps({}).encode()):
        path.write_bytes(damaged)
        with pytest.raises(PipelineError, match=r"\[span_globalpointer\] .*damaged"):
            spacy.load(tmp_path)


def test_a_layer_of_vectors():
    with pytest.raises(ValueError, match="takes vectors"):
        check_tok2vec(Linear(nO=4, nI=4))
