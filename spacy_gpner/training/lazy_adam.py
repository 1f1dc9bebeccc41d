"""Adam for models whose parameters are mostly embedding tables, or partly pretrained."""

from collections.abc import Mapping
from typing import Any, Optional, cast

import numpy
import torch
from spacy.util import registry
from thinc.api import Optimizer
from thinc.backends import get_array_ops
from thinc.optimizers import ADAM_DEFAULTS
from thinc.types import Floats2d, FloatsXd
from torch.optim.adam import adam

from .rates import check_lr_scale, check_not_negative, scale_of

# The parameter of thinc's `HashEmbed` and `Embed`; that of spaCy's `CharacterEmbed` has three dimensions.
TABLE = "E"
# Numbers of a parameter from which torch's step on a CPU takes less time than thinc's, which has one thread
LARGE = 1 << 18


@registry.optimizers("spacy-gpner.LazyAdam.v1")
def create_lazy_adam_v1(
    learn_rate: Any = ADAM_DEFAULTS["learn_rate"],
    *,
    L2: Any = ADAM_DEFAULTS["L2"],
    beta1: Any = ADAM_DEFAULTS["beta1"],
    beta2: Any = ADAM_DEFAULTS["beta2"],
    eps: Any = ADAM_DEFAULTS["eps"],
    grad_clip: Any = ADAM_DEFAULTS["grad_clip"],
    L2_is_weight_decay: bool = True,
    use_averages: bool = True,
) -> "LazyAdam":
    """Create a `LazyAdam` with one learning rate for all. See `create_lazy_adam`."""
    return create_lazy_adam(
        learn_rate,
        L2=L2,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        grad_clip=grad_clip,
        L2_is_weight_decay=L2_is_weight_decay,
        use_averages=use_averages,
    )


@registry.optimizers("spacy-gpner.LazyAdam.v2")
def create_lazy_adam(
    learn_rate: Any = ADAM_DEFAULTS["learn_rate"],
    *,
    L2: Any = ADAM_DEFAULTS["L2"],
    beta1: Any = ADAM_DEFAULTS["beta1"],
    beta2: Any = ADAM_DEFAULTS["beta2"],
    eps: Any = ADAM_DEFAULTS["eps"],
    grad_clip: Any = ADAM_DEFAULTS["grad_clip"],
    L2_is_weight_decay: bool = True,
    use_averages: bool = True,
    lr_scale: Optional[dict[str, float]] = None,
) -> "LazyAdam":
    """Create a `LazyAdam`. The settings are those of `Adam.v1`, where each number can be a schedule too.

    learn_rate (float): The learning rate.
    L2 (float): The L2 regularization.
    beta1, beta2 (float): Decay of the first and of the second moment, above 0.
    eps (float): What is added to the root of the second moment.
    grad_clip (float): The most that the norm of a parameter's gradient can be; 0 for no limit.
    L2_is_weight_decay (bool): Whether L2 decays the weights, as AdamW does, or is added to the gradient.
    use_averages (bool): Whether to keep moving averages, which takes a pass over all rows in each step.
    lr_scale (Optional[Dict[str, float]]): Factors of the learning rate for parameters whose names fit a
        pattern, the first that fits: `{"transformer.*": 0.1}` for a pretrained encoder, which has to change
        less than the fresh layers on it. Names are those of thinc's and torch's parameters in their layers.
    RETURNS (LazyAdam): The optimizer.
    RAISES (ValueError): If a factor is no number of at least 0.
    """
    check_not_negative("learn_rate", learn_rate)
    check_not_negative("grad_clip", grad_clip)
    check_lr_scale(lr_scale or {})
    return LazyAdam(
        learn_rate,
        lr_scale=lr_scale or {},
        L2=L2,
        beta1=beta1,
        beta2=beta2,
        eps=eps,
        grad_clip=grad_clip,
        L2_is_weight_decay=L2_is_weight_decay,
        use_averages=use_averages,
    )


