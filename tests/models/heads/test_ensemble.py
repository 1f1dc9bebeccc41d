"""An ensemble is the mean of its members, for everything that a model is used for."""

from unittest.mock import patch

import numpy
import pytest
import spacy
import torch
from thinc.api import Model, fix_random_seed

from spacy_gpner.compact.pipeline import write_compact
from spacy_gpner.distillation.linkage import AddLinkage
from spacy_gpner.distillation.teacher import LinkedTeacher
from spacy_gpner.models.heads.ensemble import Ensemble, join_trained
from spacy_gpner.models.score_model import build_score_model, resize_score_model
from spacy_gpner.models.transformers import frozen as frozen_module

from ...spans.oracle import dense_scores
from ...util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_MODEL,
    TINY_TOK2VEC,
    TRAIN,
    blank,
    entities,
    make_examples,
    make_tiny_bert,
    scores,
    train,
    transformer_nlp,
)

NAME = "span_globalpointer"
TEXTS = [text for text, _ in TRAIN]
GLOBALPOINTER = {"@architectures": "spacy-gpner.GlobalPointer.v1", "head_size": 8, "tok2vec": TINY_CNN}
BIAFFINE = {"@architectures": "spacy-gpner.Biaffine.v1", "head_size": 6, "tok2vec": TINY_TOK2VEC}
EFFICIENT = {**TINY_MODEL, "head_size": 8, "tok2vec": TINY_CNN}
ALIKE = {"one": TINY_MODEL, "two": TINY_MODEL, "three": EFFICIENT}
MIXED = {"efficient": TINY_MODEL, "globalpointer": GLOBALPOINTER, "biaffine": BIAFFINE}


def ensemble(members, **settings):
    return blank(model={"@architectures": "spacy-gpner.Ensemble.v1", "members": members}, **settings)


def trained_model(block, labels=("bod", "dis", "dru", "pro", "sym"), seed=0):
    nlp = blank(model=block)
    fix_random_seed(seed)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    nlp.get_pipe(NAME).cfg["labels"] = list(labels)
    for _ in range(3):
        nlp.update(make_examples(nlp), sgd=optimizer)
    return nlp.get_pipe(NAME).model


def dense(model):
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    factors = model.predict([nlp.make_doc(text) for text in [*TEXTS, ""]])
    return dense_scores(factors.with_tensors(*(x.double() for x in factors.tensors)))


def parts_of(model):
    """The weights of each member's encoder and head, in one row each."""
    head = model.get_ref("output_layer").shims[0].module
    for encoder, own in zip(model.get_ref("tok2vec").layers, head.members, strict=True):
        nodes = list(encoder.walk())
        arrays = [node.get_param(name) for node in nodes for name in node.param_names]
        modules = [shim.module for node in nodes for shim in node.shims]
        arrays += [p.detach().numpy() for module in modules for p in module.parameters()]
        for part in (arrays, [p.detach().numpy() for p in own.parameters()]):
            yield numpy.concatenate([array.ravel() for array in part])


@pytest.mark.parametrize("members", [ALIKE, MIXED, {"alone": TINY_MODEL}])
def test_scores_are_the_mean(members):
    models = {name: trained_model(block, seed=i) for i, (name, block) in enumerate(members.items())}
    own = [dense(model) for model in models.values()]
    joint = dense(join_trained(models, [[t] * len(models) for t in range(5)]))
    for *parts, mean in zip(*own, joint, strict=True):
        torch.testing.assert_close(mean, sum(parts) / len(parts), atol=1e-5, rtol=0)
    assert len(own) == 1 or not torch.allclose(own[0][0], own[1][0], atol=0.1)


def test_types_in_another_order():
    first, second = trained_model(TINY_MODEL, seed=1), trained_model(GLOBALPOINTER, seed=2)
    order = [3, 1, 4, 0, 2]
    joint = join_trained({"first": first, "second": second}, [[t, order[t]] for t in range(5)])
    for a, b, mean in zip(dense(first), dense(second), dense(joint), strict=True):
        torch.testing.assert_close(mean, (a + b[order]) / 2, atol=1e-5, rtol=0)
    # A new type is the last of all members, and leaves the others alone.
    before = dense(joint)
    resize_score_model(joint, 6)
    for old, new in zip(before, dense(joint), strict=True):
        torch.testing.assert_close(new[:5], old, atol=1e-5, rtol=0)
    head = joint.get_ref("output_layer").shims[0].module
    assert head.order.tolist() == [*([t, order[t]] for t in range(5)), [5, 5]]


