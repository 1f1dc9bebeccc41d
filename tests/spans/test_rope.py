import pytest
import torch

from spacy_gpner.spans.rope import rotate


def test_constant_vectors_score_alike_along_every_diagonal():
    x, y = torch.randn(2, 1, 8, dtype=torch.float64)
    q, k = rotate(x.expand(30, 1, 8), [30])[:, 0], rotate(y.expand(30, 1, 8), [30])[:, 0]
    scores = q @ k.T
    for offset in range(-29, 30):
        diagonal = scores.diagonal(offset)
        assert torch.allclose(diagonal, diagonal[0].expand_as(diagonal), atol=1e-12)
    assert scores.diagonal(1)[0] != pytest.approx(scores.diagonal(5)[0].item())


def test_adjacent_pairs_are_rotated_by_position():
    x = torch.tensor([[[1.0, 0.0, 1.0, 0.0]]], dtype=torch.float64).expand(3, 1, 4)
    rotated = rotate(x, [3])[2, 0]
    angles = torch.tensor([2.0, 2.0 / 100], dtype=torch.float64)
    expected = torch.stack([angles.cos(), angles.sin()], 1).flatten()
    assert torch.allclose(rotated, expected, atol=1e-12)


def test_positions_start_anew_in_each_document():
    x = torch.randn(7, 2, 6)
    together = rotate(x, [3, 0, 4])
    assert torch.equal(together[:3], rotate(x[:3], [3]))
    assert torch.equal(together[3:], rotate(x[3:], [4]))


def test_lengths_are_kept_and_far_positions_exact():
    x = torch.randn(1, 1, 4).expand(100_001, 1, 4)
    in_float32 = rotate(x, [100_001])[-1]
    in_float64 = rotate(x.double(), [100_001])[-1]
    assert torch.allclose(in_float32.double(), in_float64, atol=1e-6)
    assert rotate(torch.zeros(0, 1, 4), []).shape == (0, 1, 4)
