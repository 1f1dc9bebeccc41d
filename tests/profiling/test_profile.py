"""What a model holds and computes, against the main paper's Table 6, hand counts and real models."""

import json

import pytest
import torch
from spacy.util import registry
from thinc.api import Config, PyTorchWrapper, chain
from transformers import AutoModel

from spacy_gpner.compact.pipeline import write_compact
from spacy_gpner.errors import PipelineError
from spacy_gpner.profiling.counts import count_layers
from spacy_gpner.profiling.profile import profile
from spacy_gpner.spans import Window

from ..util import blank, make_tiny_bert, train, transformer_nlp

HEADS = {
    "globalpointer": {"@architectures": "spacy-gpner.GlobalPointer.v1", "head_size": 64},
    "efficient": {
        "@architectures": "spacy-gpner.EfficientGlobalPointer.v1",
        "head_size": 64,
        "type_features": "hidden",
    },
    "biaffine": {"@architectures": "spacy-gpner.Biaffine.v1", "head_size": 8},
}
LARGE, BASE = "hfl/chinese-roberta-wwm-ext-large", "hfl/chinese-roberta-wwm-ext"


OWN, SPACYS = "spacy-gpner.Transformer.v1", "spacy-transformers.Tok2VecTransformer.v3"


def config_of(head, transformer, architecture=SPACYS, **settings):
    tok2vec = {"@architectures": architecture, "name": transformer}
    return config_with({**HEADS[head], "tok2vec": tok2vec}, **settings)


def config_with(model, **settings):
    component = {"factory": "span_globalpointer", "model": model, **settings}
    return Config({"nlp": {"pipeline": ["ner"]}, "components": {"ner": component}})


def under_a_bilstm(nlp):
    """The config of a pipeline, with a BiLSTM on its encoder."""
    config = nlp.config.interpolate()
    model = config["components"]["span_globalpointer"]["model"]
    encode = {"@architectures": "spacy-gpner.BiLSTMEncoder.v1", "width": 16, "depth": 1, "dropout": 0.0}
    model["tok2vec"] = {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": model["tok2vec"],
        "encode": encode,
    }
    return config


def by_name(parts):
    return {part.name: part for part in parts}


@pytest.mark.parametrize("architecture", [OWN, SPACYS])
@pytest.mark.parametrize(
    ("head", "transformer", "parameters", "layers"),
    [
        ("globalpointer", LARGE, "304.54", "71.60"),
        ("efficient", LARGE, "303.51", "71.35"),
        ("efficient", BASE, "85.76", "20.09"),
    ],
)
def test_table_6(head, transformer, parameters, layers, architecture):
    parts = by_name(profile(config_of(head, transformer, architecture), tokens=236, types=9))
    counted = [parts["encoder"], parts["head"]]
    assert f"{sum(x.parameters for x in counted) / 1e6:.2f}" == parameters
    assert f"{sum(x.layers for x in counted) / 1e9:.2f}" == layers


