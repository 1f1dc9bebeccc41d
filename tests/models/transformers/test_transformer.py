"""A pretrained encoder in a pipeline: fine-tuned, or frozen with its vectors kept."""

import json
import shutil
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy
import pytest
import spacy
import torch
from safetensors.numpy import load_file, save_file
from spacy.tokens import Doc
from spacy.util import registry
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, BertConfig, BertModel, BertTokenizerFast

from spacy_gpner.errors import CacheError, GpnerWarning, PipelineError
from spacy_gpner.models.torch_layer import get_shim
from spacy_gpner.models.transformers import frozen
from spacy_gpner.models.transformers.frozen import frozen_encoders
from spacy_gpner.models.transformers.pretrained import load_masked, load_pretrained
from spacy_gpner.training.lazy_adam import create_lazy_adam

from ...util import CHAR_TOKENIZER, TRAIN, entities, make_examples, make_tiny_albert, make_tiny_bert

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
ENCODERS = {
    "Transformer": {"@architectures": "spacy-gpner.Transformer.v1", "window": 32, "stride": 24},
    "FrozenTransformer": {
        "@architectures": "spacy-gpner.FrozenTransformer.v1",
        "layers": [1, 2],
        "width": 16,
        "window": 32,
        "stride": 24,
    },
}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"), n_layers=2)


def pipeline(encoder, bert, **settings):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    tok2vec = {**ENCODERS[encoder], "name": bert, **settings}
    model = {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": tok2vec}
    nlp.add_pipe(NAME, config={"window": 16, "model": model})
    return nlp


def trained(encoder, bert, steps=60, **settings):
    nlp = pipeline(encoder, bert, **settings)
    spacy.util.fix_random_seed(0)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    optimizer.learn_rate = 0.01
    for _ in range(steps):
        nlp.update(make_examples(nlp), sgd=optimizer)
    return nlp


def tok2vec_of(nlp):
    return nlp.get_pipe(NAME).model.get_ref("tok2vec")


def vectors(nlp, texts=TEXTS):
    return tok2vec_of(nlp).predict([nlp.make_doc(text) for text in texts])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_learns_and_is_saved_whole(encoder, bert, tmp_path):
    copy = shutil.copytree(bert, tmp_path / "encoder")
    nlp = trained(encoder, str(copy))
    found = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert sum(map(len, found)) > 0
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(copy)
    again = spacy.load(tmp_path / "saved")
    assert [entities(doc) for doc in again.pipe(TEXTS)] == found
    for own, other in zip(vectors(again), vectors(nlp), strict=True):
        numpy.testing.assert_allclose(own, other, atol=5e-3)


def test_vectors_are_those_of_transformers(bert):
    nlp = pipeline("Transformer", bert, mixed_precision=False)
    nlp.initialize(lambda: make_examples(nlp))
    tokenizer, model = BertTokenizerFast.from_pretrained(bert), AutoModel.from_pretrained(bert).eval()
    for text, own in zip(TEXTS, vectors(nlp), strict=True):
        with torch.no_grad():
            expected = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 1:-1].numpy()
        spaces = [i for i, char in enumerate(text) if char.isspace()]
        numpy.testing.assert_allclose(numpy.delete(own, spaces, axis=0), expected, atol=1e-5)
        assert not own[spaces].any()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_batch_mates_and_kept_vectors_change_nothing(encoder, bert):
    nlp = pipeline(encoder, bert, mixed_precision=False)
    nlp.initialize(lambda: make_examples(nlp))
    together, kept = vectors(nlp), vectors(nlp)
    for text, own, again in zip(TEXTS, together, kept, strict=True):
        numpy.testing.assert_allclose(vectors(nlp, [text])[0], own, atol=2e-3)
        numpy.testing.assert_allclose(again, own, atol=2e-3)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("texts", [[], [""], ["", "发热"], ["发热" * 300], ["\n"]])
def test_any_batch(encoder, texts, bert):
    nlp = pipeline(encoder, bert)
    nlp.initialize(lambda: make_examples(nlp))
    found = vectors(nlp, texts)
    assert [x.shape for x in found] == [(len(nlp.make_doc(text)), 16) for text in texts]
    assert all(numpy.isfinite(x).all() for x in found)