@pytest.mark.parametrize("members", [ALIKE, MIXED])
def test_learns_saves_and_loads(members, tmp_path):
    nlp = ensemble(members)
    train(nlp, steps=40)
    for text, spans in TRAIN:
        assert entities(nlp(text)) == sorted(spans)
    nlp.to_disk(tmp_path)
    for loaded in (spacy.load(tmp_path), ensemble(members).from_bytes(nlp.to_bytes())):
        for doc, again in zip(nlp.pipe(TEXTS), loaded.pipe(TEXTS), strict=True):
            assert (entities(again), scores(again)) == (entities(doc), scores(doc))
        model = loaded.get_pipe(NAME).model
        for x, y in zip(dense(nlp.get_pipe(NAME).model), dense(model), strict=True):
            assert torch.equal(x, y)


def test_learns_a_new_label_after_loading(tmp_path):
    nlp = ensemble(MIXED)
    train(nlp, steps=40)
    nlp.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    before = dense(nlp.get_pipe(NAME).model)
    nlp.get_pipe(NAME).add_label("equ")
    for old, new in zip(before, dense(nlp.get_pipe(NAME).model), strict=True):
        torch.testing.assert_close(new[:5], old, atol=1e-5, rtol=0)
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    data = [*TRAIN, ("体温计已消毒", [(0, 3, "equ")])]
    for _ in range(40):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
    assert [entities(nlp(text)) for text, _ in data] == [sorted(spans) for _, spans in data]


def test_a_step_of_training_moves_every_member():
    nlp = ensemble(MIXED)
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    optimizer.L2 = 0.0
    before = list(parts_of(nlp.get_pipe(NAME).model))
    nlp.update(make_examples(nlp), sgd=optimizer)
    for old, new in zip(before, parts_of(nlp.get_pipe(NAME).model), strict=True):
        assert (old != new).any()


def test_each_encoder_gets_the_gradient_of_its_own_columns():
    """One that gives nothing back, as a listener does, is no trouble, and no document is lost or doubled."""
    got = {}

    def encoder(name, width):
        def forward(model, docs, is_train):
            vectors = [numpy.full((len(doc), width), width, dtype="float32") for doc in docs]
            return vectors, lambda d_vectors: got.update({name: d_vectors})

        return build_score_model(Model(name, forward, dims={"nO": width}), torch.nn.Linear)

    tok2vec = Ensemble({"one": encoder("one", 2), "two": encoder("two", 3)}).get_ref("tok2vec")
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    docs = [nlp.make_doc(text) for text in ("发热", "", "咳")]
    vectors, backprop = tok2vec.begin_update(docs)
    assert [x.tolist() for x in vectors] == [[[2, 2, 3, 3, 3]] * 2, [], [[2, 2, 3, 3, 3]]]
    backprop([numpy.arange(5 * len(doc), dtype="float32").reshape(-1, 5) for doc in docs])
    assert [x.tolist() for x in got["one"]] == [[[0, 1], [5, 6]], [], [[0, 1]]]
    assert [x.tolist() for x in got["two"]] == [[[2, 3, 4], [7, 8, 9]], [], [[2, 3, 4]]]
    assert len(docs) == 3


@pytest.mark.parametrize("linkage", [None, AddLinkage()])
def test_teaches(linkage):
    teacher = ensemble(MIXED)
    train(teacher, steps=40)
    nlp = blank()
    raw = make_examples(nlp)
    for example in raw:
        del example.reference.spans["sc"]
    pipe = nlp.get_pipe(NAME)
    for label in teacher.get_pipe(NAME).labels:
        pipe.add_label(label)
    optimizer = nlp.initialize(lambda: raw)
    optimizer.learn_rate = 0.02
    assert not any(entities(nlp(text)) for text in TEXTS)
    joint = LinkedTeacher(teacher, NAME, pipe, linkage=linkage)
    for _ in range(40):
        pipe.distill(joint, raw, sgd=optimizer)
    assert [entities(nlp(text)) for text in TEXTS] == [sorted(spans) for _, spans in TRAIN]


