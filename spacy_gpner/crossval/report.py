"""A cross-validation as tables of the terminal."""

from collections.abc import Sequence

from wasabi import msg

from ..corpora.docs import read_docs
from ..entities import show_label
from ..evaluation.metrics import Score
from ..tables import print_table
from .course import CrossValidation, State
from .folds import find_sparse
from .run import Fold


def print_folds(folds: Sequence[Fold]) -> None:
    """Print what each model is worth on its fold, and all of them together.

    folds (Sequence[Fold]): What each model says of its fold.
    """
    scores = [fold.score for fold in folds]
    together = Score(
        *(sum(getattr(x, name) for x in scores) for name in ("predicted", "right", "gold", "found"))
    )
    rows = [
        (name, n, score.gold, *(f"{100 * x:.2f}" for x in (score.p, score.r, score.f)))
        for name, n, score in (
            *((f"model {i}", fold.annotated, fold.score) for i, fold in enumerate(folds, 1)),
            ("out of fold", sum(fold.annotated for fold in folds), together),
        )
    ]
    header = ("", "documents", "gold", "P", "R", "F1")
    print_table(rows, header)


def print_sparse(task: CrossValidation, state: State) -> None:
    """Warn of labels that a model can't learn, as all of their entities are in its fold.

    task (CrossValidation): The cross-validation, begun.
    state (State): Its state.
    """
    sparse = find_sparse([read_docs(task.fold(number))[0] for number in task.numbers], state.spans_key)
    if sparse:
        shown = ", ".join(f"{show_label(label)} (model {number})" for label, number in sparse.items())
        msg.warn(f"All entities of a label are in one part, and a model learns nothing of it: {shown}")