class LazyAdam(Optimizer):
    """Adam (Kingma and Ba, 2015) that leaves alone the rows of embedding tables that a batch has not looked
    up, weights and moments, as torch's `SparseAdam` does. Plain Adam moves every row it has ever seen in
    every step, by what is left of its momentum: a pass over tables of millions of numbers. L2 reaches the
    same rows alone, and a step in which nothing was looked up doesn't count."""

    __slots__ = ["lr_scale"]

    def __init__(self, learn_rate: Any, *, lr_scale: Mapping[str, float], **settings: Any) -> None:
        super().__init__(learn_rate, **settings)
        self.lr_scale = lr_scale

    def __call__(
        self, key: Any, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """Update a parameter in place.

        key (Tuple[int, str]): The layer's id and the parameter's name.
        weights, gradient (FloatsXd): The parameter and its gradient, which is 0 afterwards (in a table, but
            for rows whose squares underflow).
        lr_scale (float): Factor of the learning rate.
        RETURNS (Tuple[FloatsXd, FloatsXd]): Both.
        """
        lr_scale *= scale_of(key[1], self.lr_scale)
        if key[1] != TABLE or weights.ndim != 2:
            if weights.size >= LARGE and _is_plain(weights) and _is_plain(gradient) and self.b1 and self.b2:
                return self._step(key, cast(Any, weights), cast(Any, gradient), lr_scale)
            return super().__call__(key, weights, gradient, lr_scale=lr_scale)
        table, d_table = weights, cast(Floats2d, gradient)
        ops = get_array_ops(weights)
        # The quickest way to find the rows that are not 0.
        rows = ops.xp.flatnonzero(ops.xp.einsum("ij,ij->i", d_table, d_table))
        for kept in (self.mom1, self.mom2):
            if key not in kept:
                kept[key] = ops.alloc2f(*table.shape)
        moments = [cast(Floats2d, kept[key]) for kept in (self.mom1, self.mom2)]
        self.mom1[key], self.mom2[key] = (ops.reshape1f(x[rows], -1) for x in moments)
        averages, self.averages = self.averages, None
        updated, _ = super().__call__(key, table[rows], d_table[rows], lr_scale=lr_scale)
        self.averages = averages
        table[rows] = cast(Floats2d, updated)
        d_table[rows] = ops.alloc2f(*updated.shape)
        for whole, moment in zip(moments, (self.mom1, self.mom2), strict=True):
            whole[rows] = ops.reshape2f(moment[key], -1, table.shape[1])
            moment[key] = whole
        if self.averages is not None:
            if key not in self.averages:
                self.averages[key] = ops.alloc(weights.shape)
            ops.update_averages(self.averages[key], weights, self.nr_update[key])
        return weights, gradient

    def _step(
        self, key: Any, weights: numpy.ndarray, gradient: numpy.ndarray, lr_scale: float
    ) -> tuple[Any, Any]:
        """thinc's step by torch's kernels: on all threads, and with fewer passes over the numbers."""
        self.nr_update[key] += 1
        n = self.nr_update[key]
        kept: tuple[dict[Any, Any], ...] = (self.mom1, self.mom2)
        for moment in kept:
            if key not in moment:
                moment[key] = numpy.zeros(weights.size, "float32")
        arrays = (weights, gradient, *(moment[key] for moment in kept))
        w, g, first, second = (torch.from_numpy(x.reshape(-1)) for x in arrays)
        if self.L2 and not self.L2_is_weight_decay:
            g.add_(w, alpha=self.L2)
        if self.grad_clip and (norm := float(g.norm())) >= self.grad_clip:
            g.mul_(self.grad_clip / norm)
        adam(
            *([w], [g], [first], [second], [], [torch.tensor(float(n - 1))]),
            fused=True,
            amsgrad=False,
            beta1=self.b1,
            beta2=self.b2,
            lr=self.learn_rate * lr_scale,
            weight_decay=0.0,
            # thinc adds it to the root of the second moment before that is corrected
            eps=self.eps / (1 - self.b2**n) ** 0.5,
            maximize=False,
        )
        g.zero_()
        if self.L2 and self.L2_is_weight_decay:
            w.mul_(1 - lr_scale * self.learn_rate * self.L2)
        if self.averages is not None:
            averages: dict[Any, Any] = self.averages
            if key not in averages:
                averages[key] = numpy.zeros(weights.shape, "float32")
            get_array_ops(weights).update_averages(averages[key], weights, n)
        return weights, gradient


def _is_plain(array: Any) -> bool:
    """Whether torch can change an array in its place."""
    return isinstance(array, numpy.ndarray) and array.flags.c_contiguous and array.dtype == numpy.float32
