"""What every kind of component owes: learning, alone and beside others in a pipeline."""

import copy
import re
import warnings
from collections.abc import Mapping

import numpy
import pytest
import spacy
import torch
from spacy.training import Example
from thinc.api import fix_random_seed
from torch.testing import assert_close

from spacy_gpner.errors import GpnerWarning
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.pipeline.teaching import Lesson
from spacy_gpner.spans import DistillationLoss
from spacy_gpner.tokenizer import CharTokenizer

from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_MODEL,
    TINY_TOK2VEC,
    entities,
    expected,
    make_examples,
    train,
)

LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}


def modules(nlp):
    """The shims of the component's torch modules."""
    return [shim for node in find_pipe(nlp).model.walk() for shim in node.shims]


def test_same_seed_same_weights(kind):
    assert find_pipe(kind.trained(3)).model.to_bytes() == find_pipe(kind.trained(3)).model.to_bytes()


def test_an_optimizer_that_the_config_names_elsewhere(kind):
    nlp = kind.blank()
    nlp.config["shared"] = {"optimizer": nlp.config["training"]["optimizer"]}
    nlp.config["training"]["optimizer"] = "${shared.optimizer}"
    nlp.initialize(lambda: kind.examples(nlp))
    assert find_pipe(nlp).labels


def test_averaged_weights_are_used(kind):
    nlp = kind.blank()
    nlp.config["training"]["optimizer"]["use_averages"] = True
    examples = kind.examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    own = [(shim.id, name, p) for shim in modules(nlp) for name, p in shim.module.named_parameters()]
    before = [p.detach().clone() for *_, p in own]
    with nlp.use_params(optimizer.averages):
        for (shim_id, name, p), last in zip(own, before, strict=True):
            assert_close(p.detach(), torch.from_numpy(optimizer.averages[shim_id, name]))
            assert not torch.equal(p, last)
        averaged = nlp.to_bytes()
    for (*_, p), last in zip(own, before, strict=True):
        assert torch.equal(p, last)
    assert averaged != nlp.to_bytes()


def test_divergence_is_an_error(kind):
    nlp, component = kind.initialized()
    scores, _ = component.model.begin_update([eg.x for eg in kind.examples(nlp)])
    scores.tensors[0][0] = float("nan")
    with pytest.raises(ValueError, match="diverged"):
        component.get_loss(kind.examples(nlp), scores)


def test_dropout_rate_of_training_reaches_thinc_layers(kind):
    nlp, component = kind.initialized(tok2vec=TINY_CNN)
    examples = kind.examples(nlp)
    plain, again, dropped = (component.update(examples, drop=rate)[component.name] for rate in (0, 0, 0.9))
    assert again == pytest.approx(plain)
    assert dropped != pytest.approx(plain)


@pytest.mark.parametrize("drop", [-0.1, 1.0, float("nan"), True])
def test_dropout_rates_out_of_range(kind, drop):
    nlp, component = kind.initialized()
    with pytest.raises(ValueError, match="Invalid dropout"):
        component.update(kind.examples(nlp), drop=drop)
    with pytest.raises(ValueError, match="Invalid dropout"):
        component.distill(SilentTeacher(), kind.examples(nlp), drop=drop)


def test_unannotated_examples_teach_nothing(kind):
    nlp, component = kind.initialized(threshold=1.0)
    unlabelled = Example(nlp.make_doc(kind.texts[0]), nlp.make_doc(kind.texts[0]))
    labelled = kind.examples(nlp)[1]
    scores, _ = component.model.begin_update([unlabelled.x, labelled.x])
    loss, grads = component.get_loss([unlabelled, labelled], scores)
    assert (grads.flat()[: len(unlabelled.x)] == 0).all()
    alone, _ = component.get_loss([labelled], scores.documents([False, True]))
    assert loss == pytest.approx(alone)
    loss, grads = component.get_loss([unlabelled], scores.documents([True, False]))
    assert loss == 0
    assert all((x == 0).all() for x in grads.tensors)
    assert nlp.evaluate([unlabelled])["spans_sc_f"] is None


def test_labels_that_a_trained_component_lacks_are_reported(kind):
    """As one taken from another pipeline does, which is not initialized."""
    nlp, _ = kind.initialized()
    examples = make_examples(nlp, [("头痛", [(0, 2, "sym")]), ("咳嗽", [(0, 2, "new")])])
    with pytest.warns(GpnerWarning, match=r"does not have, and they are ignored: new\. Add them"):
        nlp.update(examples)
    with warnings.catch_warnings():
        warnings.simplefilter("error", GpnerWarning)
        nlp.update(examples)


