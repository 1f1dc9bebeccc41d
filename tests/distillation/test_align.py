"""Tokens of two tokenizers over the same texts."""

import numpy
import spacy
import torch
from spacy.tokens import Doc

from spacy_gpner.distillation.align import map_tokens
from spacy_gpner.entities import token_edges
from spacy_gpner.spans import SpanFactors, Window
from spacy_gpner.tokenizer import CharTokenizer

CPU = torch.device("cpu")
TEXTS = ["fever, and  chest pain!", "", "no fever"]
VOCAB = spacy.blank("en").vocab


def cut(kind):
    if kind == "chars":
        return [CharTokenizer(VOCAB)(text) for text in TEXTS]
    return [spacy.blank("en")(text) for text in TEXTS]


def lay(teacher, student):
    return map_tokens([*map(token_edges, teacher)], [*map(token_edges, student)], CPU)


def test_same_tokens():
    docs = cut("words")
    tokens = lay(docs, docs)
    vectors = torch.randn(sum(map(len, docs)), 3)
    assert torch.equal(tokens.to_teacher(vectors), vectors)
    assert tokens.allowed(Window(8), Window(8)) is None
    assert tokens.allowed(Window(8), Window(9)) is not None


def test_mean_over_the_student_tokens_of_a_teacher_token():
    teacher, student = cut("words"), cut("chars")
    tokens = lay(teacher, student)
    vectors = torch.randn(sum(map(len, student)), 3, requires_grad=True)
    ours = tokens.to_teacher(vectors)
    expected, offset = [], 0
    for doc, chars in zip(teacher, student, strict=True):
        expected += [vectors[offset + t.idx : offset + t.idx + len(t)].mean(0) for t in doc]
        offset += len(chars)
    torch.testing.assert_close(ours, torch.stack(expected))
    grad = torch.randn_like(ours)
    (d_vectors,) = torch.autograd.grad(torch.stack(expected), vectors, grad)
    torch.testing.assert_close(tokens.backprop_to_teacher(grad), d_vectors)


def test_spans_that_both_have():
    """Cell by cell: a student's span is allowed if the teacher has one of the same characters, inside its
    window; and its score is that one's."""
    for teacher, student in ((cut("words"), cut("chars")), (cut("chars"), cut("words"))):
        for window in (Window(2), Window(None), Window(2, "prefix")):
            tokens = lay(teacher, student)
            n = sum(map(len, teacher))
            factors = SpanFactors(
                torch.randn(n, 1, 2),
                torch.randn(n, 1, 2),
                torch.randn(n, 1),
                torch.randn(n, 1),
                [*map(len, teacher)],
            )
            on_student = tokens.to_student(factors)
            allowed = tokens.allowed(window, Window(None))
            seen = 0
            for _, cell in _spans(student, Window(None)):
                first, last = torch.tensor(cell)
                if not allowed(first, last):
                    continue
                seen += 1
                pair = _teacher_span(teacher, student, int(first), int(last), window)
                zero = torch.tensor(0)
                torch.testing.assert_close(
                    on_student.score(first, last, zero),
                    factors.score(torch.tensor(pair[0]), torch.tensor(pair[1]), zero),
                )
            assert seen == _n_common(teacher, student, window)


def _spans(docs: list[Doc], window: Window):
    offset = 0
    for d, doc in enumerate(docs):
        edges = token_edges(doc)
        for i in range(len(doc)):
            for j in range(i, len(doc)):
                if window.holds(i, j + 1):
                    yield (d, int(edges[i, 0]), int(edges[j, 1])), (offset + i, offset + j)
        offset += len(doc)


def _teacher_span(teacher, student, first, last, window):
    where = {cell: chars for chars, cell in _spans(student, Window(None))}[first, last]
    return dict(_spans(teacher, window))[where]


def _n_common(teacher, student, window):
    return len(dict(_spans(teacher, window)).keys() & dict(_spans(student, Window(None))).keys())


def test_edges():
    doc = CharTokenizer(VOCAB)("a 𠮷")
    numpy.testing.assert_array_equal(token_edges(doc), [[0, 1], [1, 2], [2, 3]])
