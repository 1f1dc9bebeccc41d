"""Sequence labelling: chains equal their enumeration, whatever the tags and the batch."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_gpner.errors import DistillationError
from spacy_gpner.spans import (
    Cut,
    DistillationLoss,
    LikelySpans,
    SpanObjective,
    TagObjective,
    TagScores,
    TagSet,
    Window,
)
from spacy_gpner.spans.chain import best_paths, log_partition, score_paths, sum_paths
from spacy_gpner.spans.joint import JointObjective, JointScores
from spacy_gpner.spans.tag_scores import span_log_probs

from .oracle import HEADS, make_factors, require_grad
from .tag_oracle import (
    TAG_SETS,
    dense_best_paths,
    dense_divergence,
    dense_log_partition,
    dense_span_probabilities,
    make_tag_scores,
    spans_of,
)

batches = st.lists(st.integers(0, 4), min_size=1, max_size=4)
tag_sets = st.sampled_from(TAG_SETS)
scales = st.sampled_from([0.1, 1.0, 10.0])
seeds = st.integers(0, 10**6)
TYPES = 2


def of(lengths, tags, scale, seed):
    # One chain of BIOES over two types has 9 tags: 9⁴ paths
    return make_tag_scores(lengths, TYPES, tags, scale=scale, seed=seed)


def gradients(value, tensors):
    found = torch.autograd.grad(value, tensors, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, tensors, strict=True)]


def leaves(scores):
    return scores.with_tensors(*(x.detach().requires_grad_() for x in scores.tensors))


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, scales, seeds)
def test_log_partition_is_the_sum_over_all_paths(lengths, tags, scale, seed):
    ours, dense = (leaves(of(lengths, tags, scale, seed)) for _ in range(2))
    value, oracle = log_partition(ours.chain), dense_log_partition(dense.chain)
    torch.testing.assert_close(value, oracle, rtol=1e-9, atol=1e-9)
    if not sum(lengths):
        return
    weights = torch.randn(value.shape, dtype=torch.float64)
    pairs = zip(
        gradients((value * weights).sum(), ours.tensors),
        gradients((oracle * weights).sum(), dense.tensors),
        strict=True,
    )
    for own, expected in pairs:
        torch.testing.assert_close(own, expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, scales, seeds)
def test_independent_tags_learn_each_by_itself(lengths, tags, scale, seed):
    scores = replace(of(lengths, tags, scale, seed), independent=True)
    ends = [sum(lengths[: i + 1]) - 1 for i, length in enumerate(lengths) if length]
    gold = torch.tensor([(i, i, t) for i in ends for t in range(TYPES) if tags.by_type or t == 0]).long()
    gold = gold.reshape(-1, 3)
    single = tags.parts if tags.scheme == "bioes" else 1
    expected = 0.0
    for token, chains in enumerate(scores.emissions.log_softmax(2).tolist()):
        for c, row in enumerate(chains):
            is_first = tags.by_type or c == 0
            expected -= row[single if token in ends and is_first else 0]
    expected /= len(lengths) * scores.emissions.shape[1]
    assert float(TagObjective(tags).loss(scores, gold)) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, scales, seeds)
def test_best_paths_are_the_best_of_all(lengths, tags, scale, seed):
    scores = of(lengths, tags, scale, seed)
    found = best_paths(scores.chain)
    assert found.tolist() == dense_best_paths(scores.chain).tolist()
    best = score_paths(scores.chain, found)
    assert (best <= log_partition(scores.chain) + 1e-9).all()


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, scales, seeds)
def test_spans_have_their_exact_probability(lengths, tags, scale, seed):
    scores = of(lengths, tags, scale, seed)
    log_probs, expected = span_log_probs(scores), dense_span_probabilities(scores)
    first = 0
    for doc, length in enumerate(lengths):
        cells = [(i, j, t) for i in range(length) for j in range(i, length) for t in range(TYPES)]
        spans = torch.tensor(cells, dtype=torch.long).reshape(-1, 3)
        found = log_probs.of(spans + torch.tensor([first, first, 0])).exp().tolist()
        for cell, p in zip(cells, found, strict=True):
            assert abs(p - expected[doc, *cell]) < 1e-9
        first += length


def read(found):
    """The probability of each found span, by document, first token, last token and type."""
    columns = (found.doc, found.start, found.end - 1, found.type)
    spans = zip(*(x.tolist() for x in columns), strict=True)
    return dict(zip(spans, found.score.tolist(), strict=True))


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, seeds, st.floats(0.01, 0.9))
def test_likely_spans_are_found(lengths, tags, seed, threshold):
    scores = of(lengths, tags, 1.0, seed)
    found = read(TagObjective(tags).decode(scores, Cut([threshold] * TYPES)))
    expected = {span: p for span, p in dense_span_probabilities(scores).items() if p > threshold}
    assert found == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, seeds)
def test_the_best_path_is_found(lengths, tags, seed):
    scores = of(lengths, tags, 1.0, seed)
    found = read(TagObjective(tags, "viterbi").decode(scores, Cut([0.0] * TYPES)))
    probabilities, best, first = dense_span_probabilities(scores), dense_best_paths(scores.chain), 0
    expected = {}
    for doc, length in enumerate(lengths):
        for c, path in enumerate(best[first : first + length].T.tolist()):
            expected |= {(doc, *span): probabilities[doc, *span] for span in spans_of(path, tags, c)}
        first += length
    assert found == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, seeds, st.sampled_from([1.0, 3.0]))
def test_divergence_is_that_over_all_paths(lengths, tags, seed, temperature):
    student, target = leaves(of(lengths, tags, 1.0, seed)), of(lengths, tags, 1.0, seed + 1)
    how = DistillationLoss("kl", temperature=temperature)
    value = TagObjective(tags).divergence(student, target, how)
    oracle = dense_divergence(*(x.softened(temperature) for x in (student, target)))
    torch.testing.assert_close(value.detach(), oracle.detach(), rtol=1e-9, atol=1e-9)
    if sum(lengths):
        own, expected = (gradients(x, student.tensors) for x in (value, oracle))
        for found, wanted in zip(own, expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-9)
    same = TagObjective(tags).divergence(target, target, how)
    assert abs(float(same)) < 1e-9


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
@pytest.mark.parametrize("divergence", ["kl", "token_kl", "bernoulli"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_divergences_are_means_over_documents(tags, divergence, reduction):
    how = DistillationLoss(divergence, reduction=reduction)
    lengths = [3, 1, 4]
    student, target = of(lengths, tags, 1.0, 0), of(lengths, tags, 1.0, 1)
    objective = TagObjective(tags)
    each = []
    for keep in torch.eye(3, dtype=torch.bool).tolist():
        each.append(float(objective.divergence(student.documents(keep), target.documents(keep), how)))
    assert float(objective.divergence(student, target, how)) == pytest.approx(sum(each) / 3)
    assert min(each) > 0


@settings(max_examples=25, deadline=None)
@given(batches, tag_sets, seeds)
def test_the_tags_of_a_token_are_compared_by_their_marginals(lengths, tags, seed):
    """Marginals are the gradient of log Z, here that of the enumeration."""
    student, target = leaves(of(lengths, tags, 1.0, seed)), leaves(of(lengths, tags, 1.0, seed + 1))
    value = TagObjective(tags).divergence(student, target, DistillationLoss("token_kl"))
    if not sum(lengths):
        assert value == 0
        return
    q, p = (
        torch.autograd.grad(dense_log_partition(x.chain).sum(), x.emissions, create_graph=True)[0]
        for x in (student, target)
    )
    p, some = p.detach(), p > 0
    oracle = (p[some] * (p[some].log() - q[some].log())).sum() / (len(lengths) * q.shape[1])
    torch.testing.assert_close(value, oracle, rtol=1e-9, atol=1e-9)
    for found, wanted in zip(*(gradients(x, student.tensors) for x in (value, oracle)), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_tags_that_are_learned_by_themselves_are_compared_so(tags):
    student, target = (replace(of([3, 2], tags, 1.0, seed), independent=True) for seed in (0, 1))
    log_q, log_p = (x.emissions.log_softmax(2) for x in (student, target))
    expected = (log_p.exp() * (log_p - log_q)).sum() / (2 * log_p.shape[1])
    how = DistillationLoss("token_kl")
    assert float(TagObjective(tags).divergence(student, target, how)) == pytest.approx(float(expected))
    # A field rules out what these allow
    chain = replace(student, independent=False)
    assert math.isfinite(TagObjective(tags).divergence(chain, target, how))


def test_other_divergences_are_refused():
    scores = of([2], TagSet(), 1.0, 0)
    with pytest.raises(ValueError, match="'kl', 'token_kl' and 'bernoulli'"):
        TagObjective(TagSet()).divergence(scores, scores, DistillationLoss("mse"))
    with pytest.raises(ValueError, match="not of the same tokens"):
        TagObjective(TagSet()).divergence(scores, of([3], TagSet(), 1.0, 0), DistillationLoss("kl"))


@settings(max_examples=50, deadline=None)
@given(tag_sets, st.integers(1, 12), st.integers(1, 3), seeds)
def test_tags_stand_for_their_spans(tags, length, n_types, seed):
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(0, length, (8, 2), generator=generator).sort(1).values
    types = torch.randint(0, n_types, (8, 1), generator=generator)
    spans = [(a, b + 1, str(t)) for (a, b), (t,) in zip(drawn.tolist(), types.tolist(), strict=True)]
    spans = list(dict.fromkeys(spans))
    kept = [x for x, reason in zip(spans, TagObjective(tags).refuse(spans), strict=True) if reason is None]
    gold = torch.tensor([(a, b - 1, int(t)) for a, b, t in kept])
    encoded = tags.encode(gold, length, n_types)
    assert sorted(tags.decode(encoded).tolist()) == sorted(gold.tolist())
    n_chains, n_tags = tags.shape(n_types)
    ways, starts, ends = tags.ways(n_tags)
    for path in encoded.T.tolist():
        assert starts[path[0]]
        assert ends[path[-1]]
        assert all(ways[x, y] for x, y in pairwise(path))
    assert tags.number_of_types(n_chains, n_tags) == n_types


def test_the_longest_of_overlapping_spans_is_learned():
    spans = [(0, 2, "A"), (1, 6, "B"), (5, 7, "A"), (7, 9, "A"), (8, 10, "A")]
    flat = [reason is None for reason in TagObjective(TagSet(by_type=False)).refuse(spans)]
    by_type = [reason is None for reason in TagObjective(TagSet(by_type=True)).refuse(spans)]
    assert flat == [False, True, False, True, False]
    assert by_type == [True, True, True, True, False]


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_documents_do_not_depend_on_their_batch(tags):
    lengths = [7, 0, 30, 1, 12]
    scores = make_tag_scores(lengths, 3, tags, scale=2.0)
    objective, cut = TagObjective(tags), Cut([0.05] * 3)
    together = objective.decode(scores, cut)
    for doc, keep in enumerate(torch.eye(5, dtype=torch.bool).tolist()):
        alone = objective.decode(scores.documents(keep), cut)
        own = together.take(together.doc == doc)
        for name in ("start", "end", "type"):
            assert getattr(alone, name).tolist() == getattr(own, name).tolist()
        torch.testing.assert_close(alone.logit, own.logit)


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_long_documents_lose_no_digit(tags):
    exact = make_tag_scores([16384], 9, tags, scale=3.0)
    single = exact.with_tensors(*(x.float() for x in exact.tensors))
    spans = tags.decode(best_paths(exact.chain))
    found, expected = (span_log_probs(x).of(spans).exp() for x in (single, exact))
    assert (found - expected).abs().max() < 1e-4
    # The probabilities of all that can be at a token add up to 1
    sums = sum_paths(exact.chain)
    at_token = (sums.forward + sums.backward - sums.total[0][:, None]).logsumexp(2)
    assert at_token.abs().max() < 1e-9


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_extreme_scores_stay_finite(tags):
    scores = leaves(make_tag_scores([5, 3], TYPES, tags, scale=1e4))
    value = log_partition(scores.chain)
    assert value.isfinite().all()
    assert all(x.isfinite().all() for x in gradients(value.sum(), scores.tensors))
    found = TagObjective(tags).decode(scores.detach(), Cut([0.5] * TYPES))
    assert found.logit.isfinite().all()


def test_a_window_bounds_what_is_found():
    tags = TagSet("bio")
    scores = make_tag_scores([9], 1, tags, scale=0.0)
    sure = scores.emissions.clone()
    sure[0, 0, 1], sure[1:, 0, 2] = 50.0, 50.0
    scores = scores.with_tensors(sure, *scores.tensors[1:])
    cut = Cut([0.5])
    for decoding in ("marginal", "viterbi"):
        assert TagObjective(tags, decoding).decode(scores, cut).end.tolist() == [9]
        assert TagObjective(tags, decoding, Window(8)).decode(scores, cut).end.tolist() == []


def test_a_window_that_is_a_prefix_is_refused():
    with pytest.raises(ValueError, match="Invalid window"):
        TagObjective(TagSet(), "marginal", Window(3, "prefix"))


@pytest.mark.parametrize("decoding", ["marginal", "viterbi"])
@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_no_span_is_longer_than_the_window(tags, decoding):
    scores = make_tag_scores([7, 1, 5], TYPES, tags, scale=2.0)
    every = read(TagObjective(tags, decoding).decode(scores, Cut([-3.0] * TYPES)))
    for width in (1, 2, 3):
        found = read(TagObjective(tags, decoding, Window(width)).decode(scores, Cut([-3.0] * TYPES)))
        assert found.keys() == {span for span in every if span[2] - span[1] < width}


def test_scores_of_some_types():
    for tags in TAG_SETS:
        scores = make_tag_scores([4, 2], 3, tags)
        some = scores.types([2, 0])
        assert some.num_types == 2
        assert some.types([1, 0]).types([1, 0]).flat().tolist() == some.flat().tolist()
        # What is left of a chain without other types is what they leave when they can't be
        if not tags.by_type:
            blocked = scores.emissions.clone()
            blocked[..., 1 + tags.parts : 1 + 2 * tags.parts] = -200.0
            without = scores.with_tensors(blocked, *scores.tensors[1:])
            torch.testing.assert_close(log_partition(some.chain), log_partition(without.chain))


def test_scores_of_tags_are_weighed_all_alike():
    scores = make_tag_scores([2, 1], 1, TagSet())
    for own, weighted in zip(scores.tensors, scores.weighted(torch.full((3,), 2.0)).tensors, strict=True):
        torch.testing.assert_close(weighted, 2 * own)
    none = make_tag_scores([0], 1, TagSet())
    assert none.weighted(torch.ones(0)).lengths == [0]
    with pytest.raises(DistillationError, match="can't be weighed document by document"):
        scores.weighted(torch.tensor([1.0, 1.0, 2.0]))


def test_flat_scores_come_back():
    scores = make_tag_scores([3, 2], 2, TagSet())
    again = scores.of_flat(scores.flat(), scores.lengths)
    assert isinstance(again, TagScores)
    torch.testing.assert_close(again.emissions, scores.emissions)


def dense_span_divergence(student, target, n_docs, reduction="sum"):
    """Σ KL over all spans, of which those that are not among the target's are impossible."""
    total = 0.0
    for (doc, *span), q in student.items():
        p = target.get((doc, *span), 0.0)
        total += p * (math.log(p / q) if p else 0.0) + (1 - p) * math.log((1 - p) / (1 - q))
    return total / (n_docs * TYPES)


