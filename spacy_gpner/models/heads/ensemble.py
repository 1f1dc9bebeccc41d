"""An ensemble: the mean of other models' scores."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, Optional

import torch
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model
from thinc.types import Floats2d
from torch import Tensor, nn

from ...spans import Scores
from ..score_model import ScoreModel, Tok2Vec, build_score_model, get_layout, is_score_model
from ..torch_layer import LazyTorchShim, get_shim
from ..transformers.frozen import made_once

ARCHITECTURE = "spacy-gpner.Ensemble.v1"
SIDE_BY_SIDE = "side_by_side"


@registry.architectures(ARCHITECTURE)
def Ensemble(members: dict[str, Any]) -> ScoreModel:
    """Build the ensemble of several models: its scores are the mean of theirs.

    members (Dict[str, Model[List[Doc], Scores]]): The models by a name, of one kind of scores.
    RETURNS (Model[List[Doc], Scores]): The model.
    RAISES (ValueError): If there is no member, or one gives no scores or is an ensemble itself.
    """
    if not members:
        raise ValueError("Invalid members: there is none. Each has a block such as [model.members.first].")
    for name, member in members.items():
        if not is_score_model(member):
            kind = getattr(member, "name", type(member).__name__)
            raise ValueError(
                f"Invalid members: '{name}' ({kind}) gives no scores of spans. Expected one such as "
                "spacy-gpner.EfficientGlobalPointer.v1, with its tok2vec."
            )
        if member.name == ARCHITECTURE:
            raise ValueError(f"Invalid members: '{name}' is an ensemble. Give its members in its place.")
    tok2vec = _side_by_side([member.get_ref("tok2vec") for member in members.values()])
    heads = [get_shim(member.get_ref("output_layer")) for member in members.values()]
    layouts = [get_layout(member) for member in members.values()]
    if any(layout != layouts[0] for layout in layouts):
        raise ValueError(
            "Invalid members: their scores are of different kinds, which have no mean. Give models of one "
            "kind, and of the same tags."
        )
    model = build_score_model(tok2vec, partial(EnsembleHead, heads), layout=layouts[0])
    model.name = ARCHITECTURE
    model.get_ref("output_layer").init = partial(_init_head, tok2vec)
    return model


def join_trained(members: dict[str, ScoreModel], order: Sequence[Sequence[int]]) -> ScoreModel:
    """Make an ensemble of trained models. It shares their encoders, and has copies of their heads.

    members (Dict[str, Model[List[Doc], Scores]]): The models by a name.
    order (Sequence[Sequence[int]]): For each type of the ensemble, which of each member's types it is.
    RETURNS (Model[List[Doc], Scores]): The ensemble.
    """
    model = Ensemble(members)
    head = model.get_ref("output_layer")
    head.set_dim("nO", len(order))
    head.initialize()
    joint: Any = get_shim(head).module
    for own, member in zip(joint.members, members.values(), strict=True):
        trained: Any = get_shim(member.get_ref("output_layer")).module
        own.load_state_dict(trained.state_dict())
    joint.order.copy_(torch.tensor(order))
    return model


class EnsembleHead(nn.Module):
    """The mean of what each member's head makes of its own columns of the vectors. Further columns, one a
    member, are weights for a weighted mean, the same in a whole document; their sum is the members' number.

    members (Sequence[LazyTorchShim]): What makes the members' heads.
    widths (Sequence[int]): How many columns each has.
    n_types (int): The number of types.
    """

    order: Tensor

    def __init__(self, members: Sequence[LazyTorchShim], *, widths: Sequence[int], n_types: int) -> None:
        super().__init__()
        self.widths = list(widths)
        self.members = nn.ModuleList(
            shim.make(width=width, n_types=n_types) for shim, width in zip(members, widths, strict=True)
        )
        # Row t: which of each member's types is type t.
        self.register_buffer("order", torch.arange(n_types)[:, None].repeat(1, len(widths)))

    def forward(self, vectors: Tensor, lengths: Sequence[int]) -> Scores:
        vectors, weights = vectors.tensor_split([sum(self.widths)], dim=1)
        columns = vectors.split(self.widths, dim=1)
        parts = [member(own, lengths) for member, own in zip(self.members, columns, strict=True)]
        kinds = sorted({type(part).__name__ for part in parts})
        if len(kinds) > 1:
            raise ValueError(
                f"Invalid members: their scores are of different kinds ({', '.join(kinds)}), which have no "
                "mean. Give models of one kind."
            )
        index: list[list[int]] = self.order.T.tolist()
        own_types = [part.types(own) for part, own in zip(parts, index, strict=True)]
        if weights.shape[1]:
            own_types = [part.weighted(own) for part, own in zip(own_types, weights.T, strict=True)]
        return own_types[0].mean(own_types)


def _init_head(
    tok2vec: Tok2Vec, model: Model[list[Floats2d], Scores], X: Optional[list[Floats2d]] = None, Y: Any = None
) -> None:
    widths = _widths(tok2vec)
    model.set_dim("nI", sum(widths))
    get_shim(model).build(widths=widths, n_types=model.get_dim("nO"))


def _side_by_side(layers: Sequence[Tok2Vec]) -> Tok2Vec:
    """Each token's vectors of all layers in one row. (thinc's `concatenate` makes a first layer of its own
    kind longer in place, and adds up what the layers' backpropagation returns, which for a listener is None.)
    """
    model: Tok2Vec = Model(SIDE_BY_SIDE, _forward, init=_init, dims={"nO": None}, layers=layers)
    if all(layer.has_dim("nO") for layer in layers):
        model.set_dim("nO", sum(_widths(model)))
    return model


def members_of(tok2vec: Tok2Vec) -> list[Tok2Vec]:
    """The encoders of an ensemble's members; of a model that is no ensemble, its own.

    tok2vec (Model[List[Doc], List[Floats2d]]): The model's `tok2vec`.
    RETURNS (List[Model[List[Doc], List[Floats2d]]]): The encoders.
    """
    return tok2vec.layers if tok2vec.name == SIDE_BY_SIDE else [tok2vec]


def in_columns_of(tok2vec: Tok2Vec, member: int, vectors: list[Floats2d]) -> list[Floats2d]:
    """Put the vectors of one member where they are among those of all, with zeros for the others.

    tok2vec (Model[List[Doc], List[Floats2d]]): The ensemble's `tok2vec`.
    member (int): The member's number, from 0.
    vectors (List[Floats2d]): Its vectors of each document.
    RETURNS (List[Floats2d]): Vectors as the ensemble's head takes them.
    """
    widths = _widths(tok2vec)
    first = sum(widths[:member])
    found = []
    for own in vectors:
        wide = tok2vec.ops.alloc2f(len(own), sum(widths))
        wide[:, first : first + widths[member]] = own
        found.append(wide)
    return found


def settle_widths(model: Model) -> None:
    """Let the encoders of an ensemble be as wide together as they are by now.

    model (Model): The model. Of one that is no ensemble nothing is changed.
    """
    for node in model.walk():
        if node.name == SIDE_BY_SIDE and node.has_dim("nO"):
            node.set_dim("nO", sum(_widths(node)), force=True)


def _init(model: Tok2Vec, X: Optional[list[Doc]] = None, Y: Any = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X)
    model.set_dim("nO", sum(_widths(model)))


def _widths(model: Tok2Vec) -> list[int]:
    return [layer.get_dim("nO") for layer in model.layers]


def _forward(
    model: Tok2Vec, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    with made_once():
        outputs, callbacks = zip(*(layer(docs, is_train) for layer in model.layers), strict=True)
    widths = _widths(model)
    vectors = [model.ops.xp.hstack(rows) for rows in zip(*outputs, strict=True)]

    def backprop(d_vectors: list[Floats2d]) -> list[Doc]:
        for callback, end, width in zip(callbacks, accumulate(widths), widths, strict=True):
            callback([model.ops.as_contig(d[:, end - width : end]) for d in d_vectors])
        return []

    return vectors, backprop
