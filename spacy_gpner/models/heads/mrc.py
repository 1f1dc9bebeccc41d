"""Heads on readings of a text, one for each type."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Literal, Optional, get_args

import torch
from spacy.util import registry
from torch import Tensor, nn
from torch.nn.functional import layer_norm, leaky_relu

from ...checks import MAX_SIZE, check_count
from ...spans import JointScores, PointerScores, Scores, SpanFactors, TagScores, TagSet
from ..dropout import Dropout, check_own_dropout
from ..encoders.bilstm import BiLSTM
from ..score_model import INITIAL_SCORE, ScoreModel, Tok2Vec, build_score_model

HeadName = Literal["crf", "biaffine", "pointer"]
TaskWeights = Literal["learned", "fixed"]
MRCModel = ScoreModel[JointScores]
# A chain for each type, of its own reading
TAGS = TagSet("bioes", by_type=True)

# The heads that score, where not all do
_alone: ContextVar[Optional[Sequence[str]]] = ContextVar("alone", default=None)


@registry.architectures("spacy-gpner.MRC.v1")
def MRC(
    tok2vec: Tok2Vec,
    heads: Sequence[HeadName] = ("crf", "biaffine"),
    task_weights: TaskWeights = "learned",
    label_size: int = 128,
    head_size: int = 128,
    hidden_size: int = 256,
    dropout: Optional[float] = 0.1,
) -> MRCModel:
    """Build heads on readings of a text with a query for each type (section 3.1 of paper 3). Vectors pass a
    layer norm that depends on the type; then each head scores them, with the same weights for all types.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors of all readings side by side, as
        `spacy-gpner.QueryTransformer.v1` does.
    heads (Sequence[str]): What is learned: "crf", a conditional random field over the tags of a type;
        "biaffine", a score of each span, on a BiLSTM; "pointer", its start, its end and their match.
    task_weights (str): Whether what the heads' losses weigh is "learned" (Eq. 11), or "fixed" and equal.
    label_size (int): Channels of a type's embedding.
    head_size (int): Channels of the biaffine's starts and ends.
    hidden_size (int): Width of its BiLSTM; even.
    dropout (Optional[float]): Dropout rate of the token vectors; None for that of the training.
    RETURNS (Model[List[Doc], JointScores]): The model.
    RAISES (ValueError): If a setting is out of range or unknown.
    """
    known = get_args(HeadName)
    if not heads or len(set(heads)) < len(heads) or not set(heads) <= set(known):
        raise ValueError(f"Invalid heads: {list(heads)}. Expected some of {known}, each once.")
    if task_weights not in get_args(TaskWeights):
        raise ValueError(f"Invalid task_weights: {task_weights!r}. Expected one of {get_args(TaskWeights)}.")
    for name, size in (("label_size", label_size), ("head_size", head_size)):
        check_count(name, size, "a positive number", most=MAX_SIZE)
    even = "a positive even number: half for each direction"
    check_count("hidden_size", hidden_size, even, most=MAX_SIZE)
    if hidden_size % 2:
        raise ValueError(f"Invalid hidden_size: {hidden_size}. Expected {even}.")
    check_own_dropout(dropout)
    build = partial(
        MRCHead,
        heads=tuple(heads),
        learn_weights=task_weights == "learned" and len(heads) > 1,
        label_size=label_size,
        head_size=head_size,
        hidden_size=hidden_size,
        dropout=dropout,
    )
    return build_score_model(tok2vec, build, layout=tuple(heads))


class MRCHead(nn.Module):
    """Heads on the token vectors of T readings side by side.

    width (int): Width of the vectors: T times that of a reading.
    n_types (int): T, the number of types.
    """

    def __init__(
        self,
        width: int,
        n_types: int,
        *,
        heads: Sequence[HeadName],
        learn_weights: bool,
        label_size: int,
        head_size: int,
        hidden_size: int,
        dropout: Optional[float],
    ) -> None:
        super().__init__()
        self.n_types = n_types
        own = width // n_types
        self.type_vectors = nn.Parameter(torch.randn(n_types, label_size) / label_size**0.5)
        self.norm = ConditionalLayerNorm(own, label_size)
        self.dropout = Dropout(dropout)
        self.heads = nn.ModuleDict()
        for name in heads:
            if name == "crf":
                self.heads[name] = TagReader(own)
            elif name == "biaffine":
                self.heads[name] = SpanReader(own, head_size, hidden_size, dropout)
            else:
                self.heads[name] = PointerReader(own)
        tasks = torch.zeros(len(heads))
        if learn_weights:
            self.tasks: Tensor = nn.Parameter(tasks)
        else:
            self.register_buffer("tasks", tasks)

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> JointScores:
        readings = vectors.unflatten(1, (self.n_types, -1))
        readings = self.dropout(self.norm(readings, self.type_vectors))
        parts: dict[str, Scores] = {
            name: self.heads[name](readings, lengths) for name in _alone.get() or self.heads
        }
        return JointScores(parts, self.tasks, lengths)


@contextmanager
def scoring_alone(names: Sequence[str]) -> Iterator[None]:
    """While the block runs, only some of the heads score: the others cost time, and have no say.

    names (Sequence[str]): Those heads.
    """
    token = _alone.set(names)
    try:
        yield
    finally:
        _alone.reset(token)


class ConditionalLayerNorm(nn.Module):
    """A layer norm whose gain and bias depend on a condition: γ + W_γ c and β + W_β c. W_γ and W_β begin as
    0, so that it is at first a plain layer norm.

    width (int): Width of the vectors.
    n_condition (int): Width of the condition.
    """

    def __init__(self, width: int, n_condition: int) -> None:
        super().__init__()
        self.gain = nn.Linear(n_condition, width)
        self.bias = nn.Linear(n_condition, width)
        for layer, start in ((self.gain, 1.0), (self.bias, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, start)

    def forward(self, vectors: Tensor, condition: Tensor) -> Tensor:
        normed = layer_norm(vectors, vectors.shape[-1:])
        return normed * self.gain(condition) + self.bias(condition)


class TagReader(nn.Module):
    """Tags of each type by its own reading, and a conditional random field that all types share."""

    def __init__(self, width: int) -> None:
        super().__init__()
        _, n_tags = TAGS.shape(1)
        self.emissions = nn.Linear(width, n_tags)
        nn.init.constant_(self.emissions.bias[1:], INITIAL_SCORE)
        self.transitions = nn.Parameter(torch.zeros(n_tags, n_tags))
        self.starts = nn.Parameter(torch.zeros(n_tags))
        self.ends = nn.Parameter(torch.zeros(n_tags))

    def forward(self, readings: Tensor, lengths: Sequence[int]) -> TagScores:
        n_types = readings.shape[1]
        shared = (x.expand(n_types, *x.shape) for x in (self.transitions, self.starts, self.ends))
        transitions, starts, ends = shared
        return TagScores(self.emissions(readings), transitions, starts, ends, lengths, TAGS)


class SpanReader(nn.Module):
    """A biaffine score of each span (Eqs. 5 to 7), on a BiLSTM over each reading."""

    def __init__(self, width: int, head_size: int, hidden_size: int, dropout: Optional[float]) -> None:
        super().__init__()
        self.bilstm = BiLSTM(hidden_size, depth=1, dropout=dropout, layer_norm=True, n_in=width)
        self.start = nn.Linear(hidden_size, head_size)
        self.end = nn.Linear(hidden_size, head_size)
        self.pairs = nn.Parameter(torch.randn(head_size, head_size) / head_size)
        self.score_start = nn.Linear(head_size, 1)
        self.score_end = nn.Linear(head_size, 1)
        nn.init.constant_(self.score_end.bias, INITIAL_SCORE)

    def forward(self, readings: Tensor, lengths: Sequence[int]) -> SpanFactors:
        n_types = readings.shape[1]
        hidden = self.bilstm(readings.transpose(0, 1).flatten(0, 1), list(lengths) * n_types)
        hidden = hidden.unflatten(0, (n_types, -1)).transpose(0, 1)
        start, end = leaky_relu(self.start(hidden), 0.1), leaky_relu(self.end(hidden), 0.1)
        a, b = self.score_start(start)[..., 0], self.score_end(end)[..., 0]
        return SpanFactors(start @ self.pairs, end, a, b, lengths)


class PointerReader(nn.Module):
    """Whether a token is a start, an end, and what it adds to a match as either (Li et al., 2020)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scores = nn.Linear(width, 4)
        nn.init.constant_(self.scores.bias, INITIAL_SCORE / 2)

    def forward(self, readings: Tensor, lengths: Sequence[int]) -> PointerScores:
        starts, ends, first, last = self.scores(readings).unbind(-1)
        return PointerScores(starts, ends, first, last, lengths)
