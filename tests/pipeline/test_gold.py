"""Gold that can't be learned is left out, and told of with each reason."""

import warnings

import pytest
import spacy
import torch
from spacy.tokens import Span
from spacy.training import Example

from spacy_gpner.errors import GpnerWarning
from spacy_gpner.pipeline.gold import GoldReport, KeysFound, gold_spans
from spacy_gpner.spans import SpanObjective, TagObjective, TagSet, Window
from spacy_gpner.tokenizer import CharTokenizer

NLP = spacy.blank("en")
CHARS = CharTokenizer(NLP.vocab)


class FlatObjective(SpanObjective):
    """Learns no span that overlaps one before it."""

    def refuse(self, spans):
        reasons, end = super().refuse(spans), 0
        for i, (start, stop, _) in enumerate(spans):
            if reasons[i] is None and start < end:
                reasons[i] = "inside others"
            end = max(end, stop)
        return reasons


def make_example(text, spans, *, words=False):
    """Gold in characters; `words` are the tokens to learn it on."""
    reference = CHARS(text)
    reference.spans["sc"] = [Span(reference, *span[:2], label=span[2]) for span in spans]
    return Example(NLP.make_doc(text) if words else CHARS(text), reference)


def make_report(*examples):
    report = GoldReport(KeysFound("sc"))
    for example in examples:
        report.add(example)
    return report


NESTED = make_example("ab cd ef", [(0, 5, "A"), (0, 2, "B"), (3, 8, "A"), (6, 8, "X")], words=True)
MISALIGNED = make_example("gh ij", [(0, 1, "B"), (3, 5, "A")], words=True)


def test_what_the_corpus_holds_is_counted():
    report = make_report(NESTED, MISALIGNED)
    assert report.total == {"A": 3, "B": 2, "X": 1}
    assert report.misaligned == {"B": 1}
    assert report.spans == [[(0, 2, "A"), (0, 1, "B"), (1, 3, "A"), (2, 3, "X")], [(1, 2, "A")]]
    assert report.other_tokens == 2


def test_each_reason_is_warned_of_once_by_label():
    report = make_report(NESTED, MISALIGNED)
    with pytest.warns(UserWarning, match=r"\[flat\]") as record:
        report.warn("flat", ["A", "B"], FlatObjective(Window(1)))
    other_tokens, *messages = [str(warning.message) for warning in record]
    assert other_tokens.startswith("[flat] 2 of 2 documents have other tokens in the corpus")
    assert len(messages) == 4
    assert messages[0].startswith("[flat] 2 of 6 gold spans (33.33%) are outside the context shield window")
    assert messages[0].endswith("By label: A 2 of 3 (66.67%).")
    # One of a label that it does not have is lost for that reason alone
    assert "By label: B 1 of 2 (50.00%)." in messages[1]
    assert "not made of whole tokens" in messages[2]
    assert messages[2].endswith("By label: B 1 of 2 (50.00%).")
    assert "of labels that the component does not have" in messages[3]


def annotated(**groups):
    """A document with a span in each group; `ents` is doc.ents."""
    doc = CHARS("abcd")
    for key, labels in groups.items():
        spans = [Span(doc, i, i + 1, label=label) for i, label in enumerate(labels)]
        if key == "ents":
            doc.ents = spans
        else:
            doc.spans[key] = spans
    return doc


@pytest.mark.parametrize(
    ("docs", "words"),
    [
        (
            [annotated(other="A"), annotated(other="A", ents="B")],
            ["key 'other' (2 documents)", "doc.ents (1"],
        ),
        (
            [annotated(ents="A"), annotated()],
            ["in doc.ents (1 documents)", "doc.spans['sc'] = list(doc.ents)"],
        ),
        ([annotated(患者诉腹痛三天入院="A")], ["key of 9 characters (#"]),
    ],
)
def test_gold_under_other_keys(docs, words):
    keys = KeysFound("sc")
    for doc in docs:
        keys.add(doc)
    text = keys.describe()
    assert text.startswith(f"None of the {len(docs)} documents has spans under doc.spans['sc'].")
    for word in [*words, "Set spans_key to the key of the corpus"]:
        assert word in text
    assert ("doc.ents is not read" in text) == any(doc.ents for doc in docs)
    assert "腹痛" not in text
    keys.add(annotated(sc=""))
    assert keys.describe() == ""


def test_unlabelled_text_is_no_slip_in_the_key():
    keys = KeysFound("sc")
    keys.add(annotated(other=""))
    assert keys.describe() == ""


def test_labels_that_are_text_are_not_told():
    report = make_report(make_example("腹痛", [(0, 2, "患者诉腹痛，三天")]))
    with pytest.warns(UserWarning, match=r"label of 8 characters \(#[0-9a-f]{8}\) 1 of 1") as record:
        report.warn("flat", ["A"], FlatObjective(Window(1)))
    assert not any("腹痛" in str(warning.message) for warning in record)


def test_nothing_to_warn_of(recwarn):
    report = make_report(
        make_example("ab", [(0, 2, "A")]), make_example("ab", []), Example(CHARS("ab"), CHARS("ab"))
    )
    report.warn("all", ["A"], SpanObjective(Window(None)))
    assert not recwarn.list


def test_what_is_left_is_learned():
    examples = [NESTED, make_example("", []), MISALIGNED]
    labels = {"A": 0, "B": 1}
    every = gold_spans(examples, "sc", labels, SpanObjective(Window(None)))
    assert every.tolist() == [[0, 0, 1], [0, 1, 0], [1, 2, 0], [4, 4, 0]]
    flat = gold_spans(examples, "sc", labels, FlatObjective(Window(2)))
    assert flat.tolist() == [[0, 1, 0], [4, 4, 0]]
    assert gold_spans([], "sc", labels, SpanObjective(Window(2))).shape == (0, 3)
    assert every.dtype == torch.long


def test_gold_that_is_longer_than_a_chains_window_is_counted():
    """It is learned, for the tags' sake, but not found."""
    report, objective = make_report(NESTED), TagObjective(TagSet(by_type=True), window=Window(1))
    with pytest.warns(GpnerWarning) as record:
        report.warn("span_crf", ["A", "B", "X"], objective)
    said = "1 of 4 gold spans (25.00%) are longer than `window` tokens: learned, but can't be predicted"
    assert any(said in str(own.message) for own in record)
    examples = [make_example("ab cd", [(0, 5, "A")], words=True)]
    assert gold_spans(examples, "sc", {"A": 0}, objective).tolist() == [[0, 1, 0]]


def test_what_can_not_be_learned_is_an_error_if_asked_for():
    report = make_report(make_example("abc", [(0, 3, "A"), (1, 2, "B")]))
    with warnings.catch_warnings():
        warnings.simplefilter("error", GpnerWarning)
        with pytest.raises(GpnerWarning, match=r"\[span_crf\] 1 of 2 gold spans .* a chain holds none"):
            report.warn("span_crf", ["A", "B"], TagObjective(TagSet()))