def softened(probabilities, temperature):
    return {span: 1 / (1 + (1 / p - 1) ** (1 / temperature)) for span, p in probabilities.items()}


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
@pytest.mark.parametrize("decoding", ["marginal", "viterbi"])
def test_chains_are_compared_by_their_spans(tags, decoding):
    """Whatever the decoding; tempered log-odds of both, so that like chains don't diverge."""
    lengths, how = [4, 3], DistillationLoss("bernoulli", temperature=3.0)
    student, target = of(lengths, tags, 1.0, 0), of(lengths, tags, 1.0, 1)
    value = TagObjective(tags, decoding).divergence(student, target, how)
    q, p = (dense_span_probabilities(x) for x in (student, target))
    named = softened(p, 3.0)
    compared = softened({span: x for span, x in q.items() if x > 0.01 or p[span] > 0.01}, 3.0)
    assert float(value) == pytest.approx(dense_span_divergence(compared, named, 2), abs=1e-5)
    alike = leaves(target)
    value = TagObjective(tags, decoding).divergence(alike, target, how)
    assert float(value.detach()) == pytest.approx(0.0, abs=1e-6)
    assert max(float(x.abs().max()) for x in gradients(value, alike.tensors)) < 1e-6


def test_the_spans_of_nearly_equal_chains_hardly_diverge():
    """Also those that one finds likely and the other all but likely, at any temperature."""
    target = of([4, 3], TagSet(), 1.0, 1)
    student = target.with_tensors(*(1.01 * x for x in target.tensors))
    for temperature in (1.0, 5.0):
        how = DistillationLoss("bernoulli", temperature=temperature)
        assert 0 < float(TagObjective(TagSet()).divergence(student, target, how)) < 1e-3


