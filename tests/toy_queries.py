"""A layer that reads queries, without a pretrained encoder: to a token's vector it adds one of the query."""

import hashlib
from collections.abc import Callable
from typing import Any

import numpy
import spacy
from thinc.api import Model

ARCHITECTURE = "test.ToyQueries.v1"


@spacy.registry.architectures(ARCHITECTURE)
def ToyQueries(tok2vec: Model) -> Model:
    return Model(
        "toy_queries",
        _forward,
        init=_init,
        layers=[tok2vec],
        dims={"nO": None},
        attrs={"queries": [], "width": 0},
    )


def _init(model: Model, X: Any = None, Y: Any = None) -> None:
    inner = model.layers[0]
    inner.initialize(X=X)
    model.attrs["width"] = inner.get_dim("nO")
    model.set_dim("nO", inner.get_dim("nO") * len(model.attrs["queries"]), force=True)


def _forward(model: Model, docs: Any, is_train: bool) -> tuple[Any, Callable]:
    vectors, backprop_inner = model.layers[0](docs, is_train)
    width, ops = model.attrs["width"], model.ops
    rows = [_embed(query, width) for query in model.attrs["queries"]]
    output = [ops.xp.hstack([own + ops.asarray2f(row) for row in rows]) for own in vectors]

    def backprop(d_output: Any) -> Any:
        return backprop_inner([ops.as_contig(d.reshape(len(d), -1, width).sum(1)) for d in d_output])

    return output, backprop


def _embed(query: str, width: int) -> numpy.ndarray:
    seed = int.from_bytes(hashlib.blake2b(query.encode(), digest_size=4).digest(), "big")
    return numpy.random.RandomState(seed).normal(size=(1, width)).astype("float32")
