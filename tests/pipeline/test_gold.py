"""Gold that can't be learned is left out, and told of with each reason."""

import pytest
import spacy
import torch
from spacy.tokens import Span
from spacy.training import Example

from spacy_gpner.pipeline.gold import GoldReport, gold_spans
from spacy_gpner.spans import SpanObjective, Window
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


NESTED = make_example("ab cd ef", [(0, 5, "A"), (0, 2, "B"), (3, 8, "A"), (6, 8, "X")], words=True)
MISALIGNED = make_example("gh ij", [(0, 1, "B"), (3, 5, "A")], words=True)


def test_each_reason_is_counted_by_label():
    report = GoldReport()
    for example in (NESTED, MISALIGNED):
        report.add(example, "sc", FlatObjective(Window(1)))
    assert report.total == {"A": 3, "B": 2, "X": 1}
    window, inside, misaligned = report.lost
    assert "window = 1" in window
    assert inside == "inside others"
    assert "whole tokens" in misaligned
    assert list(report.lost.values()) == [{"A": 2}, {"B": 1, "X": 1}, {"B": 1}]


def test_each_reason_is_warned_of_once():
    report = GoldReport()
    for example in (NESTED, MISALIGNED):
        report.add(example, "sc", FlatObjective(Window(1)))
    with pytest.warns(UserWarning, match=r"\[flat\]") as record:
        report.warn("flat", ["A", "B"])
    messages = [str(warning.message) for warning in record]
    assert len(messages) == 4
    assert messages[0].startswith("[flat] 2 of 6 gold spans (33.33%) are outside the context shield window")
    assert messages[0].endswith("By label: A 2 of 3 (66.67%).")
    assert "By label: B 1 of 2 (50.00%), X 1 of 1 (100.00%)." in messages[1]
    assert "of labels that the component does not have" in messages[3]


def test_labels_that_are_text_are_not_told():
    report = GoldReport()
    example = make_example("腹痛", [(0, 2, "患者诉腹痛，三天")])
    report.add(example, "sc", FlatObjective(Window(1)))
    with pytest.warns(UserWarning, match=r"label of 8 characters \(#[0-9a-f]{8}\) 1 of 1") as record:
        report.warn("flat", ["A"])
    assert not any("腹痛" in str(warning.message) for warning in record)


def test_nothing_to_warn_of(recwarn):
    report = GoldReport()
    report.add(make_example("ab", [(0, 2, "A")]), "sc", SpanObjective(Window(None)))
    report.add(make_example("ab", []), "sc", SpanObjective(Window(None)))
    report.add(Example(CHARS("ab"), CHARS("ab")), "sc", SpanObjective(Window(None)))
    report.warn("all", ["A"])
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