@pytest.mark.parametrize("kind", ["tags", "factors"])
def test_nothing_is_learned_of_spans_that_the_teacher_does_not_know(kind):
    """As if they were not there, whoever finds them likely."""
    lengths, tags = [4, 3], TagSet()
    likely = TagObjective(tags).likely(of(lengths, tags, 1.0, 1))
    if kind == "tags":
        objective, student = TagObjective(tags), of(lengths, tags, 1.0, 0)
        of_student = dense_span_probabilities(student)
    else:
        objective, student = SpanObjective(Window(None)), make_factors(lengths, TYPES, HEADS[0], 1.0, 0)
        of_student = {
            (doc, i - first, j - first, t): float(student.score(*torch.tensor([[i], [j], [t]])).sigmoid())
            for doc, (first, length) in enumerate(((0, 4), (4, 3)))
            for i in range(first, first + length)
            for j in range(i, first + length)
            for t in range(TYPES)
        }

    def allowed(first, last):
        return last - first < 2

    value = objective.span_divergence(student, likely, DistillationLoss(), allowed)
    docs, offset = torch.tensor([0] * 4 + [1] * 3), torch.tensor([0, 4])
    named = {
        (int(docs[i]), i - int(offset[docs[i]]), j - int(offset[docs[i]]), t): p
        for (i, j, t), p in zip(likely.spans.tolist(), likely.logit.sigmoid().tolist(), strict=True)
        if j - i < 2
    }
    assert len(named) < len(likely.spans)
    compared = {
        x: q
        for x, q in of_student.items()
        if x[2] - x[1] < 2 and (kind == "factors" or q > 0.01 or x in named)
    }
    assert float(value) == pytest.approx(dense_span_divergence(compared, named, 2), abs=1e-5)
    # Several heads learn the same
    joint = JointObjective({"head": objective, "other": objective}, "head")
    both = JointScores({"head": student, "other": student}, torch.zeros(2, dtype=torch.float64), lengths)
    of_both = joint.span_divergence(both, likely, DistillationLoss(), allowed)
    assert float(of_both) == pytest.approx(float(value), abs=1e-5)


