"""Context layers: any width in, and nothing of what they give depends on the batch."""

import numpy
import pytest
import spacy
import torch
from spacy.util import registry

from spacy_gpner.models.encoders.attention import _windows

from ..util import TINY_TOK2VEC

TEXTS = ["右上腹疼痛", "", "热", "口服阿司匹林肠溶片一周后症状缓解"]
LAYERS = {
    "bilstm": {"@architectures": "spacy-gpner.BiLSTM.v1", "width": 10, "depth": 2, "dropout": 0.0},
    "bigru": {"@architectures": "spacy-gpner.BiGRU.v1", "width": 10, "dropout": 0.0},
    "idcnn": {"@architectures": "spacy-gpner.IDCNN.v1", "width": 10, "dropout": 0.0},
    "idcnn of own weights": {"@architectures": "spacy-gpner.IDCNN.v1", "shared": False, "dropout": 0.0},
    "attention": {"@architectures": "spacy-gpner.MultiHeadAttention.v1", "window": 8, "dropout": 0.0},
}


@pytest.fixture(params=LAYERS.values(), ids=LAYERS)
def layer(request):
    return request.param


@pytest.fixture
def docs():
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    return [nlp.make_doc(text) for text in TEXTS]


def build(layer, docs, tok2vec=TINY_TOK2VEC):
    model = registry.resolve({"layer": {**layer, "tok2vec": tok2vec}})["layer"]
    model.initialize(X=docs)
    return model


def test_vectors_have_the_width_and_do_not_depend_on_the_batch(layer, docs):
    model = build(layer, docs)
    together = model.predict(docs)
    width = model.get_dim("nO")
    assert [x.shape for x in together] == [(len(doc), width) for doc in docs]
    for doc, own in zip(docs, together, strict=True):
        (alone,) = model.predict([doc])
        numpy.testing.assert_allclose(alone, own, atol=1e-5)
    assert model.predict([]) == []


def test_gradients_reach_all_weights(layer, docs):
    model = build(layer, docs)
    vectors, backprop = model.begin_update(docs)
    rng = numpy.random.default_rng(0)
    backprop([rng.normal(size=x.shape).astype("float32") for x in vectors])
    (shim,) = [shim for node in model.walk() for shim in node.shims if node.name == model.layers[-1].name]
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in shim.module.parameters())
    assert any(
        node.has_grad("E") and abs(node.get_grad("E")).sum() for node in model.walk() if node.has_param("E")
    )


def test_layers_are_saved_and_stacked(layer, docs):
    stack = {**LAYERS["attention"], "tok2vec": {**layer, "tok2vec": TINY_TOK2VEC}, "heads": 2}
    (model, other) = (registry.resolve({"layer": stack})["layer"] for _ in range(2))
    model.initialize(X=docs)
    other.initialize(X=docs)
    other.from_bytes(model.to_bytes())
    for own, loaded in zip(model.predict(docs), other.predict(docs), strict=True):
        numpy.testing.assert_array_equal(own, loaded)


@pytest.mark.parametrize(
    ("layer", "settings", "message"),
    [
        ("bilstm", {"width": 7}, "even"),
        ("bilstm", {"depth": 0}, "depth"),
        ("bigru", {"width": 0}, "width"),
        ("idcnn", {"kernel_size": 2}, "odd"),
        ("idcnn", {"dilations": []}, "dilations"),
        ("idcnn", {"dilations": [1, 0]}, "dilations"),
        ("idcnn", {"iterations": 0}, "iterations"),
        ("idcnn", {"dropout": 1.0}, "dropout"),
        ("attention", {"heads": 0}, "heads"),
        ("attention", {"window": 6}, "window"),
    ],
)
def test_settings_are_checked(layer, settings, message):
    with pytest.raises(ValueError, match=message):
        registry.resolve({"layer": {**LAYERS[layer], "tok2vec": TINY_TOK2VEC, **settings}})


