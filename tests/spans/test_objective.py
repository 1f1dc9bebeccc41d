"""Which spans the objective of factors can learn and predict."""

import pytest
import torch

from spacy_gpner.spans import (
    Cut,
    DistillationLoss,
    Objective,
    SpanObjective,
    Window,
    decode,
    divergence,
    zlpr_loss,
)

from .oracle import make_factors
from .test_loss import WINDOWS


class Anything(Objective):
    """An objective that leaves all that it may as it is. What it has to have is not called here."""

    loss = decode = divergence = None


def test_what_an_objective_is_without_more():
    objective = Anything()
    assert objective.reach is None
    assert objective.refuse([(0, 1, "A"), (0, 9999, "B")]) == [None, None]
    starts, ends = torch.tensor([0, 3, 3]), torch.tensor([1, 3, 2])
    assert objective.holds(starts, ends).tolist() == [True, False, False]
    assert objective.covers(SpanObjective(Window(None)))
    assert objective.compares(Anything())
    assert not objective.compares(SpanObjective(Window(None)))
    assert not objective.learns_spans
    with pytest.raises(ValueError, match="Anything can't learn from single spans"):
        objective.span_divergence(None, None, DistillationLoss())


SPANS = [(start, end) for start in range(8) for end in range(start + 1, 9)]


@pytest.mark.parametrize("window", WINDOWS)
def test_refuses_and_holds_by_the_window(window):
    objective = SpanObjective(window)
    inside = [window.holds(start, end) for start, end in SPANS]
    refused = objective.refuse([(start, end, "A") for start, end in SPANS])
    assert [reason is None for reason in refused] == inside
    assert all(
        f"window = {window.width}, window_mode = '{window.mode}'" in reason for reason in refused if reason
    )
    starts, ends = torch.tensor(SPANS).T
    assert objective.holds(starts, ends).tolist() == inside
    assert objective.reach == window.width
    # and these are the spans that can be found
    factors = make_factors([8], 1, "efficient", 1.0, seed=0)
    found = objective.decode(factors, Cut([0.0]))
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == [
        span for span, own in zip(SPANS, inside, strict=True) if own
    ]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("other", WINDOWS)
def test_covers_what_the_other_holds(window, other):
    if SpanObjective(window).covers(SpanObjective(other)):
        assert all(window.holds(*span) for span in SPANS if other.holds(*span))
    assert SpanObjective(Window(8)).covers(SpanObjective(Window(3)))
    assert SpanObjective(Window(None)).covers(SpanObjective(window))
    assert SpanObjective(window).covers(Anything()) == (window.width is None)


def test_is_the_loss_decoding_and_divergence_in_its_window():
    window = Window(3)
    objective = SpanObjective(window)
    one, other = (make_factors([5, 2], 2, "biaffine", 1.0, seed) for seed in (0, 1))
    gold = torch.tensor([[0, 1, 0], [5, 6, 1]])
    assert torch.equal(objective.loss(one, gold), zlpr_loss(one, gold, window))
    assert torch.equal(objective.decode(one, Cut([0.4] * 2)).logit, decode(one, window, Cut([0.4] * 2)).logit)
    how = DistillationLoss()
    assert torch.equal(objective.divergence(one, other, how), divergence(one, other, window, how))