@pytest.mark.parametrize("tags", TAG_SETS, ids=str)
def test_a_chain_learns_from_likely_spans(tags):
    """Whatever its teacher is: value against enumeration, gradient against differences."""
    lengths = [4, 0, 2, 3]
    student = leaves(of(lengths, tags, 1.0, 0))
    target = TagObjective(TagSet("bio", True)).likely(of(lengths, TagSet("bio", True), 1.0, 1))
    objective, how = TagObjective(tags), DistillationLoss()
    value = objective.span_divergence(student, target, how)
    docs = torch.repeat_interleave(torch.arange(4), torch.tensor(lengths))
    offset = torch.tensor([0, 4, 4, 6])
    named = {
        (int(docs[i]), i - int(offset[docs[i]]), j - int(offset[docs[i]]), t): p
        for (i, j, t), p in zip(target.spans.tolist(), target.logit.sigmoid().tolist(), strict=True)
    }
    likely = {x: q for x, q in dense_span_probabilities(student.detach()).items() if q > 0.01 or x in named}
    assert float(value.detach()) == pytest.approx(dense_span_divergence(likely, named, 4), abs=1e-6)
    for i, gradient in enumerate(gradients(value, student.tensors)):
        place = int(gradient.abs().argmax())
        sides = []
        for step in (1e-5, -1e-5):
            tensors = [x.detach().clone() for x in student.tensors]
            tensors[i].view(-1)[place] += step
            sides.append(float(objective.span_divergence(student.with_tensors(*tensors), target, how)))
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(float(gradient.view(-1)[place]), rel=1e-3)