def test_becomes_compact(tmp_path):
    nlp = ensemble(MIXED)
    train(nlp, steps=40)
    found = [entities(doc) for doc in nlp.pipe(TEXTS)]
    assert write_compact(nlp, tmp_path) == 2
    assert [entities(doc) for doc in spacy.load(tmp_path).pipe(TEXTS)] == found


def test_members_share_a_listened_encoder(tmp_path):
    fix_random_seed(0)
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("tok2vec", config={"model": TINY_TOK2VEC})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
    members = {
        "one": {**TINY_MODEL, "tok2vec": listener},
        "two": {**GLOBALPOINTER, "tok2vec": listener},
        "own": TINY_MODEL,
    }
    nlp.add_pipe(NAME, config={"model": {"@architectures": "spacy-gpner.Ensemble.v1", "members": members}})
    train(nlp, steps=40)
    found = [(entities(doc), scores(doc)) for doc in nlp.pipe(TEXTS)]
    assert [own for own, _ in found] == [sorted(spans) for _, spans in TRAIN]
    nlp.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    assert [(entities(doc), scores(doc)) for doc in nlp.pipe(TEXTS)] == found


@pytest.mark.parametrize("shared", [True, False])
def test_members_with_transformers(shared, tmp_path):
    pytest.importorskip("spacy_transformers")
    nlp = transformer_nlp(make_tiny_bert(tmp_path / "bert"), shared)
    block = nlp.get_pipe_config(NAME)["model"]
    nlp.remove_pipe(NAME)
    members = {"one": block, "two": {**block, "head_size": 32}}
    nlp.add_pipe(NAME, config={"model": {"@architectures": "spacy-gpner.Ensemble.v1", "members": members}})
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    assert [entities(nlp(text)) for text in TEXTS] == [sorted(spans) for _, spans in TRAIN]
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    for doc, again in zip(nlp.pipe(TEXTS), loaded.pipe(TEXTS), strict=True):
        assert entities(again) == entities(doc)
        assert scores(again) == pytest.approx(scores(doc), abs=1e-5)


def test_what_is_no_member():
    with pytest.raises(ValueError, match=r"Invalid members: there is none"):
        ensemble({})
    with pytest.raises(ValueError, match=r"'two' \(.*\) gives no scores of spans"):
        ensemble({"one": TINY_MODEL, "two": TINY_TOK2VEC})
    with pytest.raises(ValueError, match=r"'two' \(int\) gives no scores of spans"):
        ensemble({"one": TINY_MODEL, "two": 2})
    nested = {"@architectures": "spacy-gpner.Ensemble.v1", "members": {"inner": TINY_MODEL}}
    with pytest.raises(ValueError, match="'two' is an ensemble"):
        ensemble({"one": TINY_MODEL, "two": nested})


def test_members_over_the_same_frozen_encoder_run_it_once(tmp_path):
    bert = make_tiny_bert(tmp_path / "bert", n_layers=2)
    frozen = {"@architectures": "spacy-gpner.FrozenTransformer.v1", "name": bert, "width": 16}
    members = {
        name: {**TINY_MODEL, "tok2vec": {**frozen, "layers": layers}}
        for name, layers in {"one": [1], "two": [1], "three": [2]}.items()
    }
    nlp = ensemble(members)
    train(nlp, steps=2)
    nlp = spacy.blank("zh", config=nlp.config).from_bytes(nlp.to_bytes())
    model = nlp.get_pipe(NAME).model
    docs = [nlp.make_doc(text) for text in TEXTS]
    layers = model.get_ref("tok2vec").layers
    apart = [layer.predict(docs) for layer in layers]
    with patch.object(frozen_module, "encode", wraps=frozen_module.encode) as encode:
        together = model.get_ref("tok2vec").predict(docs)
    assert encode.call_count == 2
    for i, vectors in enumerate(together):
        numpy.testing.assert_array_equal(vectors, numpy.hstack([own[i] for own in apart]))
