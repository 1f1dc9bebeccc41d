"""torch's optimizers, for whatever thinc trains."""

import inspect
from collections.abc import Mapping
from typing import Any, Optional, cast

import torch
from spacy.util import registry
from thinc.api import Optimizer, torch2xp, xp2torch
from thinc.backends import get_array_ops
from thinc.types import FloatsXd

from ..checks import check_count, is_number
from .rates import check_lr_scale, check_not_negative, scale_of

# Those that need nothing but gradients, and keep arrays of a parameter's size
NAMES = ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "SGD")


@registry.optimizers("spacy-gpner.TorchOptimizer.v1")
def create_torch_optimizer(
    name: str,
    learn_rate: Any,
    *,
    settings: Optional[dict[str, Any]] = None,
    lookahead: int = 0,
    lookahead_alpha: float = 0.5,
    grad_clip: Any = 1.0,
    use_averages: bool = False,
    lr_scale: Optional[dict[str, float]] = None,
) -> "TorchOptimizer":
    """Create one of torch's optimizers. Numbers that can be schedules in thinc's can be here.

    name (str): Its name in `torch.optim`, such as "RAdam" (Liu et al., 2020).
    learn_rate (float): The learning rate.
    settings (Optional[Dict[str, Any]]): Its other settings there, such as `{"weight_decay": 0.01}`.
    lookahead (int): Every so many steps the weights go back to a part of the way that they have come
        (Lookahead; Zhang et al., 2019); 0 for never. The paper has 5.
    lookahead_alpha (float): Which part of the way.
    grad_clip (float): The most that the norm of a parameter's gradient can be; 0 for no limit.
    use_averages (bool): Whether to keep moving averages.
    lr_scale (Optional[Dict[str, float]]): Factors of the learning rate by parameter. See `LazyAdam`.
    RETURNS (TorchOptimizer): The optimizer.
    RAISES (ValueError): If there is no such optimizer, or it has no such setting, or one is out of range.
    """
    if name not in NAMES:
        raise ValueError(f"Invalid name: {name!r}. Expected one of torch's optimizers: {', '.join(NAMES)}.")
    check_count("lookahead", lookahead, "a number of steps, or 0 for none", least=0)
    if not is_number(lookahead_alpha) or not 0 < lookahead_alpha <= 1:
        raise ValueError(
            f"Invalid lookahead_alpha: {lookahead_alpha!r}. Expected a part of the way, above 0 and at most "
            "1."
        )
    check_not_negative("learn_rate", learn_rate)
    check_not_negative("grad_clip", grad_clip)
    check_lr_scale(lr_scale or {})
    return TorchOptimizer(
        name,
        learn_rate,
        settings=settings or {},
        lookahead=lookahead,
        lookahead_alpha=lookahead_alpha,
        grad_clip=grad_clip,
        use_averages=use_averages,
        lr_scale=lr_scale or {},
    )


class TorchOptimizer(Optimizer):
    """One of torch's optimizers, as thinc calls its own: parameter by parameter. What it keeps of each is in
    a dictionary by parameter, where checkpoints look for it."""

    def __init__(
        self,
        name: str,
        learn_rate: Any,
        *,
        settings: Mapping[str, Any],
        lookahead: int,
        lookahead_alpha: float,
        grad_clip: Any,
        use_averages: bool,
        lr_scale: Mapping[str, float],
    ) -> None:
        super().__init__(learn_rate, grad_clip=grad_clip, use_averages=use_averages, L2=0.0)
        self.lr_scale = lr_scale
        self.lookahead = lookahead
        self.lookahead_alpha = lookahead_alpha
        self.slow: dict[Any, Any] = {}
        kind = getattr(torch.optim, name)
        # What it keeps of a parameter is known after a first step.
        trial = torch.nn.Parameter(torch.zeros(1))
        trial.grad = torch.ones(1)
        own = {"fused": True} if "fused" in inspect.signature(kind).parameters else {}
        try:
            self._torch: torch.optim.Optimizer = kind([trial], lr=1.0, **{**own, **settings})
            self._torch.step()
        # What torch raises at settings that don't fit is not one kind of error
        except Exception as err:
            reason = str(err).rstrip(".") or type(err).__name__
            raise ValueError(f"Invalid settings of torch's {name}, {dict(settings)}: {reason}.") from err
        self._group = self._torch.param_groups[0]
        # Whether each is a number, and not of the parameter's size
        self._kept = {
            key: value.dim() == 0
            for key, value in self._torch.state.pop(trial, {}).items()
            if value is not None
        }
        for key in self._kept:
            setattr(self, key, {})

    def __call__(
        self, key: Any, weights: FloatsXd, gradient: FloatsXd, *, lr_scale: float = 1.0
    ) -> tuple[FloatsXd, FloatsXd]:
        """Update a parameter in place.

        key (Tuple[int, str]): The layer's id and the parameter's name.
        weights, gradient (FloatsXd): The parameter and its gradient, which is 0 afterwards.
        lr_scale (float): Factor of the learning rate.
        RETURNS (Tuple[FloatsXd, FloatsXd]): Both.
        """
        if not len(gradient):
            return weights, gradient
        ops = get_array_ops(weights)
        if self.lookahead and key not in self.slow:
            self.slow[key] = weights.copy()
        if self.grad_clip:
            gradient = ops.clip_gradient(gradient, self.grad_clip)
        self._group["lr"] = self.learn_rate * lr_scale * scale_of(key[1], self.lr_scale)
        self._step(key, weights, gradient)
        self.nr_update[key] += 1
        if self.lookahead and self.nr_update[key] % self.lookahead == 0:
            self.slow[key] += self.lookahead_alpha * (weights - self.slow[key])
            cast(Any, weights)[:] = self.slow[key]
        gradient *= 0
        if self.averages is not None:
            if key not in self.averages:
                self.averages[key] = ops.alloc(weights.shape, dtype="float32")
            ops.update_averages(self.averages[key], weights, self.nr_update[key])
        return weights, gradient

    def _step(self, key: Any, weights: FloatsXd, gradient: FloatsXd) -> None:
        parameter = torch.nn.Parameter(xp2torch(weights))
        parameter.grad = xp2torch(gradient)
        self._group["params"] = [parameter]
        if key in self.nr_update:
            # A fused step wants all that it reads on one device
            device = parameter.device if self._group.get("fused") else "cpu"
            self._torch.state[parameter] = {
                name: torch.tensor(own[key], device=device) if is_scalar else xp2torch(own[key])
                for name, is_scalar in self._kept.items()
                for own in (getattr(self, name),)
            }
        self._torch.step()
        state = self._torch.state.pop(parameter, {})
        for name, is_scalar in self._kept.items():
            getattr(self, name)[key] = state[name].item() if is_scalar else torch2xp(state[name])