@pytest.mark.parametrize("window", [Window(3), Window(3, "prefix")], ids=["band", "prefix"])
def test_windows_are_those_of_each_document(window):
    """A batch diverges as its documents do."""
    lengths, how, objective = [5, 4], DistillationLoss(), SpanObjective(window)
    student = make_factors(lengths, TYPES, HEADS[0], 1.0, 0)
    target = TagObjective(TagSet()).likely(of(lengths, TagSet(), 1.0, 0))
    alone = []
    for keep, first in (([True, False], 0), ([False, True], lengths[0])):
        own = (target.spans[:, 0] < lengths[0]) == keep[0]
        spans = target.spans[own] - torch.tensor([first, first, 0])
        kept = [n for n, is_kept in zip(lengths, keep, strict=True) if is_kept]
        likely = replace(target, spans=spans, logit=target.logit[own], lengths=kept)
        alone.append(float(objective.span_divergence(student.documents(keep), likely, how)))
    value = float(objective.span_divergence(student, target, how))
    assert value == pytest.approx(sum(alone) / 2, rel=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_span_factors_learn_from_likely_spans(reduction):
    """The same as from a teacher of span factors whose other spans are impossible."""
    lengths = [4, 0, 3]
    student = require_grad(make_factors(lengths, TYPES, HEADS[0], 1.0, 0), torch.float64)
    target = TagObjective(TagSet()).likely(of(lengths, TagSet(), 1.0, 0))
    how = DistillationLoss(temperature=2.0, reduction=reduction)
    value = SpanObjective(Window(None)).span_divergence(student, target, how)
    expected = 0.0
    named = {tuple(x): t for x, t in zip(target.spans.tolist(), target.logit.tolist(), strict=True)}
    for first, length in zip((0, 4, 4), lengths, strict=True):
        weight = 1 / 6 / (length**2 if reduction == "mean" and length else 1)
        for i in range(first, first + length):
            for j in range(i, first + length):
                for t in range(TYPES):
                    s = float(student.score(*torch.tensor([[i], [j], [t]])).detach()) / 2
                    logit = named.get((i, j, t))
                    p = 0.0 if logit is None else 1 / (1 + math.exp(-logit / 2))
                    q = 1 / (1 + math.exp(-s))
                    expected += weight * (
                        (p * math.log(p / q) if p else 0.0) + (1 - p) * math.log((1 - p) / (1 - q))
                    )
    assert float(value.detach()) == pytest.approx(expected, abs=1e-6)
    assert torch.autograd.grad(value, student.tensors)[2].abs().sum() > 0


def test_likely_spans_on_other_tokens():
    spans = torch.tensor([[0, 1, 0], [2, 2, 1], [0, 2, 0]])
    likely = LikelySpans(spans, torch.zeros(3), [3])
    # The second token of the other kind begins within the first of these, and ends with the second
    moved = likely.on_tokens(torch.tensor([0, -1, 2]), torch.tensor([-1, 1, 3]), [4])
    assert moved.spans.tolist() == [[0, 1, 0], [2, 3, 1], [0, 3, 0]]
    assert likely.on_tokens(torch.tensor([0, -1, -1]), torch.tensor([-1, 1, 3]), [4]).spans.tolist() == [
        [0, 1, 0],
        [0, 3, 0],
    ]


def test_objectives_know_what_they_can_compare():
    bio, bioes = TagObjective(TagSet("bio")), TagObjective(TagSet("bioes"))
    assert bio.compares(TagObjective(TagSet("bio"), "viterbi"))
    assert not bio.compares(bioes)
    assert not bio.compares(SpanObjective(Window(None)))
    assert not SpanObjective(Window(None)).compares(bio)
    assert SpanObjective(Window(3)).compares(SpanObjective(Window(None)))
