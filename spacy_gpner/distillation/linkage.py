"""Linkages: how the student's features enter the teacher (Eq. 4 of the main paper)."""

from collections.abc import Callable
from functools import partial
from typing import Optional, cast

import torch
from spacy.util import registry
from thinc.api import ArgsKwargs, Model, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor, nn

from ..checks import check_dropout
from ..models.torch_layer import LazyTorchShim, get_shim

# Teacher's and student's vectors of the same tokens, shapes (N, width) and (N, student width).
Features = tuple[Floats2d, Floats2d]
Linkage = Model[Features, Floats2d]


@registry.architectures("spacy-gpner.NoLinkage.v1")
def NoLinkage() -> None:
    """No linkage: traditional distillation, by a teacher that knows nothing of its student."""
    return None


@registry.architectures("spacy-gpner.ConcatLinkage.v1")
def ConcatLinkage(dropout: float = 0.0, detach: bool = True) -> Linkage:
    """Build a linkage that maps [h_t; h_s] to the teacher's width. It starts as (1 0), and so gives h_t.

    dropout (float): Dropout rate of the student's vectors.
    detach (bool): Whether the joint teacher's loss leaves the student alone.
    RETURNS (Model[Features, Floats2d]): The linkage.
    """
    return _build_linkage(_Concat, dropout, detach)


@registry.architectures("spacy-gpner.AddLinkage.v1")
def AddLinkage(dropout: float = 0.0, detach: bool = True) -> Linkage:
    """Build a linkage h_t + P h_s + c. It starts with P = 0 and c = 0.

    dropout (float): Dropout rate of the student's vectors.
    detach (bool): Whether the joint teacher's loss leaves the student alone.
    RETURNS (Model[Features, Floats2d]): The linkage.
    """
    return _build_linkage(_Add, dropout, detach)


@registry.architectures("spacy-gpner.GatedLinkage.v1")
def GatedLinkage(dropout: float = 0.0, detach: bool = True) -> Linkage:
    """Build a linkage h_t + σ(G [h_t; h_s] + g) ∘ (P h_s + c), with a gate for each channel. It starts with
    P = 0 and c = 0.

    dropout (float): Dropout rate of the student's vectors.
    detach (bool): Whether the joint teacher's loss leaves the student alone.
    RETURNS (Model[Features, Floats2d]): The linkage.
    """
    return _build_linkage(_Gated, dropout, detach)


class _Concat(nn.Module):
    """W = (1 0) + ΔW, and ΔW is learned: weight decay would draw W itself away from the teacher."""

    def __init__(self, width: int, student_width: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.project = _zero_linear(width + student_width, width)

    def forward(self, teacher: Tensor, student: Tensor) -> Tensor:
        projected: Tensor = self.project(torch.cat([teacher, self.dropout(student)], dim=1))
        return teacher + projected


class _Add(nn.Module):
    def __init__(self, width: int, student_width: int, *, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.project = _zero_linear(student_width, width)

    def forward(self, teacher: Tensor, student: Tensor) -> Tensor:
        projected: Tensor = self.project(self.dropout(student))
        return teacher + projected


class _Gated(_Add):
    def __init__(self, width: int, student_width: int, *, dropout: float) -> None:
        super().__init__(width, student_width, dropout=dropout)
        self.gate = nn.Linear(width + student_width, width)

    def forward(self, teacher: Tensor, student: Tensor) -> Tensor:
        student = self.dropout(student)
        gate = self.gate(torch.cat([teacher, student], dim=1)).sigmoid()
        linked: Tensor = teacher + gate * self.project(student)
        return linked


def _zero_linear(n_in: int, n_out: int) -> nn.Linear:
    layer = nn.Linear(n_in, n_out)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _build_linkage(build: type[nn.Module], dropout: float, detach: bool) -> Linkage:
    check_dropout(dropout, "dropout of the linkage")
    return Model(
        "linkage",
        _forward,
        init=_init,
        attrs={"detach": detach},
        dims={"nO": None, "nI": None},
        shims=[LazyTorchShim(partial(build, dropout=dropout))],
    )


def _init(model: Linkage, X: Optional[Features] = None, Y: Optional[Floats2d] = None) -> None:
    if X is not None:
        model.set_dim("nO", X[0].shape[1])
        model.set_dim("nI", X[1].shape[1])
    get_shim(model).build(width=model.get_dim("nO"), student_width=model.get_dim("nI"))


def _forward(model: Linkage, X: Features, is_train: bool) -> tuple[Floats2d, Callable[[Floats2d], Features]]:
    shim = get_shim(model)
    teacher = xp2torch(X[0], device=shim.device)
    student = xp2torch(X[1], requires_grad=is_train and not model.attrs["detach"], device=shim.device)
    linked, backprop_torch = shim(ArgsKwargs(args=(teacher, student), kwargs={}), is_train)

    def backprop(d_linked: Floats2d) -> Features:
        grads = ArgsKwargs(
            args=([linked],), kwargs={"grad_tensors": [xp2torch(d_linked, device=shim.device)]}
        )
        d_inputs = backprop_torch(grads)
        d_student = torch.zeros_like(student) if student.grad is None else d_inputs.args[1]
        return model.ops.alloc2f(*X[0].shape), cast(Floats2d, torch2xp(d_student))

    return cast(Floats2d, torch2xp(linked.detach())), backprop