def test_gradient_is_that_of_the_module(bert):
    nlp = pipeline("Transformer", bert, mixed_precision=False)
    nlp.initialize(lambda: make_examples(nlp))
    tok2vec = tok2vec_of(nlp)
    module = get_shim(tok2vec).module
    for layer in module.modules():
        if isinstance(layer, torch.nn.Dropout):
            layer.p = 0.0
    docs = [nlp.make_doc(text) for text in TEXTS]
    output, backprop = tok2vec.begin_update(docs)
    rng = numpy.random.default_rng(0)
    weights = [rng.normal(size=x.shape).astype("float32") for x in output]
    backprop(weights)
    parameter = module.get_parameter("transformer.encoder.layer.0.output.dense.weight")
    step = 1e-2
    found = float(parameter.grad[0, 0])
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            parameter[0, 0] += sign * step
        values.append(sum(float((x * w).sum()) for x, w in zip(tok2vec.predict(docs), weights, strict=True)))
        with torch.no_grad():
            parameter[0, 0] -= sign * step
    assert found == pytest.approx((values[0] - values[1]) / (2 * step), rel=0.02)


def test_frozen_layers_stay(bert):
    nlp = pipeline("Transformer", bert, frozen_layers=1)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    module = get_shim(tok2vec_of(nlp)).module
    before = {name: x.detach().clone() for name, x in module.named_parameters()}
    nlp.update(make_examples(nlp), sgd=optimizer)
    changed = {name for name, x in module.named_parameters() if not torch.equal(x, before[name])}
    assert changed
    assert all(".layer.1." in name for name in changed)


def test_depth(bert):
    nlp = pipeline("Transformer", bert, depth=1, mixed_precision=False)
    nlp.initialize(lambda: make_examples(nlp))
    assert not any(".layer.1." in name for name, _ in get_shim(tok2vec_of(nlp)).module.named_parameters())


def test_frozen_encoder_has_the_layers_that_it_needs(bert):
    nlp = pipeline("FrozenTransformer", bert, layers=[1])
    nlp.initialize(lambda: make_examples(nlp))
    (node,) = frozen_encoders(nlp.get_pipe(NAME).model)
    assert not any(".layer.1." in name for name, _ in get_shim(node).module.named_parameters())


@pytest.mark.parametrize("join", ["concat", "mix"])
def test_a_text_is_encoded_once(join, bert, monkeypatch):
    nlp = pipeline("FrozenTransformer", bert, join=join)
    optimizer = nlp.initialize(lambda: make_examples(nlp))

    def never(*args, **kwargs):
        raise AssertionError("encoded again")

    monkeypatch.setattr("spacy_gpner.models.transformers.frozen.encode", never)
    for _ in range(3):
        nlp.update(make_examples(nlp), sgd=optimizer)
    nlp.evaluate(make_examples(nlp))
    with pytest.raises(AssertionError, match="encoded again"):
        nlp("未曾见过")


def test_nothing_is_kept_of_what_a_trained_pipeline_reads(bert, tmp_path):
    trained("FrozenTransformer", bert, steps=1).to_disk(tmp_path / "saved")
    nlp = spacy.load(tmp_path / "saved")
    list(nlp.pipe(TEXTS))
    (node,) = frozen_encoders(nlp.get_pipe(NAME).model)
    assert node.attrs["cache"].get(TEXTS[0], len(nlp.make_doc(TEXTS[0]))) is None


def frozen_vectors(nlp):
    (node,) = frozen_encoders(nlp.get_pipe(NAME).model)
    return node.predict([nlp.make_doc(text) for text in TEXTS])


def cache_of(path):
    return {"@misc": "spacy-gpner.VectorCache.v1", "path": str(path)}


def test_cache_file(bert, tmp_path):
    nlp = pipeline("FrozenTransformer", bert, cache=cache_of(tmp_path / "cache"))
    nlp.initialize(lambda: make_examples(nlp))
    again = pipeline("FrozenTransformer", bert, cache=cache_of(tmp_path / "cache"))
    again.initialize(lambda: make_examples(again)[::-1])
    (node,) = frozen_encoders(again.get_pipe(NAME).model)
    for text, own in zip(TEXTS, frozen_vectors(nlp), strict=True):
        key = frozen._key(again.make_doc(text))
        numpy.testing.assert_array_equal(node.attrs["cache"].get(key, len(own)), own)


