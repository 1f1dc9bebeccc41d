"""What is `span_globalpointer`'s own: its window, its heads, and entities of any shape."""

import warnings

import pytest
import spacy
import torch
from hypothesis import given
from hypothesis import strategies as st
from spacy.util import load_config

from spacy_gpner.errors import PipelineError
from spacy_gpner.spans import Window
from spacy_gpner.spans.fitting import WIDTHS, fit_window

from ..util import (
    CHAR_TOKENIZER,
    TINY_CNN,
    TINY_TOK2VEC,
    TRAIN,
    blank,
    entities,
    expected,
    make_examples,
    train,
)

TEXTS = [text for text, _ in TRAIN]
HEADS = ["EfficientGlobalPointer", "GlobalPointer", "Biaffine"]


def test_add_pipe_without_config():
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    component = nlp.add_pipe("span_globalpointer")
    optimizer = nlp.initialize(lambda: make_examples(nlp))
    assert component.labels == ("bod", "dis", "dru", "pro", "sym")
    losses = [nlp.update(make_examples(nlp), sgd=optimizer)["span_globalpointer"] for _ in range(5)]
    assert losses[-1] < losses[0]


def test_default_config_is_explicit():
    """`spacy init fill-config` shows every setting."""
    nlp = spacy.blank("zh")
    nlp.add_pipe("span_globalpointer")
    block = nlp.config["components"]["span_globalpointer"]
    assert {"window", "window_mode"} < set(block)
    assert {"head_size", "rope", "type_features", "dropout"} < set(block["model"])


@pytest.mark.parametrize(
    ("head", "window"),
    [
        ("EfficientGlobalPointer", 6),
        ("EfficientGlobalPointer", None),
        ("GlobalPointer", 6),
        ("Biaffine", None),
    ],
)
def test_finds_nested_and_flat_entities(head, window):
    model = {"@architectures": f"spacy-gpner.{head}.v1", "tok2vec": TINY_TOK2VEC, "dropout": 0.0}
    nlp = blank(model=model, window=window)
    train(nlp)
    for text, spans in TRAIN:
        assert entities(nlp(text)) == expected(spans)
    score = nlp.evaluate(make_examples(nlp))
    assert score["spans_sc_f"] == score["spans_sc_nested_f"] == score["spans_sc_flat_f"] == 1.0


@pytest.mark.parametrize("head", HEADS)
def test_architecture_and_tok2vec_are_enough(head):
    nlp = blank(model={"@architectures": f"spacy-gpner.{head}.v1", "tok2vec": TINY_CNN})
    train(nlp, steps=2)


def test_same_span_with_two_labels():
    nlp = blank()
    data = [("血红蛋白下降", [(0, 4, "bod"), (0, 4, "ite"), (0, 6, "sym")])]
    train(nlp, data)
    assert entities(nlp(data[0][0])) == data[0][1]


def test_nested_entities_with_words_as_tokens():
    nlp = blank("en", char_tokenizer=False)
    data = [("acute pain in the left knee", [(0, 27, "sym"), (18, 27, "bod")])]
    train(nlp, data)
    doc = nlp(data[0][0])
    assert [(s.start_char, s.end_char, s.label_) for s in doc.spans["sc"]] == data[0][1]


def test_every_span_passes_a_threshold_of_zero():
    nlp = blank(threshold=0.0)
    nlp.initialize(lambda: make_examples(nlp))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = entities(nlp(TEXTS[0]))
    assert found == sorted(found)
    assert len(found) == 10 * len(TEXTS[0])


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


def test_prefix_window_predicts_at_the_beginning_alone():
    nlp = blank(window=5, window_mode="prefix", threshold=0.0, max_spans=10**6)
    nlp.get_pipe("span_globalpointer").add_label("bod")
    with pytest.warns(UserWarning, match="window_mode = 'prefix'"):
        nlp.initialize(lambda: make_examples(nlp))
    found = entities(nlp(TEXTS[0]))
    assert max(end for _, end, _ in found) == 5
    assert len({(start, end) for start, end, _ in found}) == 15


@pytest.mark.parametrize("head", HEADS)
def test_weights_whose_products_overflow_are_refused(head):
    """Each factor is finite; their products are not, and some are no numbers, which pass no threshold."""
    nlp = blank(model={"@architectures": f"spacy-gpner.{head}.v1", "tok2vec": TINY_TOK2VEC}, threshold=0.0)
    nlp.initialize(lambda: make_examples(nlp))
    component = nlp.get_pipe("span_globalpointer")
    with torch.no_grad():
        for name, parameter in component.model.get_ref("output_layer").shims[0].module.named_parameters():
            if name.startswith(("project", "start", "end")):
                parameter *= 1e20
    scores = component.model.predict([nlp.make_doc(TEXTS[0])])
    assert all(x.isfinite().all() for x in scores.tensors)
    with pytest.raises(PipelineError, match=r"\[span_globalpointer\] .*not finite"):
        nlp(TEXTS[0])


def test_a_window_that_is_left_to_the_data(tmp_path):
    """The smallest of those that the advisor tries; the saved config says which."""
    nlp = blank(window="auto")
    component = nlp.get_pipe("span_globalpointer")
    assert component.window == Window(64)
    nlp.initialize(lambda: make_examples(nlp))
    assert component.window == Window(8)
    nlp.to_disk(tmp_path)
    assert load_config(tmp_path / "config.cfg")["components"]["span_globalpointer"]["window"] == 8
    assert spacy.load(tmp_path).get_pipe("span_globalpointer").window == Window(8)


def test_a_window_without_gold_to_fit():
    nlp = blank(window="auto")
    component = nlp.get_pipe("span_globalpointer")
    component.initialize(lambda: make_examples(nlp, [("无特殊不适", [])]), nlp=nlp, labels=["bod"])
    assert component.window == Window(64)


def test_a_window_far_wider_than_the_gold_is_warned_of():
    nlp = blank(window=64)
    with pytest.warns(UserWarning, match="longest gold span has 6 tokens.* Set window = 8") as record:
        nlp.initialize(lambda: make_examples(nlp))
    assert len(record) == 1
    blank(window=32).initialize(lambda: make_examples(nlp))
    blank(window=64, window_mode="prefix").initialize(lambda: make_examples(nlp))


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 700)), max_size=30),
    st.sampled_from(["band", "prefix"]),
)
def test_the_fitting_window_is_the_smallest(found, mode):
    spans = [(start, start + length) for start, length in found]

    def keeps(width):
        return sum(Window(width, mode).holds(*span) for span in spans) >= 0.995 * len(spans)

    fitting = fit_window(spans, mode)
    smaller = [width for width in WIDTHS if fitting is None or width < fitting]
    assert not any(keeps(width) for width in smaller)
    assert fitting is None or keeps(fitting)