def test_gold_that_does_not_fit_the_tokens_is_reported(kind):
    nlp = kind.blank("en", char_tokenizer=False)
    data = [("chronic gastritis of the stomach", [(0, 17, "dis"), (25, 30, "bod")])]
    examples = make_examples(nlp, data, tokenizer=CharTokenizer(nlp.vocab))
    with pytest.warns(GpnerWarning) as record:
        nlp.initialize(lambda: examples)
    said = [str(warning.message) for warning in record]
    other_tokens, misaligned = (text for text in said if "no queries" not in text)
    assert "1 of 1 documents have other tokens in the corpus" in other_tokens
    assert re.search(r"1 of 2 gold spans .*whole tokens.*bod 1 of 1", misaligned)
    nlp.update(examples)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_works_with_spacys_tokenizers(kind, lang):
    nlp = kind.blank(lang, char_tokenizer=False)
    data = kind.data if lang == "zh" else [("acute pain in the left knee", [(18, 27, "bod")])]
    train(nlp, data)
    for text, spans in data:
        doc = nlp(text)
        assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["sc"]] == expected(spans)


def listening(kind, *, other=False, ours=True):
    """A shared encoder and its listeners: another component, with the key "other", and ours."""
    fix_random_seed(0)
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    nlp.add_pipe("tok2vec", config={"model": copy.deepcopy(TINY_TOK2VEC)})
    if other:
        config = {"model": {**TINY_MODEL, "tok2vec": LISTENER}, "spans_key": "other"}
        nlp.add_pipe("span_globalpointer", "other", config=config)
    if ours:
        nlp.add_pipe(kind.factory, "ours", config={"model": kind.model(LISTENER)})
    return nlp


def test_shared_tok2vec_listener_and_replace_listeners(kind, tmp_path):
    nlp = listening(kind)
    train(nlp, kind.data)
    gold = expected(kind.data[0][1])
    assert entities(nlp(kind.texts[0])) == gold
    if len(kind.listeners) > 1:
        pytest.skip("spaCy 3.8 takes listeners off the list that it goes over, and leaves every second one")
    nlp.replace_listeners("tok2vec", "ours", kind.listeners)
    nlp.remove_pipe("tok2vec")
    assert entities(nlp(kind.texts[0])) == gold
    nlp.to_disk(tmp_path)
    assert entities(spacy.load(tmp_path)(kind.texts[0])) == gold


class SilentTeacher:
    """Has nothing to say."""

    labels: tuple[str, ...] = ()
    learning: Mapping = {}

    def teach(self, docs, vectors, *, is_train):
        return Lesson(None)


def encoders_gradient(kind, learn, **components):
    """The gradient of a shared encoder on a batch whose references have the span group "other" alone."""
    nlp = listening(kind, other=True, **components)
    both = make_examples(nlp, kind.data, "other")
    for eg, own in zip(both, kind.examples(nlp), strict=True):
        eg.reference.spans["sc"] = own.reference.spans["sc"].copy(doc=eg.reference)
    with pytest.warns(UserWarning, match="spans_other_f"):
        nlp.initialize(lambda: both)
    examples = make_examples(nlp, kind.data, "other")
    for name, pipe in nlp.pipeline:
        if name == "ours":
            learn(pipe, examples)
        else:
            pipe.update(examples)
    encoder = nlp.get_pipe("tok2vec").model
    grads = [
        node.get_grad(name) for node in encoder.walk() for name in node.param_names if node.has_grad(name)
    ]
    shims = [shim for node in encoder.walk() for shim in node.shims]
    return grads + [p.grad.numpy() for shim in shims for p in shim.module.parameters() if p.grad is not None]


@pytest.mark.parametrize(
    "learn",
    [
        lambda pipe, examples: pipe.update(examples),
        lambda pipe, examples: pipe.distill(SilentTeacher(), examples, settings=DistillationLoss(alpha=0.0)),
    ],
    ids=["update", "distill"],
)
def test_a_shared_encoder_learns_from_the_others_where_we_have_nothing_to_learn(kind, learn):
    with_ours = encoders_gradient(kind, learn)
    without = encoders_gradient(kind, learn, ours=False)
    assert any(abs(grad).max() > 1e-3 for grad in without)
    for x, y in zip(with_ours, without, strict=True):
        numpy.testing.assert_allclose(x, y, atol=1e-6)


def test_annotates_for_the_components_after_it_and_can_be_frozen(kind, trained):
    nlp = kind.blank().from_bytes(trained.to_bytes())
    component = find_pipe(nlp)
    seen = []
    nlp.add_pipe("sentencizer")
    nlp.get_pipe("sentencizer").update = lambda examples, **kwargs: seen.extend(
        entities(eg.predicted) for eg in examples
    )
    before = component.model.to_bytes()
    nlp.update(
        kind.examples(nlp), sgd=nlp.resume_training(), exclude=[component.name], annotates=[component.name]
    )
    assert component.model.to_bytes() == before
    assert seen == [expected(spans) for _, spans in kind.data]