def test_cache_of_another_encoder(bert, tmp_path):
    nlp = pipeline("FrozenTransformer", bert, cache=cache_of(tmp_path / "cache"))
    nlp.initialize(lambda: make_examples(nlp))
    other = pipeline("FrozenTransformer", bert, layers=[2], cache=cache_of(tmp_path / "cache"))
    with pytest.raises(CacheError, match=r"made for something else.*encoder"):
        other.initialize(lambda: make_examples(other))


def test_learning_rates_by_name(bert):
    nlp = pipeline("Transformer", bert)
    nlp.initialize(lambda: make_examples(nlp))
    optimizer = create_lazy_adam(
        0.01, lr_scale={"transformer.embeddings.*": 0.0, "transformer.*": 0.1}, use_averages=False
    )
    module = get_shim(tok2vec_of(nlp)).module
    before = {name: x.detach().clone() for name, x in module.named_parameters()}
    nlp.update(make_examples(nlp), sgd=optimizer)
    moved = {name: float((x - before[name]).abs().max().detach()) for name, x in module.named_parameters()}
    assert all(change == 0 for name, change in moved.items() if "embeddings" in name)
    # The first step of Adam is as long as the learning rate.
    assert moved["transformer.encoder.layer.0.output.dense.weight"] == pytest.approx(0.001, rel=0.05)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("window", 0),
        ("stride", 33),
        ("depth", 0),
        ("frozen_layers", -1),
        ("layers", [0]),
        ("join", "sum"),
        ("width", 0),
    ],
)
def test_settings_out_of_range(setting, value, bert):
    kind = "Transformer" if setting in ("depth", "frozen_layers") else "FrozenTransformer"
    build = registry.architectures.get(f"spacy-gpner.{kind}.v1")
    with pytest.raises(ValueError, match=f"Invalid {setting}"):
        build(name=bert, **{"window": 32, "stride": 24, setting: value})


def damaged(bert, path, damage):
    damage(Path(shutil.copytree(bert, path)))
    return str(path)


def change_config(**settings):
    def change(path):
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        (path / "config.json").write_text(json.dumps({**config, **settings}), encoding="utf-8")

    return change


def not_finite(path):
    weights = load_file(path / "model.safetensors")
    weights["embeddings.LayerNorm.bias"][0] = numpy.nan
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})


def renumber(path):
    tokenizer = json.loads((path / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["model"]["vocab"]["右"] = 10**6
    (path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")


def remove(*names):
    def change(path):
        for name in names:
            (path / name).unlink()

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("config.json"), "has no config.json"),
        (remove("model.safetensors"), "model.safetensors is missing"),
        (remove("tokenizer.json", "vocab.txt", "tokenizer_config.json"), "tokenizer.json or vocab.txt"),
        (change_config(model_type="gpt2", is_decoder=True), "is no encoder"),
        (change_config(model_type="own", auto_map={"AutoConfig": "own.Own"}), "needs code of its own"),
        (change_config(hidden_size=32), "does not fit"),
        (change_config(vocab_size=5), "not of one encoder"),
        (change_config(max_position_embeddings=20), "does not fit"),
        (lambda path: (path / "model.safetensors").write_bytes(b"x" * 100), "is missing, damaged"),
        (lambda path: (path / "config.json").write_text("[1]"), "config.json is missing, damaged"),
        (change_config(num_hidden_layers=-2), "is no encoder"),
        (not_finite, "numbers that are not finite"),
        (renumber, "not of one encoder"),
    ],
)
def test_damaged_encoder(damage, message, bert, tmp_path):
    nlp = pipeline("Transformer", damaged(bert, tmp_path / "encoder", damage))
    with pytest.raises(PipelineError, match=message):
        nlp.initialize(lambda: make_examples(nlp))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody/nothing-of-this-name", "is no directory here"),
        ("{dir}/none", "is not there"),
        ("./none", "is not there"),
        ("a/b/c", "is not there"),
        ("{dir}/file", "is a file"),
        ("", "The encoder is not there"),
    ],
)
def test_no_encoder(name, message, tmp_path):
    (tmp_path / "file").write_text("x")
    nlp = pipeline("Transformer", name.format(dir=tmp_path))
    with pytest.raises(PipelineError, match=message):
        nlp.initialize(lambda: make_examples(nlp))


