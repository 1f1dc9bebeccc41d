"""Pretrained encoders that read each text once for every type, together with a query about it."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, Optional, get_args

from spacy.util import registry
from thinc.api import Model

from ...checks import check_count
from ..cache import VectorCache
from ..torch_layer import LazyTorchShim
from .frozen import build_frozen
from .module import TextEncoder
from .transformer import Tok2Vec, build_transformer, check_windows, fine_tuned

QueryPosition = Literal["after", "before"]


@registry.architectures("spacy-gpner.QueryTransformer.v1")
def QueryTransformer(
    name: str,
    query_position: QueryPosition = "after",
    depth: Optional[int] = None,
    frozen_layers: int = 0,
    dropout: Optional[float] = None,
    window: int = 384,
    stride: int = 256,
    mixed_precision: bool = True,
) -> Tok2Vec:
    """Build a `tok2vec` layer of a pretrained encoder that reads text and query (section 3.1 of paper 3):
    once for each query, all at the same time. A token's vectors of all readings are side by side. A query
    takes its place in the window: a text that does not fit beside it is read in several windows, with the
    query in each.

    name (str): The encoder's name on the Hugging Face hub, or its directory.
    query_position (str): Where the query stands, "after" the text or "before" it.
    depth, frozen_layers, dropout, window, stride, mixed_precision: See `spacy-gpner.Transformer.v1`.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. `set_queries` gives it its queries.
    RAISES (ValueError): If a setting is out of range or unknown.
    """
    reading = _reading(query_position)
    shim = fine_tuned(depth, frozen_layers, dropout, window, stride, mixed_precision)
    return build_transformer(shim, name=name, depth=depth, dropout=dropout, **reading)


@registry.architectures("spacy-gpner.FrozenQueryTransformer.v1")
def FrozenQueryTransformer(
    name: str,
    query_position: QueryPosition = "after",
    depth: Optional[int] = None,
    window: int = 384,
    stride: int = 256,
    mixed_precision: bool = True,
    cache: Optional[VectorCache] = None,
) -> Tok2Vec:
    """Build a layer as `spacy-gpner.QueryTransformer.v1`, of an encoder that does not learn. While the
    pipeline is trained, its readings are kept: each text costs one pass for each type, whatever the epochs.

    name, query_position: See `spacy-gpner.QueryTransformer.v1`.
    depth (Optional[int]): Keep its first layers alone, so many; None for all. What the last of them gives
        are the vectors.
    window, stride, mixed_precision, cache: See `spacy-gpner.FrozenTransformer.v1`. A token takes as many
        vectors as there are types.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer. `set_queries` gives it its queries.
    RAISES (ValueError): If a setting is out of range or unknown.
    """
    reading = _reading(query_position)
    check_windows(window, stride)
    if depth is not None:
        check_count("depth", depth, "at least 1 layer")
    build = partial(TextEncoder, window=window, stride=stride, mixed_precision=mixed_precision)
    return build_frozen(LazyTorchShim(build), cache, name=name, depth=depth, layers=None, **reading)


def _reading(query_position: str) -> dict[str, Any]:
    """What makes a layer one that reads queries, of which it has none at first."""
    if query_position not in get_args(QueryPosition):
        raise ValueError(
            f"Invalid query_position: {query_position!r}. Expected one of {get_args(QueryPosition)}."
        )
    return {"query_position": query_position, "queries": [], "width": 0}


def query_layers(model: Model) -> list[Model]:
    """The layers in a model that read texts with queries: those with attributes "queries" and "width", the
    width of a reading, 0 before that is known."""
    return [node for node in model.walk() if "queries" in node.attrs]


def set_queries(model: Model, queries: Sequence[str]) -> None:
    """Give the layers of a model their queries, one for each type.

    model (Model): The model.
    queries (Sequence[str]): The queries.
    """
    for layer in query_layers(model):
        layer.attrs["queries"] = list(queries)
        if layer.attrs["width"]:
            layer.set_dim("nO", layer.attrs["width"] * len(queries), force=True)
