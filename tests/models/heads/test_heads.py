"""What the heads give, against their formulas."""

import pytest
import torch

from spacy_gpner.models.heads.biaffine import BiaffineHead
from spacy_gpner.models.heads.efficient_globalpointer import EfficientGlobalPointerHead
from spacy_gpner.models.heads.globalpointer import GlobalPointerHead
from spacy_gpner.models.torch_layer import LazyTorchShim

from ...spans.oracle import dense_scores

LENGTHS = [5, 0, 3]
WIDTH, TYPES, SIZE = 7, 3, 4


def run(head):
    torch.manual_seed(0)
    head = head.double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(sum(LENGTHS), WIDTH, dtype=torch.float64)
    factors = head(x, LENGTHS)
    return x, dense_scores(factors)[0]


def rotation(position):
    angles = [position, position / 100]
    blocks = [torch.tensor([[a.cos(), -a.sin()], [a.sin(), a.cos()]]) for a in map(torch.tensor, angles)]
    return torch.block_diag(*blocks).double()


@pytest.mark.parametrize("type_features", ["qk", "hidden"])
@pytest.mark.parametrize("rope", [True, False])
def test_efficient_globalpointer(type_features, rope):
    head = EfficientGlobalPointerHead(
        WIDTH, TYPES, head_size=SIZE, rope=rope, type_features=type_features, dropout=0.0
    )
    x, scores = run(head)
    z = head.project(x)
    features = z if type_features == "qk" else x
    types = head.score_types(features)
    for i in range(5):
        for j in range(i, 5):
            q, k = z[i, ::2], z[j, 1::2]
            if rope:
                q, k = rotation(i) @ q, rotation(j) @ k
            for t in range(TYPES):
                expected = q @ k / SIZE**0.5 + (types[i, 2 * t + 1] + types[j, 2 * t]) / 2
                assert scores[t, i, j].item() == pytest.approx(expected.item(), abs=1e-6)


@pytest.mark.parametrize("rope", [True, False])
def test_globalpointer(rope):
    head = GlobalPointerHead(WIDTH, TYPES, head_size=SIZE, rope=rope, dropout=0.0)
    x, scores = run(head)
    z = head.project(x).reshape(-1, TYPES, 2, SIZE)
    for i in range(5):
        for j in range(i, 5):
            turn = rotation(j - i) if rope else torch.eye(SIZE, dtype=torch.float64)
            for t in range(TYPES):
                expected = z[i, t, 0] @ turn @ z[j, t, 1] / SIZE**0.5
                assert scores[t, i, j].item() == pytest.approx(expected.item(), abs=1e-6)


def test_biaffine():
    head = BiaffineHead(WIDTH, TYPES, head_size=SIZE, dropout=0.0)
    x, scores = run(head)
    start, end = (torch.nn.functional.leaky_relu(f(x), 0.1) for f in (head.start, head.end))
    for i in range(5):
        for j in range(i, 5):
            for t in range(TYPES):
                linear = head.score_start(start)[i, t] + head.score_end(end)[j, t]
                expected = start[i] @ head.pairs[t] @ end[j] + linear
                assert scores[t, i, j].item() == pytest.approx(expected.item(), abs=1e-9)


@pytest.mark.parametrize(
    "build",
    [
        lambda width, n_types: EfficientGlobalPointerHead(
            width, n_types, head_size=SIZE, rope=True, type_features="qk", dropout=0.0
        ),
        lambda width, n_types: GlobalPointerHead(width, n_types, head_size=SIZE, rope=True, dropout=0.0),
        lambda width, n_types: BiaffineHead(width, n_types, head_size=SIZE, dropout=0.0),
    ],
)
def test_more_types_leave_the_old_ones_alone(build):
    shim = LazyTorchShim(build)
    shim.build(width=WIDTH, n_types=TYPES)
    x = torch.randn(sum(LENGTHS), WIDTH)
    before = dense_scores(shim.module(x, LENGTHS))[0]
    number = shim.id
    shim.resize(width=WIDTH, n_types=TYPES + 2)
    after = dense_scores(shim.module(x, LENGTHS))[0]
    assert after.shape[0] == TYPES + 2
    assert torch.allclose(after[:TYPES], before, atol=1e-6)
    assert shim.id != number

    loaded = LazyTorchShim(build).from_bytes(shim.to_bytes())
    again = dense_scores(loaded.module(x, LENGTHS))[0]
    assert torch.equal(again, after)
