import copy
import pickle
import textwrap
import warnings

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Config
from torch.testing import assert_close

from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_MODEL,
    TINY_TOK2VEC,
    TRAIN,
    blank,
    entities,
    expected,
    make_examples,
    scores,
    train,
)

TEXTS = [text for text, _ in TRAIN]


@pytest.fixture(scope="module")
def trained():
    nlp = blank()
    train(nlp)
    return nlp


def test_add_pipe_without_config():
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    component = nlp.add_pipe("span_globalpointer")
    assert component.key == "sc"
    assert component.labels == ()
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    assert component.labels == ("bod", "dis", "dru", "pro", "sym")
    losses = [nlp.update(make_examples(nlp), sgd=optimizer)["span_globalpointer"] for _ in range(5)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("head", ["EfficientGlobalPointer", "GlobalPointer", "Biaffine"])
@pytest.mark.parametrize("window", [6, None])
def test_overfits_saves_and_reloads(head, window, tmp_path):
    model = {"@architectures": f"spacy-gpner.{head}.v1", "tok2vec": TINY_TOK2VEC, "dropout": 0.0}
    nlp = blank(model=model, window=window)
    train(nlp)
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    from_bytes = blank(model=model, window=window).from_bytes(nlp.to_bytes())
    for text, spans in TRAIN:
        doc = nlp(text)
        assert entities(doc) == expected(spans)
        for other in (loaded, from_bytes):
            assert entities(other(text)) == entities(doc)
            assert scores(other(text)) == pytest.approx(scores(doc), abs=1e-6)
    score = loaded.evaluate(make_examples(loaded))
    assert score["spans_sc_f"] == score["spans_sc_nested_f"] == score["spans_sc_flat_f"] == 1.0
    # and goes on learning
    loaded.update(make_examples(loaded), sgd=loaded.resume_training())


def test_scores_are_aligned_probabilities(trained):
    doc = trained(TEXTS[0])
    assert len(scores(doc)) == len(doc.spans["sc"])
    assert all(0.5 < score < 1 for score in scores(doc))
    restored = Doc(trained.vocab).from_bytes(doc.to_bytes())
    assert scores(restored) == scores(doc)


def test_threshold_is_a_probability(trained):
    component = trained.get_pipe("span_globalpointer")
    at = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for threshold in (0.0, 1.0, 0.5):
            component.threshold = threshold
            at[threshold] = entities(trained(TEXTS[4]))
    assert at[1.0] == []
    assert set(at[0.5]) < set(at[0.0])


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_batch_size_changes_nothing(trained, batch_size):
    texts = [*TEXTS, "", "痛", *TEXTS[:2]]
    for doc, text in zip(trained.pipe(texts, batch_size=batch_size), texts, strict=True):
        alone = trained(text)
        assert entities(doc) == entities(alone)
        assert scores(doc) == pytest.approx(scores(alone), abs=1e-5)


def test_two_processes_give_the_same(trained):
    """torch has run in this process: its thread pool must not be waited for in a forked one."""
    import torch

    torch.set_num_threads(2)
    torch.randn(500, 500) @ torch.randn(500, 500)
    alone = list(trained.pipe(TEXTS * 3))
    torch.set_num_threads(1)
    for doc, other in zip(trained.pipe(TEXTS * 3, n_process=2, batch_size=2), alone, strict=True):
        assert entities(doc) == entities(other)
        assert scores(doc) == pytest.approx(scores(other), abs=1e-5)


@pytest.mark.parametrize("text", ["", "痛", " ", "\n\n", "😀𠀀\0", "x" * 300])
def test_unusual_texts(trained, text):
    doc = trained(text)
    assert doc.text == text
    assert len(doc.spans["sc"]) == len(doc.spans["sc"].attrs["scores"])


def test_no_docs(trained):
    assert list(trained.pipe([])) == []
    component = trained.get_pipe("span_globalpointer")
    component.set_annotations([], component.predict([]))
    assert component.update([]) == {"span_globalpointer": 0.0}


def test_other_span_groups_are_untouched(trained):
    doc = trained.make_doc(TEXTS[0])
    doc.spans["rules"] = [Span(doc, 0, 2, label="X")]
    doc.ents = [Span(doc, 0, 2, label="X")]
    doc = trained(doc)
    assert entities(doc, "rules") == [(0, 2, "X")]
    assert [ent.label_ for ent in doc.ents] == ["X"]
    assert trained(doc).spans["sc"].attrs["scores"].shape == (2,)


def test_spans_are_sorted_by_start_end_and_label():
    nlp = blank(threshold=0.0)
    nlp.get_pipe("span_globalpointer").add_label("zz")
    nlp.initialize(lambda: make_examples(nlp))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = entities(nlp(TEXTS[0]))
    assert found == sorted(found)
    assert len(found) == 10 * len(TEXTS[0])


def test_max_spans_keeps_the_best_and_warns_once():
    nlp = blank(threshold=0.0, max_spans=3)
    nlp.initialize(lambda: make_examples(nlp))
    with pytest.warns(UserWarning, match="beyond max_spans"):
        docs = list(nlp.pipe(TEXTS))
    assert [len(doc.spans["sc"]) for doc in docs] == [3] * len(docs)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp(TEXTS[0])


def test_ents_policy_fills_doc_ents(tmp_path):
    nlp = blank(ents_policy="outermost")
    train(nlp)
    doc = nlp(TEXTS[1])
    assert [(ent.start, ent.end, ent.label_) for ent in doc.ents] == [(2, 4, "dis"), (6, 8, "pro")]
    doc = nlp(doc)  # what was there before is replaced
    assert len(doc.ents) == 2


def test_labels_given_or_found():
    nlp = blank()
    nlp.get_pipe("span_globalpointer").add_label("sym")
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    assert component.labels == ("sym", "bod", "dis", "dru", "pro")
    assert component.label_data == list(component.labels)

    nlp = blank()
    with pytest.warns(UserWarning, match="labels that the component does not have"):
        nlp.get_pipe("span_globalpointer").initialize(
            lambda: make_examples(nlp), nlp=nlp, labels=["bod", "sym"]
        )
    assert nlp.get_pipe("span_globalpointer").labels == ("bod", "sym")
    # labels unseen in training are no gold
    assert nlp.update(make_examples(nlp))["span_globalpointer"] > 0


def test_initialize_without_examples_that_have_tokens():
    nlp = blank()
    component = nlp.get_pipe("span_globalpointer")
    component.initialize(lambda: make_examples(nlp, [("", [])]), nlp=nlp, labels=["bod"])
    assert entities(nlp(TEXTS[0])) == []


def test_label_added_after_initialization(tmp_path):
    nlp = blank()
    train(nlp)
    component = nlp.get_pipe("span_globalpointer")
    assert component.add_label("bod") == 0
    before = entities(nlp(TEXTS[0]))
    assert component.add_label("dep") == 1
    assert [e for e in entities(nlp(TEXTS[0])) if e[2] != "dep"] == before
    data = [*TRAIN, ("转入消化内科", [(2, 6, "dep")])]
    optimizer = nlp.resume_training()
    optimizer.learn_rate = 0.02
    for _ in range(60):
        nlp.update(make_examples(nlp, data), sgd=optimizer)
    nlp.to_disk(tmp_path)
    assert entities(spacy.load(tmp_path)("转入消化内科")) == [(2, 6, "dep")]


@pytest.mark.parametrize("label", ["", 3, None])
def test_bad_labels(label):
    with pytest.raises(ValueError, match="Invalid label"):
        blank().get_pipe("span_globalpointer").add_label(label)


@pytest.mark.parametrize(
    "settings",
    [
        {"threshold": 1.5},
        {"threshold": -0.1},
        {"thresholds": {"bod": 1.5}},
        {"window": 0},
        {"window_mode": "suffix"},
        {"ents_policy": "best"},
        {"max_spans": -1},
        {"spans_key": ""},
    ],
)
def test_bad_settings_are_named(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        blank(**settings)


def test_no_labels_at_all():
    nlp = blank(spans_key="entities")
    with pytest.raises(ValueError, match=r"no spans under doc.spans\['entities'\]"):
        nlp.initialize(lambda: make_examples(nlp))


def test_not_initialized():
    nlp = blank()
    with pytest.raises(ValueError, match="has not been initialized"):
        nlp(TEXTS[0])
    with pytest.raises(ValueError, match="has not been initialized"):
        nlp.update(make_examples(nlp))
    blank().from_bytes(nlp.to_bytes())


def test_gold_outside_the_window_is_reported_once():
    nlp = blank(window=3)
    with pytest.warns(
        UserWarning, match=r"3 of 8 gold spans .*window = 3.*bod 1 of 3 .*dru 1.*sym 1"
    ) as record:
        nlp.initialize(
            lambda: make_examples(nlp, [*TRAIN[:4], ("左膝关节肿胀", [(0, 4, "bod"), (4, 6, "sym")])])
        )
    assert len([w for w in record if "window" in str(w.message)]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.update(make_examples(nlp))


def test_gold_that_does_not_fit_the_tokens_is_reported():
    nlp = blank("en", char_tokenizer=False)
    data = [("chronic gastritis of the stomach", [(0, 17, "dis"), (25, 30, "bod")])]
    with pytest.warns(UserWarning, match=r"1 of 2 gold spans .*whole tokens.*bod 1 of 1"):
        nlp.initialize(lambda: make_examples(nlp, data))
    nlp.update(make_examples(nlp, data))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_works_with_spacys_tokenizers(lang):
    nlp = blank(lang, char_tokenizer=False)
    data = TRAIN if lang == "zh" else [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod")])]
    train(nlp, data)
    for text, spans in data:
        doc = nlp(text)
        assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["sc"]] == expected(spans)


def test_unannotated_examples_teach_nothing():
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    unlabelled = Example(nlp.make_doc(TEXTS[0]), nlp.make_doc(TEXTS[0]))
    labelled = make_examples(nlp)[1]
    factors, _ = component.model.begin_update([unlabelled.x, labelled.x])
    loss, grads = component.get_loss([unlabelled, labelled], factors)
    assert all((x[: len(unlabelled.x)] == 0).all() for x in grads.tensors)
    alone, _ = component.get_loss([labelled], factors.documents([False, True]))
    assert loss == pytest.approx(alone)
    loss, grads = component.get_loss([unlabelled], factors.documents([True, False]))
    assert loss == 0
    assert all((x == 0).all() for x in grads.tensors)
    assert nlp.evaluate([unlabelled])["spans_sc_f"] is None


def test_other_spans_key():
    nlp = blank(spans_key="entities")
    with pytest.warns(UserWarning, match="spans_entities_f"):
        train(nlp, key="entities")
    assert entities(nlp(TEXTS[0]), "entities") == expected(TRAIN[0][1])
    assert nlp.evaluate(make_examples(nlp, key="entities"))["spans_entities_f"] == 1.0


def test_settings_can_be_overridden_when_loading(trained, tmp_path):
    trained.to_disk(tmp_path / "a")
    loaded = spacy.load(tmp_path / "a", config={"components": {"span_globalpointer": {"threshold": 0.9}}})
    assert loaded.get_pipe("span_globalpointer").threshold == 0.9
    # and a setting that was changed at run time is saved
    loaded.get_pipe("span_globalpointer").threshold = 0.25
    loaded.to_disk(tmp_path / "b")
    again = spacy.load(tmp_path / "b")
    assert again.get_pipe("span_globalpointer").threshold == 0.25
    again.to_disk(tmp_path / "c")
    assert spacy.load(tmp_path / "c").get_pipe("span_globalpointer").threshold == 0.25
    # but gives way to an explicit override
    loaded = spacy.load(tmp_path / "c", config={"components": {"span_globalpointer": {"threshold": 0.7}}})
    assert loaded.get_pipe("span_globalpointer").threshold == 0.7


@pytest.mark.parametrize("given", [0.6, 0.0003, 1 / 3])
def test_changes_of_settings_are_kept_whatever_the_digits(given):
    """srsly reads 0.6 as 0.6000000000000001."""
    nlp = blank(threshold=given)
    nlp.get_pipe("span_globalpointer").threshold = 0.25
    assert blank(threshold=given).from_bytes(nlp.to_bytes()).get_pipe("span_globalpointer").threshold == 0.25


def test_averaged_weights_are_used():
    nlp = blank()
    nlp.config["training"]["optimizer"]["use_averages"] = True
    examples = make_examples(nlp)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples, sgd=optimizer)
    shims = [shim for node in nlp.get_pipe("span_globalpointer").model.walk() for shim in node.shims]
    modules = [(shim.id, name, p) for shim in shims for name, p in shim.module.named_parameters()]
    before = [p.detach().clone() for *_, p in modules]
    with nlp.use_params(optimizer.averages):
        for (shim_id, name, p), last in zip(modules, before, strict=True):
            assert_close(p.detach(), torch.from_numpy(optimizer.averages[shim_id, name]))
            assert not torch.equal(p, last)
        averaged = nlp.to_bytes()
    for (*_, p), last in zip(modules, before, strict=True):
        assert torch.equal(p, last)
    assert averaged != nlp.to_bytes()


def test_divergence_is_an_error():
    nlp = blank()
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    factors, _ = component.model.begin_update([eg.x for eg in make_examples(nlp)])
    factors.q[0] = float("nan")
    with pytest.raises(ValueError, match="diverged"):
        component.get_loss(make_examples(nlp), factors)


def test_prefix_window_predicts_at_the_beginning_alone():
    nlp = blank(window=5, window_mode="prefix", threshold=0.0, max_spans=10**6)
    nlp.get_pipe("span_globalpointer").add_label("bod")
    with pytest.warns(UserWarning, match="window_mode = 'prefix'"):
        nlp.initialize(lambda: make_examples(nlp))
    found = entities(nlp(TEXTS[0]))
    assert max(end for _, end, _ in found) == 5
    assert len({(start, end) for start, end, _ in found}) == 15


def test_dropout_rate_of_training_reaches_thinc_layers():
    nlp = blank(model={**TINY_MODEL, "tok2vec": TINY_CNN})
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    examples = make_examples(nlp)
    plain = component.update(examples, drop=0.0)["span_globalpointer"]
    assert component.update(examples, drop=0.0)["span_globalpointer"] == pytest.approx(plain)
    assert component.update(examples, drop=0.9)["span_globalpointer"] != pytest.approx(plain)


def test_long_document(trained):
    text = "".join(TEXTS) * 300
    doc = trained(text)
    assert len(doc) == len(text)
    assert doc.spans["sc"][-1].end > len(text) - 20


def test_default_config_is_explicit():
    """`spacy init fill-config` shows every setting."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer")
    block = nlp.config["components"]["span_globalpointer"]
    assert {
        "threshold",
        "thresholds",
        "window",
        "window_mode",
        "max_spans",
        "ents_policy",
        "spans_key",
    } < set(block)
    assert {"head_size", "rope", "type_features", "dropout"} < set(block["model"])


@pytest.mark.parametrize("head", ["EfficientGlobalPointer", "GlobalPointer", "Biaffine"])
def test_architecture_and_tok2vec_are_enough(head):
    nlp = blank(model={"@architectures": f"spacy-gpner.{head}.v1", "tok2vec": TINY_CNN})
    train(nlp, steps=2)


def test_shared_tok2vec_listener_and_replace_listeners(tmp_path):
    config = Config().from_str(
        textwrap.dedent("""
        [nlp]
        lang = "zh"
        pipeline = ["tok2vec", "span_globalpointer"]
        [nlp.tokenizer]
        @tokenizers = "spacy-gpner.CharTokenizer.v1"
        [components]
        [components.tok2vec]
        factory = "tok2vec"
        [components.span_globalpointer]
        factory = "span_globalpointer"
        [components.span_globalpointer.model]
        @architectures = "spacy-gpner.EfficientGlobalPointer.v1"
        [components.span_globalpointer.model.tok2vec]
        @architectures = "spacy.Tok2VecListener.v1"
        width = 32
        """)
    )
    config["components"]["tok2vec"]["model"] = copy.deepcopy(TINY_TOK2VEC)
    nlp = spacy.util.load_model_from_config(config, auto_fill=True)
    train(nlp)
    assert entities(nlp(TEXTS[0])) == expected(TRAIN[0][1])
    nlp.replace_listeners("tok2vec", "span_globalpointer", ["model.tok2vec"])
    nlp.remove_pipe("tok2vec")
    assert entities(nlp(TEXTS[0])) == expected(TRAIN[0][1])
    nlp.to_disk(tmp_path)
    assert entities(spacy.load(tmp_path)(TEXTS[0])) == expected(TRAIN[0][1])


def test_same_seed_same_weights():
    def weights():
        nlp = blank()
        train(nlp, steps=3)
        return nlp.get_pipe("span_globalpointer").model.to_bytes()

    assert weights() == weights()


def test_docs_can_be_pickled(trained):
    doc = trained(TEXTS[0])
    assert entities(pickle.loads(pickle.dumps(doc))) == entities(doc)


def test_same_span_with_two_labels():
    nlp = blank()
    data = [("血红蛋白下降", [(0, 4, "bod"), (0, 4, "ite"), (0, 6, "sym")])]
    train(nlp, data)
    doc = nlp(data[0][0])
    assert entities(doc) == data[0][1]
    assert isinstance(doc.spans["sc"].attrs["scores"], numpy.ndarray)


def test_model_settings_are_checked():
    with pytest.raises(ValueError, match="head_size"):
        blank(model={**TINY_MODEL, "head_size": 7})
