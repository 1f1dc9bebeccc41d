"""Adam for models whose parameters are mostly embedding tables."""

from typing import Any

from spacy.util import registry
from thinc.api import Optimizer
from thinc.optimizers import ADAM_DEFAULTS
from thinc.types import FloatsXd

# The parameter of thinc's `HashEmbed` and `Embed`, and so of spaCy's embedding layers.
TABLE = "E"


@registry.optimizers("spacy-gpner.LazyAdam.v1")
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
) -> "LazyAdam":
    """Create a `LazyAdam`. The settings are those of `Adam.v1`, where each number can be a schedule too.

    learn_rate (float): The learning rate.
    L2 (float): The L2 regularization; a pass over all tables in each step, unless it is 0.
    beta1, beta2 (float): Decay of the first and of the second moment, above 0.
    eps (float): What is added to the root of the second moment.
    grad_clip (float): The most that the norm of a parameter's gradient can be; 0 for no limit.
    L2_is_weight_decay (bool): Whether L2 decays the weights, as AdamW does, or is added to the gradient.
    use_averages (bool): Whether to keep moving averages; a pass over all tables in each step.
    RETURNS (LazyAdam): The optimizer.
    """
    return LazyAdam(
        learn_rate,
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
    every step, by what is left of its momentum: a pass over tables of millions of numbers."""

    __slots__: list[str] = []

    def _adam(
        self, ops: Any, weights: FloatsXd, gradient: FloatsXd, lr_scale: float, key: Any, nr_upd: int
    ) -> tuple[FloatsXd, FloatsXd]:
        if key[1] != TABLE:
            return super()._adam(ops, weights, gradient, lr_scale, key, nr_upd)
        for moments in (self.mom1, self.mom2):
            if key not in moments:
                moments[key] = ops.alloc1f(weights.size)
        # The quickest way to find the rows that are not 0.
        rows = ops.xp.flatnonzero(ops.xp.einsum("ij,ij->i", gradient, gradient))
        whole = [weights, *(moments[key].reshape(weights.shape) for moments in (self.mom1, self.mom2))]
        part, mom1, mom2 = (x[rows].reshape(-1) for x in whole)
        rate = self.learn_rate * (1.0 - self.b2**nr_upd) ** 0.5 / (1.0 - self.b1**nr_upd)
        updated = ops.adam(
            part,
            gradient[rows].reshape(-1),
            mom1,
            mom2,
            self.b1,
            self.b2,
            self.eps,
            rate * lr_scale,
        )
        for target, source in zip(whole, (updated[0], *updated[2:]), strict=True):
            target[rows] = source.reshape(-1, weights.shape[1])
        return weights, gradient