def test_hand_count(tmp_path):
    bert = make_tiny_bert(tmp_path / "bert")
    module = AutoModel.from_pretrained(bert)
    width, inner, n = 16, module.config.intermediate_size, 30
    parts = by_name(profile(config_of("efficient", bert, window=4), tokens=n, types=3))
    assert parts["embeddings"].parameters + parts["encoder"].parameters == sum(
        x.numel() for x in module.parameters()
    )
    linear = n * (4 * width * width + 2 * width * inner) + width * width
    assert parts["encoder"].layers == linear + 4 * n * 2 * width
    assert parts["encoder"].products == 2 * n * n * width
    assert parts["head"].parameters == (width + 1) * (2 * 64 + 2 * 3)
    assert parts["head"].layers == n * width * (2 * 64 + 2 * 3)
    # 30 + 29 + 28 + 27 spans of up to four tokens
    assert parts["head"].products == 64 * (30 + 29 + 28 + 27)
    own = by_name(profile(config_of("globalpointer", bert, window=None), tokens=n, types=3))
    assert own["head"].products == 3 * 64 * (30 * 31 // 2)


def test_layers_that_are_left_away_do_not_count(tmp_path):
    bert = make_tiny_bert(tmp_path / "bert", n_layers=3)
    width = AutoModel.from_pretrained(bert).config.hidden_size
    first, second = (
        by_name(profile(config_with({**HEADS["efficient"], "tok2vec": tok2vec}), tokens=20, types=2))
        for tok2vec in (
            {"@architectures": OWN, "name": str(bert), "depth": 2},
            {
                "@layers": "concatenate.v1",
                "*": {
                    "x": {
                        "@architectures": "spacy-gpner.FrozenTransformer.v1",
                        "name": str(bert),
                        "layers": [1, 2],
                        "width": 7,
                        "cache": {"@misc": "spacy-gpner.VectorCache.v1"},
                    },
                    "y": {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "width": 5, "rows": [9, 9, 0]},
                },
            },
        )
    )
    module = AutoModel.from_pretrained(bert, num_hidden_layers=2)
    assert first["embeddings"].parameters + first["encoder"].parameters == sum(
        x.numel() for x in module.parameters()
    )
    assert second["encoder"].parameters == first["encoder"].parameters + (2 * width + 1) * 7
    assert second["head"].parameters == (7 + 5 + 1) * (2 * 64 + 2 * 2)


EMBED = {"@architectures": "spacy-gpner.CharNgramEmbed.v1", "width": 12, "rows": [50, 50, 0]}


@pytest.mark.parametrize(
    ("layer", "layers", "products", "width"),
    [
        # A convolution of 12 channels to 8, and two of 8 to 8 that are gone through four times
        (
            {"@architectures": "spacy-gpner.IDCNN.v1", "width": 8, "dilations": [1, 2], "iterations": 4},
            20 * 3 * (12 * 8 + 4 * 2 * 8 * 8),
            0,
            8,
        ),
        # q, k, v and their join; each token meets each twice
        ({"@architectures": "spacy-gpner.MultiHeadAttention.v1"}, 20 * 4 * 12 * 12, 2 * 20 * 20 * 12, 12),
        ({"@architectures": "spacy-gpner.BiLSTM.v1", "width": 8}, 20 * 2 * 4 * 4 * (12 + 4), 0, 8),
        ({"@architectures": "spacy-gpner.BiGRU.v1", "width": 8}, 20 * 2 * 3 * 4 * (12 + 4), 0, 8),
    ],
)
@pytest.mark.parametrize("by_type", [False, True])
def test_tags_and_context_layers(layer, layers, products, width, by_type):
    """Context layers under a chain of BIO over three types, or three chains over one."""
    crf = {"@architectures": "spacy-gpner.CRF.v1", "scheme": "bio", "by_type": by_type}
    config = config_with({**crf, "tok2vec": {**layer, "tok2vec": EMBED}})
    config["components"]["ner"]["factory"] = "span_crf"
    parts = by_name(profile(config, tokens=20, types=3))
    assert (parts["encoder"].layers, parts["encoder"].products) == (layers, products)
    n_tags = 3 * 3 if by_type else 7
    assert parts["head"].layers == 20 * width * n_tags
    assert parts["head"].products == 20 * (3 * 3 * 3 if by_type else 7 * 7)
    config["components"]["ner"]["model"]["@architectures"] = "spacy-gpner.Softmax.v1"
    alone = by_name(profile(config, tokens=20, types=3))["head"]
    assert (alone.layers, alone.products) == (parts["head"].layers, 0)


def test_a_reading_for_each_type(bert):
    tok2vec = {"@architectures": "spacy-gpner.QueryTransformer.v1", "name": bert}
    config = config_with({"@architectures": "spacy-gpner.MRC.v1", "heads": ["crf"], "tok2vec": tok2vec})
    config["components"]["ner"]["factory"] = "span_mrc"
    parts, plain = (
        by_name(profile(x, tokens=20, types=3)) for x in (config, config_of("efficient", bert, OWN))
    )
    assert parts["encoder"].parameters == plain["encoder"].parameters
    assert parts["encoder"].layers == 3 * plain["encoder"].layers
    assert parts["head"].products == 20 * 3 * 5 * 5
    # An embedding of each label, two layers of it for the norm, and five tags
    assert parts["head"].parameters == 3 * 128 + 2 * (128 + 1) * 16 + (16 + 1) * 5 + 5 * 5 + 2 * 5
    config["components"]["ner"]["model"]["heads"] = ["biaffine"]
    config["components"]["ner"]["window"] = 4
    products = by_name(profile(config, tokens=20, types=3))["head"].products
    assert products == 3 * 128 * (20 + 19 + 18 + 17)


def test_shared_layers_are_multiplied_each_time():
    """ALBERT's twelve layers are one, which is gone through twelve times."""
    albert, roberta = (
        by_name(profile(config_of("efficient", name, OWN), tokens=128, types=9))["encoder"]
        for name in ("voidful/albert_chinese_base", BASE)
    )
    assert albert.parameters < roberta.parameters / 10
    assert albert.layers == pytest.approx(roberta.layers, rel=0.02)


@pytest.mark.parametrize("mode", ["band", "prefix"])
@pytest.mark.parametrize("width", [1, 4, 9, None])
def test_count_of_spans(mode, width):
    window = Window(width, mode)
    spans = [(i, j) for i in range(7) for j in range(i + 1, 8) if window.holds(i, j)]
    assert window.count(7) == len(spans)


def test_without_a_transformer():
    nlp = blank()
    train(nlp, steps=0)
    model = nlp.get_pipe("span_globalpointer").model
    arrays = [node.get_param(name) for node in model.walk() for name in node.param_names]
    modules = [shim._model for node in model.walk() for shim in node.shims]
    n_parameters = sum(x.size for x in arrays) + sum(x.numel() for m in modules for x in m.parameters())
    parts = by_name(
        profile(nlp.config.interpolate(), tokens=10, types=len(nlp.get_pipe("span_globalpointer").labels))
    )
    assert sum(part.parameters for part in parts.values()) == n_parameters
    # one BiLSTM layer of 32: four gates from 32 and from 16, in two directions
    assert parts["encoder"].layers == 10 * 2 * 4 * 16 * (32 + 16)


def test_a_shared_encoder_counts(tmp_path):
    bert = make_tiny_bert(tmp_path / "bert")
    own, shared = (
        profile(transformer_nlp(bert, shared).config.interpolate(), tokens=20, types=2)
        for shared in (False, True)
    )
    assert own == shared


@pytest.fixture
def bert(tmp_path):
    return make_tiny_bert(tmp_path / "bert")


@pytest.fixture(params=[False, True], ids=["own", "shared"])
def bilstm_on_bert(request, bert):
    return under_a_bilstm(transformer_nlp(bert, request.param))


def test_embeddings_count_as_such_under_another_encoder(bilstm_on_bert, bert):
    alone, parts = (
        by_name(profile(x, tokens=20, types=2)) for x in (config_of("efficient", bert), bilstm_on_bert)
    )
    assert alone["embeddings"].parameters > 0
    assert parts["embeddings"] == alone["embeddings"]
    # eight units in each direction: four gates from 16 and from 8, and two biases each
    assert parts["encoder"].parameters - alone["encoder"].parameters == 2 * 4 * 8 * (16 + 8 + 2)


def test_tables_are_not_multiplied(bilstm_on_bert, bert):
    alone, parts = (
        by_name(profile(x, tokens=20, types=2)) for x in (config_of("efficient", bert), bilstm_on_bert)
    )
    assert parts["encoder"].layers - alone["encoder"].layers == 20 * 2 * 4 * 8 * (16 + 8)
    assert parts["encoder"].products == alone["encoder"].products


def test_no_weights_are_loaded(bilstm_on_bert, bert, tmp_path):
    expected = profile(bilstm_on_bert, tokens=20, types=2)
    (tmp_path / "bert" / "model.safetensors").write_bytes(b"no weights")
    assert profile(bilstm_on_bert, tokens=20, types=2) == expected
    for path in (tmp_path / "bert").iterdir():
        if path.name != "config.json":
            path.unlink()
    assert profile(bilstm_on_bert, tokens=20, types=2) == expected


def test_tables_of_torch_layers():
    embed, linear = torch.nn.Embedding(100, 16), torch.nn.Linear(16, 8)
    found = by_name(count_layers(chain(PyTorchWrapper(embed), PyTorchWrapper(linear)), 20))
    assert found["embeddings"].parameters == 100 * 16
    assert (found["encoder"].parameters, found["encoder"].layers) == (8 * 16 + 8, 20 * 8 * 16)


def test_several_models_in_one(bert):
    config = transformer_nlp(bert, shared=True).config.interpolate()
    model = config["components"]["span_globalpointer"]["model"]
    one = by_name(profile(config, tokens=20, types=2))
    config["components"]["span_globalpointer"]["model"] = {"members": {"*": {"0": model, "1": model}}}
    two = by_name(profile(config, tokens=20, types=2))
    # the encoder is shared, and counts once
    assert (two["embeddings"], two["encoder"]) == (one["embeddings"], one["encoder"])
    assert two["head"].parameters == 2 * one["head"].parameters
    assert two["head"].products == 2 * one["head"].products


def test_a_transformer_that_is_not_in_the_config(bert):
    tok2vec = transformer_nlp(bert, shared=False).config.interpolate()
    block = tok2vec["components"]["span_globalpointer"]["model"]["tok2vec"]

    @registry.architectures("test.HiddenTransformer.v1")
    def hidden_transformer():
        return registry.resolve({"model": block})["model"]

    model = {**HEADS["efficient"], "tok2vec": {"@architectures": "test.HiddenTransformer.v1"}}
    with pytest.raises(PipelineError, match=r"test\.HiddenTransformer\.v1 makes a transformer by itself"):
        profile(config_with(model), tokens=5, types=2)


def test_biaffine(tmp_path):
    parts = by_name(profile(config_of("biaffine", make_tiny_bert(tmp_path / "bert")), tokens=5, types=2))
    assert parts["head"].parameters > 0
    assert parts["head"].layers > 0


def test_a_transformer_with_code_of_its_own(tmp_path, monkeypatch):
    """It is not run, nor is the user asked whether to."""
    monkeypatch.setattr("builtins.input", None)
    path = tmp_path / "bert"
    make_tiny_bert(path)
    settings = {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(PipelineError, match=r"bert' is damaged, of no kind .* code of its own"):
        profile(config_of("efficient", str(path)), tokens=5, types=2)


def test_what_is_not_known(tmp_path):
    with pytest.raises(PipelineError, match=r"of/nobody.*config\.json.*hfl/chinese-roberta-wwm-ext,"):
        profile(config_of("efficient", "of/nobody"), tokens=5, types=2)
    with pytest.raises(
        PipelineError, match="no component of the factory 'span_globalpointer' or 'span_crf' or"
    ):
        profile(Config({"nlp": {"pipeline": []}, "components": {}}), tokens=5, types=2)
    config = config_of("efficient", BASE)
    del config["components"]["ner"]["model"]
    with pytest.raises(PipelineError, match=r"\[components\.ner\.model\] has no tok2vec.*fill-config"):
        profile(config, tokens=5, types=2)


@pytest.mark.parametrize(
    ("name", "parameters", "layers", "between"),
    [
        ("transformer_large_globalpointer", "304.54 M", "71.60 G", "2.74 G"),
        ("transformer_large", "303.51 M", "71.35 G", "2.74 G"),
        ("transformer_base", "85.76 M", "20.09 G", "1.03 G"),
    ],
)
def test_table_6_from_the_configs(run, name, parameters, layers, between):
    code, text = run("profile", f"configs/{name}.cfg")
    assert code == 0, text
    assert "236 tokens, 9 labels" in text
    assert f"{parameters} parameters, {layers} multiply-accumulates" in " ".join(text.split())
    assert between in text


def test_command(run, tmp_path):
    nlp = blank()
    train(nlp, steps=1)
    nlp.to_disk(tmp_path / "model")
    code, text = run("profile", tmp_path / "model", "--tokens", "50")
    assert code == 0, text
    assert "50 tokens, 5 labels" in text
    write_compact(nlp, tmp_path / "compact")
    code, text = run("profile", tmp_path / "compact")
    assert code == 1
    assert "is compact" in text
    code, text = run(
        "profile",
        "configs/transformer_base.cfg",
        "--components.span_globalpointer.model.@architectures",
        "spacy-gpner.GlobalPointer.v1",
    )
    assert code == 1
    assert "type_features" in text
    (tmp_path / "docs.spacy").write_bytes(b"\x81\xa7")
    code, text = run("profile", tmp_path / "docs.spacy")
    assert code == 1
    assert "docs.spacy is no config" in text
    code, text = run("profile", "configs/transformer_base.cfg", "--paths.transformer", "of/nobody")
    assert code == 1
    assert "'of/nobody' is not known" in text
