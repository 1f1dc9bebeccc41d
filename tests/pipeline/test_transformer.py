"""Under a transformer, shared or own: a tiny random BERT on disk."""

import pytest
import spacy

from ..components import COMPONENTS
from ..util import (
    TRAIN,
    entities,
    expected,
    make_examples,
    make_tiny_albert,
    make_tiny_bert,
    make_tiny_nezha,
    scores,
    train,
    transformer_nlp,
)

TEXTS = [text for text, _ in TRAIN]
FGM = {"@misc": "spacy-gpner.FGM.v1", "epsilon": 0.1}
SYSTEM = ["IDCNN", "MultiHeadAttention"]
LAYERS = {
    "IDCNN": {"width": 16, "dropout": 0.0},
    "MultiHeadAttention": {"heads": 2, "dropout": 0.0},
    "BiLSTM": {"width": 16, "dropout": 0.0},
    "BiGRU": {"width": 16, "dropout": 0.0},
}
pytest.importorskip("spacy_transformers")


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def albert(tmp_path_factory):
    return make_tiny_albert(tmp_path_factory.mktemp("albert"))


@pytest.fixture(scope="module")
def nezha(tmp_path_factory):
    return make_tiny_nezha(tmp_path_factory.mktemp("nezha"))


@pytest.mark.parametrize(
    ("encoder", "kind", "layers"),
    [
        *((encoder, "crf", [layer]) for encoder in ("bert", "albert") for layer in LAYERS),
        *(
            (encoder, kind, SYSTEM)
            for encoder in ("bert", "albert")
            for kind in ("flat_crf", "softmax", "efficient", "biaffine")
        ),
        ("nezha", "crf", []),
    ],
)
def test_all_layers_train_save_and_reload(request, encoder, kind, layers, tmp_path):
    """With an adversary, which moves the encoder's embeddings."""
    tok2vec = {"@architectures": "spacy-gpner.Transformer.v1", "name": request.getfixturevalue(encoder)}
    for layer in layers:
        tok2vec = {"@architectures": f"spacy-gpner.{layer}.v1", **LAYERS[layer], "tok2vec": tok2vec}
    own = COMPONENTS[kind]
    nlp = own.blank(tok2vec=tok2vec, adversary=FGM)
    losses = train(nlp, own.data, 60)
    assert losses[own.factory] < 0.5
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text, spans in own.data:
        doc = nlp(text)
        assert entities(doc) == expected(spans)
        assert entities(loaded(text)) == entities(doc)
        assert scores(loaded(text)) == pytest.approx(scores(doc), abs=1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_trains_saves_and_reloads(bert, shared, tmp_path):
    nlp = transformer_nlp(bert, shared)
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for _ in range(60):
        losses = nlp.update(examples, sgd=optimizer)
    assert losses["span_globalpointer"] < 0.3
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    for text, spans in TRAIN:
        doc = nlp(text)
        assert entities(doc) == expected(spans)
        assert entities(loaded(text)) == entities(doc)
        assert scores(loaded(text)) == pytest.approx(scores(doc), abs=1e-5)

    # longer than the transformer's positions: nothing is truncated
    text = "".join(TEXTS) * 50
    doc = loaded(text)
    assert len(doc) == len(text) > 3 * 512
    last = entities(doc)[-1]
    assert last[1] > len(text) - 12

    texts = [*TEXTS, "", "痛", text]
    for doc, alone in zip(loaded.pipe(texts, batch_size=8), map(loaded, texts), strict=True):
        assert entities(doc) == entities(alone)
        assert scores(doc) == pytest.approx(scores(alone), abs=1e-5)


def test_the_band_crosses_the_seams_of_strided_windows(bert):
    """Every span inside the window exists, also where one window of the transformer ends."""
    nlp = transformer_nlp(bert, shared=False)
    component = nlp.get_pipe("span_globalpointer")
    component.cfg.update(threshold=0.0, window=4, max_spans=10**6)
    component.add_label("bod")
    examples = make_examples(nlp)
    with pytest.warns(UserWarning, match="gold spans"):
        component.initialize(lambda: examples, labels=["bod"])
    text = "".join(TEXTS) * 10
    doc = nlp(text)
    assert len(doc.spans["sc"]) == 4 * len(text) - 6


def test_averages_are_warned_of(bert):
    # those of transformers are kept, but never used
    nlp = transformer_nlp(bert, shared=True)
    nlp.config["training"]["optimizer"]["use_averages"] = True
    with pytest.warns(UserWarning, match="use_averages"):
        nlp.initialize(lambda: make_examples(nlp))
