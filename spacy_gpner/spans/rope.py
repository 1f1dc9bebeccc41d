"""Rotary position embedding (RoPE), Eqs. 10 and 11 of the main paper."""

from collections.abc import Sequence

import torch
from torch import Tensor


def rotate(x: Tensor, lengths: Sequence[int]) -> Tensor:
    """Rotate adjacent pairs of channels (2m, 2m + 1) by the angle position * 10000^(-2m / d), so that
    the product of a rotated q(i) and a rotated k(j) depends on i and j through j - i alone.
    Angles are computed in float64: in float32 they are off by 8e-3 at position 100,000.

    x (Tensor): Projections, shape (N, heads, d) with even d.
    lengths (Sequence[int]): Tokens of each document; positions start at 0 in each.
    RETURNS (Tensor): The rotated projections, of the same shape.
    """
    d = x.shape[-1]
    frequencies = 10000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
    angles = torch.arange(max(lengths, default=0), dtype=torch.float64)[:, None] * frequencies
    positions = torch.cat([torch.arange(n) for n in lengths]) if lengths else torch.arange(0)
    exact = x if x.dtype == torch.float64 else x.float()
    turns = torch.polar(torch.ones_like(angles), angles).to(x.device, exact.dtype.to_complex())
    pairs = torch.view_as_complex(exact.unflatten(-1, (-1, 2)).contiguous())
    rotated = torch.view_as_real(pairs * turns[positions.to(x.device), None])
    return rotated.flatten(-2).to(x.dtype)