def test_heads_that_do_not_divide_the_width_are_refused(docs):
    with pytest.raises(Exception, match="3 of them can't share vectors of width"):
        build({**LAYERS["attention"], "heads": 3}, docs)


@pytest.mark.parametrize("lengths", [[3], [8, 9, 0, 40], [100]])
def test_every_token_is_kept_once(lengths):
    tokens, sizes, kept = _windows(lengths, 8)
    assert tokens[kept].tolist() == list(range(sum(lengths)))
    assert max(sizes) <= 8
    assert sum(sizes) == len(tokens)


def test_attention_sees_both_sides(docs):
    """A token in the middle of a long document is kept of a window with as much before as after it."""
    _, sizes, kept = _windows([64], 16)
    before = torch.cat([torch.arange(n) for n in sizes])[kept]
    assert before[8:-8].min() >= 4
    assert before[8:-8].max() < 12


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_attention_is_that_of_torch(docs, heads):
    model = build({**LAYERS["attention"], "heads": heads, "window": 64}, docs)
    module, width = model.layers[-1].shims[0].module, model.get_dim("nO")
    oracle = torch.nn.MultiheadAttention(width, heads)
    oracle.load_state_dict(
        {
            "in_proj_weight": module.project.weight,
            "in_proj_bias": module.project.bias,
            "out_proj.weight": module.join.weight,
            "out_proj.bias": module.join.bias,
        }
    )
    lengths = [5, 1, 17]
    vectors = torch.randn(sum(lengths), width, generator=torch.Generator().manual_seed(0))
    for own, found in zip(vectors.split(lengths), module(vectors, lengths).split(lengths), strict=True):
        expected = torch.nn.functional.layer_norm(own + oracle(own, own, own)[0], [width])
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("shared", "residual"), [(True, True), (False, True), (True, False)])
def test_convolutions_are_those_of_a_loop(docs, shared, residual):
    """Token by token, filter by filter; what lies outside of a document is 0."""
    own = {"width": 6, "dilations": [1, 2], "iterations": 3, "dropout": 0.0}
    layer = {"@architectures": "spacy-gpner.IDCNN.v1", "shared": shared, "residual": residual, **own}
    module = build(layer, docs).layers[-1].shims[0].module

    def convolve(rows, convolution):
        (reach,), found = convolution.dilation, []
        for i in range(len(rows)):
            total = convolution.bias
            for k, j in enumerate((i - reach, i, i + reach)):
                if 0 <= j < len(rows):
                    total = total + convolution.weight[:, :, k] @ rows[j]
            found.append(total.clamp(min=0))
        return torch.stack(found)

    def normalise(rows):
        return torch.nn.functional.layer_norm(rows, [6])

    lengths = [7, 1, 3]
    vectors = torch.randn(sum(lengths), module.first.in_channels, generator=torch.Generator().manual_seed(0))
    for rows, found in zip(vectors.split(lengths), module(vectors, lengths).split(lengths), strict=True):
        hidden, passes = convolve(rows, module.first), []
        for i in range(3):
            before = hidden
            for convolution in module.blocks[0 if shared else i]:
                hidden = convolve(hidden, convolution)
            if residual:
                hidden = normalise(before + hidden)
                passes.append(hidden)
        expected = normalise(sum(passes)) if residual else hidden
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_convolutions_read_so_far_and_no_further(docs):
    model = build(LAYERS["idcnn"], docs)
    shim = model.layers[-1].shims[0]
    vectors = torch.zeros(61, model.layers[-1].get_dim("nI"))
    moved = vectors.clone()
    moved[30] = 1.0
    apart = (shim.module(moved, [61]) - shim.module(vectors, [61])).abs().sum(1)
    # One token from the first convolution, and four times 1 + 1 + 2
    assert apart[30 - 17 : 30 + 18].count_nonzero() > 20
    assert apart[: 30 - 17].count_nonzero() == apart[30 + 18 :].count_nonzero() == 0
