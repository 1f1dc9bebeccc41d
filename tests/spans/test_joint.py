"""Heads that learn together: each span's cross-entropy, pointers, and what all heads make of a span."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.spans import (
    BinarySpanObjective,
    Calibration,
    Cut,
    DistillationLoss,
    JointObjective,
    JointScores,
    PointerObjective,
    PointerScores,
    SpanObjective,
    TagObjective,
    TagSet,
    Window,
)

from .oracle import HEADS, dense_scores, make_factors, require_grad, valid_cells
from .tag_oracle import make_tag_scores

TYPES = 2
TAGS = TagSet("bioes", True)
GOLD = torch.tensor([(0, 1, 0), (2, 2, 1), (4, 6, 0)])
LENGTHS = [4, 0, 3]
lengths_of = st.lists(st.integers(0, 6), min_size=1, max_size=3)


def make_pointers(lengths, seed, scale=2.0):
    generator = torch.Generator().manual_seed(seed)
    shape = (sum(lengths), TYPES)
    starts, ends, first, last = (
        torch.randn(shape, generator=generator, dtype=torch.float64) * scale for _ in range(4)
    )
    return PointerScores(starts, ends, first, last, lengths)


def cells(lengths, window):
    """First and last token in the flat batch, and type, of every span."""
    offset = 0
    for length in lengths:
        for i, j in valid_cells(length, window).nonzero().tolist():
            for t in range(TYPES):
                yield offset + i, offset + j, t
        offset += length


def binary_loss(scores, gold, lengths, window):
    """The cross-entropy of every span, one by one."""
    total = 0.0
    for cell in cells(lengths, window):
        s = float(scores.score(*(torch.tensor([x]) for x in cell)))
        total += math.log1p(math.exp(-s if cell in gold else s))
    return total / (len(lengths) * TYPES)


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("width", [3, None])
def test_each_span_has_a_cross_entropy(head, width):
    factors, window = make_factors(LENGTHS, TYPES, head, 1.0, 0), Window(width)
    found = BinarySpanObjective(window).loss(factors, GOLD)
    gold = {tuple(x) for x in GOLD.tolist()}
    assert float(found) == pytest.approx(binary_loss(factors, gold, LENGTHS, window), rel=1e-6)
    learned = require_grad(factors, torch.float64)
    BinarySpanObjective(window).loss(learned, GOLD).backward()
    step = 1e-5
    moved = [x.clone() for x in factors.tensors]
    moved[2][4, 0] += step
    later = BinarySpanObjective(window).loss(factors.with_tensors(*moved), GOLD)
    assert float((later - found) / step) == pytest.approx(float(learned.tensors[2].grad[4, 0]), abs=1e-4)


@pytest.mark.parametrize("width", [3, None])
def test_pointers_learn_starts_ends_and_matches(width):
    scores, window = make_pointers(LENGTHS, 0), Window(width)
    gold = {tuple(x) for x in GOLD.tolist()}
    expected = binary_loss(scores.matches, gold, LENGTHS, window)
    for given_scores, which in ((scores.starts, 0), (scores.ends, 1)):
        places = {(cell[which], cell[2]) for cell in gold}
        for token, row in enumerate(given_scores.tolist()):
            for t, s in enumerate(row):
                sign = -1 if (token, t) in places else 1
                expected += math.log1p(math.exp(sign * s)) / (len(LENGTHS) * TYPES)
    assert float(PointerObjective(window).loss(scores, GOLD)) == pytest.approx(expected / 3, rel=1e-6)


@settings(max_examples=30, deadline=None)
@given(lengths_of, st.integers(0, 10**6), st.floats(0.05, 0.9), st.sampled_from([2, None]))
def test_pointers_find_what_all_three_find_likely(lengths, seed, threshold, width):
    scores, window = make_pointers(lengths, seed), Window(width)
    objective = PointerObjective(window)
    found = objective.decode(scores, Cut([threshold] * TYPES))
    offset = torch.tensor([0, *lengths]).cumsum(0)
    named = {
        (int(offset[d]) + a, int(offset[d]) + b - 1, t): float(p)
        for d, a, b, t, p in zip(
            *(getattr(found, x).tolist() for x in ("doc", "start", "end", "type", "score")), strict=True
        )
    }
    expected = {}
    for i, j, t in cells(lengths, window):
        parts = (scores.starts[i, t], scores.ends[j, t], scores.first[i, t] + scores.last[j, t])
        p = float(torch.stack(parts).min().sigmoid())
        if p > threshold:
            expected[i, j, t] = p
    assert named == pytest.approx(expected, abs=1e-6)


def make_joint(lengths, seed=0):
    parts = {
        "crf": make_tag_scores(lengths, TYPES, TAGS, scale=2.0, seed=seed),
        "biaffine": make_factors(lengths, TYPES, "biaffine", 2.0, seed),
        "pointer": make_pointers(lengths, seed),
    }
    return JointScores(parts, torch.tensor([0.3, -0.5, 0.0], dtype=torch.float64), lengths)


def objective(decoding, window=Window(None)):
    heads = {
        "crf": TagObjective(TAGS, "marginal", window),
        "biaffine": BinarySpanObjective(window),
        "pointer": PointerObjective(window),
    }
    return JointObjective(heads, decoding)


def test_weights_are_positive_and_add_up_to_one():
    for tasks in ([0.0, 0.0, 0.0], [30.0, -30.0, 0.0]):
        weights = JointScores({}, torch.tensor(tasks, dtype=torch.float64), []).weights
        assert (weights > 0).all()
        assert float(weights.sum()) == pytest.approx(1.0)
    scores = make_joint(LENGTHS)
    own = objective("crf")
    losses = [float(own.heads[name].loss(part, GOLD)) for name, part in scores.parts.items()]
    expected = sum(w * x for w, x in zip(scores.weights.tolist(), losses, strict=True))
    assert float(own.loss(scores, GOLD)) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(lengths_of, st.integers(0, 10**6), st.floats(0.05, 0.9), st.sampled_from(["union", "vote", "mean"]))
def test_all_heads_together(lengths, seed, threshold, decoding):
    scores, own = make_joint(lengths, seed), objective(decoding)
    spans = torch.tensor(list(cells(lengths, Window(None))), dtype=torch.long).reshape(-1, 3)
    logits = torch.stack([own.heads[x].log_odds(part, spans) for x, part in scores.parts.items()])
    logits = logits.double().clamp(-50, 50)
    together = {
        "union": logits.max(0).values if len(spans) else logits[0],
        "mean": logits.mean(0),
        "vote": logits.median(0).values if len(spans) else logits[0],
    }[decoding].sigmoid()
    expected = {
        tuple(span): p for span, p in zip(spans.tolist(), together.tolist(), strict=True) if p > threshold
    }
    found = own.decode(scores, Cut([threshold] * TYPES))
    offset = torch.tensor([0, *lengths]).cumsum(0)
    named = {
        (int(offset[d]) + a, int(offset[d]) + b - 1, t): p
        for d, a, b, t, p in zip(
            *(getattr(found, x).tolist() for x in ("doc", "start", "end", "type", "score")), strict=True
        )
    }
    assert named == pytest.approx(expected, abs=1e-5)


def test_one_head_alone():
    scores = make_joint(LENGTHS)
    cut = Cut([0.2] * TYPES)
    for name in scores.parts:
        own = objective(name)
        alone = own.heads[name].decode(scores.parts[name], cut)
        found = own.decode(scores, cut)
        assert found.start.tolist() == alone.start.tolist()
        assert found.logit.tolist() == alone.logit.tolist()
        assert own.likely(scores).spans.shape[1] == 3
    with pytest.raises(ValueError, match="Invalid decoding: 'ner'"):
        objective("ner")


def test_scores_of_documents_and_types():
    scores = make_joint(LENGTHS)
    some = scores.documents([False, True, True])
    assert list(some.lengths) == [0, 3]
    assert some.types([1]).num_types == 1
    assert some.types([1, 0]).types([1, 0]).flat().tolist() == some.flat().tolist()
    again = scores.of_flat(scores.flat(), LENGTHS)
    for own, other in zip(again.tensors, scores.tensors, strict=True):
        torch.testing.assert_close(own, other)
    broken = scores.with_tensors(*(x * math.nan for x in scores.tensors))
    assert scores.is_finite
    assert not broken.is_finite


def test_an_ensemble_has_the_mean_of_each_head():
    members = [make_joint(LENGTHS, seed) for seed in (0, 1, 2)]
    mean = JointScores.mean(members)
    spans = torch.tensor(list(cells(LENGTHS, Window(None))))
    of_spans = torch.stack([objective("biaffine").log_odds(own, spans) for own in members])
    torch.testing.assert_close(objective("biaffine").log_odds(mean, spans), of_spans.mean(0))
    for name in ("crf", "pointer"):
        of_numbers = zip(*(own.parts[name].tensors for own in members), strict=True)
        for found, expected in zip(mean.parts[name].tensors, of_numbers, strict=True):
            torch.testing.assert_close(found, torch.stack(expected).mean(0))


def test_what_is_compared():
    own = objective("mean", Window(3))
    assert own.reach == 3
    assert not own.compares(own)
    assert not SpanObjective(Window(3)).compares(own)
    scores = make_joint(LENGTHS)
    target = own.likely(make_joint(LENGTHS, 1))
    value = own.span_divergence(scores, target, DistillationLoss())
    assert float(value) > 0
    with pytest.raises(ValueError, match="likely alone"):
        own.divergence(scores, scores, DistillationLoss())


CROSSING = [(0, 2, "A"), (1, 4, "A"), (0, 2, "B"), (0, 5, "B")]


@pytest.mark.parametrize(
    ("decoding", "expected"),
    [
        ("crf", [False, True, False, False]),
        ("biaffine", [True, True, True, False]),
        ("union", [True, True, True, False]),
        ("vote", [True, True, True, False]),
        ("mean", [False, True, False, False]),
    ],
)
def test_gold_that_the_deciding_heads_cannot_predict(decoding, expected):
    own = objective(decoding, Window(4))
    assert [reason is None for reason in own.miss(CROSSING)] == expected
    # A chain of a type learns the longest of what overlaps, the others whatever the window holds
    assert own.refuse(CROSSING) == [None] * 4
    # One that is too long for the window, in the way of a longer one
    assert [reason is None for reason in own.refuse([(0, 6, "A"), (0, 5, "A")])] == [True, False]
    with pytest.raises(ValueError, match="Invalid window: heads that learn together"):
        JointObjective({"biaffine": BinarySpanObjective(Window(4, "prefix"))}, "biaffine")
    reasons = objective("biaffine", Window(4)).miss(CROSSING)
    assert "outside the context shield window" in reasons[3]


def test_each_head_learns_the_gold_that_it_can():
    own, scores = objective("crf", Window(2)), make_joint(LENGTHS)
    gold = torch.tensor([(0, 2, 0), (1, 2, 0), (4, 5, 1)])
    learned = {"crf": gold[[0, 2]], "biaffine": gold[1:], "pointer": gold[1:]}
    losses = [float(own.heads[name].loss(part, learned[name])) for name, part in scores.parts.items()]
    expected = sum(w * x for w, x in zip(scores.weights.tolist(), losses, strict=True))
    assert float(own.loss(scores, gold)) == pytest.approx(expected)
    nothing = gold[:0]
    assert own.loss(scores, nothing).isfinite()


def test_heads_that_learn_no_spans_take_no_weight():
    own, scores = objective("mean"), make_joint(LENGTHS)
    target, how = own.likely(make_joint(LENGTHS, 1)), DistillationLoss()
    value = own.span_divergence(scores, target, how)
    tasks = scores.tasks + torch.tensor([0.0, 0.0, 9.0])
    assert float(own.span_divergence(replace(scores, tasks=tasks), target, how)) == pytest.approx(
        float(value)
    )
    alone = JointObjective({"pointer": own.heads["pointer"]}, "pointer")
    assert own.learns_spans
    assert not alone.learns_spans
    # What finds the spans has to learn
    assert not objective("pointer").learns_spans
    assert objective("crf").learns_spans


@pytest.mark.parametrize("decoding", ["union", "vote", "mean", "pointer", "biaffine"])
def test_a_threshold_that_no_probability_can_tell(decoding):
    """Calibrated, a score of 48 is 0.992; on the way to a probability and back it would be infinite."""
    scores = make_joint([2])
    parts = {
        name: part if name == "crf" else part.with_tensors(*(torch.full_like(x, 48.0) for x in part.tensors))
        for name, part in scores.parts.items()
    }
    heads = {name: own for name, own in objective("mean").heads.items() if name != "crf"}
    certain = replace(scores, parts={name: parts[name] for name in heads}, tasks=scores.tasks[1:])
    calibration = Calibration(torch.full((TYPES,), 0.1).double(), torch.zeros(TYPES).double())
    cut = Cut([0.99] * TYPES, calibration=calibration)
    logits = [float(heads[x].log_odds(parts[x], torch.tensor([[0, 0, 0]]))[0]) for x in heads]
    found = JointObjective(heads, decoding).decode(certain, cut)
    assert len(found.doc) > 0, logits
    assert (found.score > 0.99).all()


def test_dense_scores_are_those_of_the_oracle():
    factors = make_factors([3], TYPES, "biaffine", 1.0, 0)
    assert float(dense_scores(factors)[0][1, 0, 2]) == pytest.approx(
        float(factors.score(*(torch.tensor([x]) for x in (0, 2, 1))))
    )