def test_an_albert_with_the_vocabulary_of_a_bert(tmp_path):
    """As the Chinese ones of the hub are: nothing there names their tokenizer."""
    albert = Path(make_tiny_albert(tmp_path / "albert"))
    nlp = pipeline("Transformer", str(albert))
    nlp.initialize(lambda: make_examples(nlp))
    remove("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")(albert)
    alone = pipeline("Transformer", str(albert))
    alone.initialize(lambda: make_examples(alone))
    found, expected = (x.get_pipe(NAME).model.get_ref("tok2vec") for x in (alone, nlp))
    doc = nlp.make_doc(TRAIN[0][0])
    assert (found.predict([doc])[0] == expected.predict([doc])[0]).all()
    remove("vocab.txt")(albert)
    with pytest.raises(PipelineError, match=r"tokenizer.json or vocab.txt"):
        alone.initialize(lambda: make_examples(alone))


CASED = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Met", "##formin", "met", "né", "ne", "右"]


def bert_of(path, vocabulary, **says):
    """An encoder as the first ones came: a vocabulary, and no word of how text is read."""
    path.mkdir()
    (path / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    settings = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **settings)).save_pretrained(path)
    if says:
        (path / "tokenizer_config.json").write_text(json.dumps(says), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("load", [load_pretrained, load_masked])
def test_a_cased_encoder_that_does_not_say_so(load, tmp_path):
    path = bert_of(tmp_path / "cased", CASED)
    with pytest.warns(GpnerWarning, match=r"cased has pieces with capitals.*tokenizer_config\.json") as told:
        loaded = load(path)
    assert len([x for x in told if x.category is GpnerWarning]) == 1
    tokenizer = loaded.tokenizer if load is load_pretrained else loaded.tokenizer.backend_tokenizer.to_str()
    assert Tokenizer.from_str(tokenizer).encode("Metformin né").tokens[1:-1] == ["Met", "##formin", "né"]


@pytest.mark.parametrize(
    ("vocabulary", "says", "pieces"),
    [
        # What it says is heeded
        (CASED, {"do_lower_case": True}, ["met", "##formin", "ne"]),
        (CASED, {"do_lower_case": False}, ["Met", "##formin", "né"]),
        # As the Chinese BERTs are: marks with capitals, that are not in the text
        ([x for x in CASED if x != "Met"] + ["<S>", "[unused1]"], {}, ["met", "##formin", "ne"]),
    ],
)
def test_an_encoder_that_lower_cases(vocabulary, says, pieces, tmp_path):
    loaded = load_pretrained(bert_of(tmp_path / "bert", vocabulary, **says))
    assert Tokenizer.from_str(loaded.tokenizer).encode("Metformin né").tokens[1:-1] == pieces


def test_an_encoder_that_takes_no_mask(bert, tmp_path):
    fnet = other_encoder(bert, tmp_path / "fnet", "fnet", max_position_embeddings=40)
    nlp = pipeline("Transformer", fnet)
    with pytest.raises(PipelineError, match=r"'fnet'\) does not read a window of 32 pieces"):
        nlp.initialize(lambda: make_examples(nlp))


def test_a_rate_of_no_parameter_is_told(bert):
    nlp = pipeline("Transformer", bert)
    scale = {"transfomer.*": 0.1, "transformer.*": 0.1}
    nlp.config["training"]["optimizer"] = {
        **{"@optimizers": "spacy-gpner.LazyAdam.v2", "learn_rate": 0.001, "lr_scale": scale},
    }
    with pytest.warns(GpnerWarning, match=r"no parameter has a name such as transfomer\.\*\. There are"):
        nlp.initialize(lambda: make_examples(nlp))
    del scale["transfomer.*"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", GpnerWarning)
        nlp.initialize(lambda: make_examples(nlp))


def test_more_layers_than_there_are(bert):
    nlp = pipeline("FrozenTransformer", bert, layers=[3])
    with pytest.raises(PipelineError, match="has 2 layers, and 3 were asked for"):
        nlp.initialize(lambda: make_examples(nlp))


def test_window_beyond_the_positions(tmp_path):
    nlp = pipeline("Transformer", make_tiny_bert(tmp_path, positions=20))
    with pytest.raises(PipelineError, match="positions for 20 pieces"):
        nlp.initialize(lambda: make_examples(nlp))


@pytest.mark.parametrize("found", [False, True])
def test_says_that_it_computes_in_float32(bert, caplog, monkeypatch, found):
    monkeypatch.setattr("spacy_gpner.models.transformers.transformer.has_bfloat16", lambda device: found)
    monkeypatch.setattr("spacy.util.logger.propagate", True)
    nlp = pipeline("Transformer", bert)
    with caplog.at_level("INFO", logger="spacy"):
        nlp.initialize(lambda: make_examples(nlp))
    assert ("no bfloat16" in caplog.text) != found


def test_weights_in_half_precision_are_read_in_full(bert, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(bert, half)
    AutoModel.from_pretrained(bert).half().save_pretrained(half)
    nlp = pipeline("Transformer", str(half))
    nlp.initialize(lambda: make_examples(nlp))
    again = pipeline("Transformer", "gone").from_bytes(nlp.to_bytes())
    for own in (nlp, again):
        module = get_shim(tok2vec_of(own)).module
        assert {x.dtype for x in module.parameters()} == {torch.float32}
    docs = [nlp.make_doc(text) for text in TEXTS]
    for x, y in zip(tok2vec_of(nlp).predict(docs), tok2vec_of(again).predict(docs), strict=True):
        numpy.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_texts_without_a_piece_are_learned_from(bert, encoder):
    nlp = pipeline(encoder, bert)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    losses = nlp.update(make_examples(nlp, [("\n", [])]), sgd=optimizer)
    assert numpy.isfinite(losses[NAME])


def test_all_layers_frozen(bert):
    nlp = pipeline("Transformer", bert, frozen_layers=2)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    before = get_shim(tok2vec_of(nlp)).to_bytes()
    nlp.update(make_examples(nlp), sgd=optimizer)
    assert get_shim(tok2vec_of(nlp)).to_bytes() == before
    other = pipeline("Transformer", bert, frozen_layers=3)
    with pytest.raises(PipelineError, match="asks for 3, and the encoder has 2 layers"):
        other.initialize(lambda: make_examples(other))


def other_encoder(bert, path, kind, **settings):
    """A random encoder of another kind, with the tokenizer of a BERT."""
    shutil.copytree(bert, path, ignore=shutil.ignore_patterns("config.json", "*.safetensors"))
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    n = len(BertTokenizerFast.from_pretrained(bert))
    torch.manual_seed(0)
    config = AutoConfig.for_model(kind, vocab_size=n, pad_token_id=0, **{**sizes, **settings})
    AutoModel.from_config(config).save_pretrained(path)
    return str(path)


def test_layers_that_share_their_weights_are_not_frozen_alone(bert, tmp_path):
    albert = other_encoder(bert, tmp_path / "albert", "albert", embedding_size=8)
    nlp = pipeline("Transformer", albert, frozen_layers=1)
    with pytest.raises(PipelineError, match="share their weights"):
        nlp.initialize(lambda: make_examples(nlp))


def test_the_last_layer_is_normalised_where_the_encoder_does_that(bert, tmp_path):
    modern = other_encoder(bert, tmp_path / "modern", "modernbert", local_attention=8)
    nlp = pipeline("Transformer", modern)
    nlp.initialize(lambda: make_examples(nlp))
    module = get_shim(tok2vec_of(nlp)).module
    ids = torch.tensor([[5, 6, 7]])
    with torch.no_grad():
        own = module.encode_layers(ids, torch.ones_like(ids))
        expected = module.transformer(ids).last_hidden_state
    torch.testing.assert_close(own, expected)


def test_what_reads_in_one_direction_is_refused(bert, tmp_path):
    gpt = other_encoder(bert, tmp_path / "gpt", "gpt2", n_embd=16, n_layer=2, n_head=2)
    nlp = pipeline("Transformer", gpt)
    with pytest.raises(PipelineError, match="is no encoder"):
        nlp.initialize(lambda: make_examples(nlp))


def test_initializing_again_begins_anew(bert):
    nlp = pipeline("Transformer", bert)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    before = get_shim(tok2vec_of(nlp)).to_bytes()
    nlp.update(make_examples(nlp), sgd=optimizer)
    assert get_shim(tok2vec_of(nlp)).to_bytes() != before
    nlp.initialize(lambda: make_examples(nlp))
    assert get_shim(tok2vec_of(nlp)).to_bytes() == before


def test_vectors_are_kept_for_the_encoder_and_the_tokens_that_they_are_of(bert, tmp_path):
    first = pipeline("FrozenTransformer", bert)
    first.initialize(lambda: make_examples(first))
    other = pipeline("FrozenTransformer", make_tiny_bert(tmp_path / "other", [*TEXTS, "新"], n_layers=2))
    other.initialize(lambda: make_examples(other))
    (node,) = frozen_encoders(first.get_pipe(NAME).model)
    text = TEXTS[0]
    joined = Doc(first.vocab, words=[text[:2], text[2:]], spaces=[False, False])
    split = Doc(first.vocab, words=[text[:1], text[1:]], spaces=[False, False])
    assert abs(node.predict([joined])[0] - node.predict([split])[0]).max() > 1e-3
    first.from_bytes(other.to_bytes())
    for x, y in zip(frozen_vectors(first), frozen_vectors(other), strict=True):
        numpy.testing.assert_allclose(x, y, atol=1e-3)


def test_a_pipeline_that_learns_on_keeps_vectors(bert, monkeypatch):
    nlp = pipeline("FrozenTransformer", bert)
    nlp.initialize(lambda: make_examples(nlp))
    again = pipeline("FrozenTransformer", bert).from_bytes(nlp.to_bytes())
    optimizer = again.resume_training()
    n_encoded = []
    compute = frozen._compute
    monkeypatch.setattr(
        frozen, "_compute", lambda model, docs: n_encoded.append(len(docs)) or compute(model, docs)
    )
    for _ in range(3):
        again.update(make_examples(again), sgd=optimizer)
    assert sum(n_encoded) == len(TEXTS)


def test_a_cache_that_is_too_small_says_so(bert):
    nlp = pipeline("FrozenTransformer", bert, cache={"@misc": "spacy-gpner.VectorCache.v1", "max_gb": 1e-7})
    with pytest.warns(GpnerWarning, match="beyond the cache's max_gb"):
        nlp.initialize(lambda: make_examples(nlp))


def test_the_file_of_a_shared_encoder(bert, tmp_path):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    tok2vec = {**ENCODERS["FrozenTransformer"], "name": bert, "cache": cache_of(tmp_path / "cache")}
    nlp.add_pipe("tok2vec", config={"model": tok2vec})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 16}
    model = {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": listener}
    for name in (NAME, "other"):
        nlp.add_pipe("span_globalpointer", name=name, config={"window": 16, "model": model})
    with patch.object(frozen, "_make", wraps=frozen._make) as made:
        nlp.initialize(lambda: make_examples(nlp))
    assert (tmp_path / "cache").is_file()
    # Once for both
    assert sum(len(call.args[1]) for call in made.call_args_list) == len(TEXTS)
    assert nlp.get_pipe("tok2vec").model.predict([]) == []


def test_labels_without_text_are_enough(bert):
    nlp = pipeline("FrozenTransformer", bert)
    nlp.get_pipe(NAME).initialize(lambda: make_examples(nlp, [("", [])]), nlp=nlp, labels=["dis"])
    assert nlp(TEXTS[0]).spans["sc"] is not None


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_long_document_is_read_as_one(bert, encoder, tmp_path):
    """Its windows lie where its pieces are, so that it can't be cut."""
    nlp = trained(encoder, bert, steps=5)
    text = "".join(TEXTS) * 130
    assert len(text) > 4000
    nlp.to_disk(tmp_path)
    whole, cut = (
        spacy.load(tmp_path, config={"components": {NAME: {"stretch": stretch}}}) for stretch in (None, 4000)
    )
    assert entities(cut(text)) == entities(whole(text))
