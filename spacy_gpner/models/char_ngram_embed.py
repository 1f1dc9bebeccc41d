"""Hashed embeddings of the character n-grams around each token."""

from collections.abc import Callable, Sequence
from typing import Any, Optional, cast

import numpy
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import (
    Model,
    Ragged,
    chain,
    concatenate,
    list2ragged,
    ragged2list,
    uniform_init,
    with_array,
)
from thinc.types import Floats2d, Ints1d, Ints2d

from ..checks import MAX_SIZE, check_count

# (first, last) token of each n-gram, counted from the token itself: itself, the bigrams that end and begin
# with it, and the trigram around it; and which of them have a table in common.
NGRAMS = ((0, 0), (-1, 0), (0, 1), (-1, 1))
TABLES = ((0,), (1, 2), (3,))
# Of vectors at the start, which are uniform: a standard deviation of 0.1.
BOUND = 0.03**0.5


@registry.architectures("spacy-gpner.CharNgramEmbed.v1")
def CharNgramEmbed(
    width: int = 128, rows: Sequence[int] = (8000, 50000, 0)
) -> Model[list[Doc], list[Floats2d]]:
    """Build an embedding layer for training without pretrained weights: each token's own vector, and those of
    the bigrams that end and begin with it and of the trigram around it, each a row of a table by its hash,
    side by side. With `spacy-gpner.CharTokenizer.v1`, where every token is a character, they are character
    n-grams; else n-grams of tokens. It has no dropout: `spacy-gpner.BiLSTMEncoder.v1` begins with one.

    width (int): Width of the output: one half is the token's, the other the n-grams' in equal parts.
    rows (Sequence[int]): Rows of the tables of tokens, bigrams and trigrams; 0 for none. Trigrams are so
        many and so rare that a small corpus is learned by heart with them.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding layer.
    RAISES (ValueError): If there are not three tables, the one of tokens is empty, or the width is too small.
    """
    expected = (
        f"{len(TABLES)} numbers, for the tables of tokens (at least 1 row), bigrams and trigrams (0 for none)"
    )
    if not isinstance(rows, (list, tuple)) or len(rows) != len(TABLES):
        raise ValueError(f"Invalid rows: {rows!r}. Expected {expected}.")
    for n_rows, least in zip(rows, (1, 0, 0), strict=True):
        check_count("rows", n_rows, expected, least=least, most=MAX_SIZE)
    columns = [column for own, n_rows in zip(TABLES[1:], rows[1:], strict=True) if n_rows for column in own]
    least = max(1, 2 * len(columns))
    expected = f"at least {least}, of which one half is for {len(columns)} n-grams"
    check_count("width", width, expected, least=least, most=MAX_SIZE)
    of_ngram = width // 2 // len(columns) if columns else 0
    of_token = width - of_ngram * len(columns)
    tables = [
        _table(own, n_rows, of_token if own == TABLES[0] else of_ngram)
        for own, n_rows in zip(TABLES, rows, strict=True)
        if n_rows
    ]
    side_by_side: Model = concatenate(*tables) if len(tables) > 1 else tables[0]
    layers: Model = chain(
        Model("char_ngrams", _extract),
        cast(Model[list[Ints2d], Ragged], list2ragged()),
        with_array(side_by_side),
        ragged2list(),
    )
    return Model("char_ngram_embed", _forward, init=_init, layers=[layers], dims={"nO": width})


def _init(
    model: Model[list[Doc], list[Floats2d]],
    X: Optional[list[Doc]] = None,
    Y: Optional[list[Floats2d]] = None,
) -> None:
    model.layers[0].initialize(X, Y)


def _forward(
    model: Model[list[Doc], list[Floats2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    if not docs:
        return [], lambda d_vectors: []
    if is_train:
        return model.layers[0](docs, is_train)
    # What the layers keep for backpropagation is released here, before the encoder needs memory of its own:
    # of a document of 100,000 characters it is 500 MB.
    return model.layers[0].predict(docs), lambda d_vectors: []


def _extract(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable[[list[Ints2d]], list[Doc]]]:
    hashes = [model.ops.asarray2i(cast(Ints2d, own), dtype="uint64") for own in ngram_hashes(docs)]
    return hashes, lambda d_hashes: []


def _table(columns: Sequence[int], n_rows: int, width: int) -> Model[Ints2d, Floats2d]:
    """Vectors of the n-grams in these columns, side by side. An n-gram has one row, not the sum of four that
    `HashEmbed` takes: an optimizer that moves each by its learning rate would move the sum by four."""
    return Model(
        "ngram_table",
        _look_up,
        init=_init_table,
        params={"E": None},
        dims={"nV": n_rows, "nW": width, "nO": width * len(columns)},
        attrs={"columns": list(columns)},
    )


def _init_table(
    model: Model[Ints2d, Floats2d], X: Optional[Ints2d] = None, Y: Optional[Floats2d] = None
) -> None:
    shape = (model.get_dim("nV"), model.get_dim("nW"))
    model.set_param("E", uniform_init(model.ops, shape, lo=-BOUND, hi=BOUND))


def _look_up(
    model: Model[Ints2d, Floats2d], hashes: Ints2d, is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], Ints2d]]:
    ops, n_rows, width = model.ops, model.get_dim("nV"), model.get_dim("nW")
    table = cast(Floats2d, model.get_param("E"))
    rows = cast(Ints1d, (cast(Any, hashes)[:, model.attrs["columns"]] % n_rows).astype("int32").reshape(-1))

    def backprop(d_vectors: Floats2d) -> Ints2d:
        # Not by way of a gradient of the whole table, which is mostly 0.
        if not model.has_grad("E"):
            model.set_grad("E", ops.alloc2f(n_rows, width))
        d_rows = ops.reshape2f(ops.as_contig(d_vectors), -1, width)
        ops.scatter_add(cast(Floats2d, model.get_grad("E")), rows, d_rows)
        return hashes

    return ops.reshape2f(table[rows], -1, model.get_dim("nO")), backprop


def ngram_hashes(docs: Sequence[Doc]) -> list[numpy.ndarray]:
    """Hash the n-grams around each token, of all documents at once. Past the edges of a document stands the
    hash 0.

    docs (Sequence[Doc]): The documents, at least one.
    RETURNS (List[numpy.ndarray]): Of each document, uint64, shape (tokens, 4).
    """
    reach = max(abs(edge) for ngram in NGRAMS for edge in ngram)
    edge = numpy.zeros(reach, dtype="uint64")
    parts = [edge]
    for doc in docs:
        parts += [doc.to_array("NORM").astype("uint64"), edge]
    padded = numpy.concatenate(parts)
    n_tokens = len(padded) - 2 * reach
    columns = []
    for first, last in NGRAMS:
        hashes = numpy.zeros(n_tokens, dtype="uint64")
        for offset in range(first, last + 1):
            hashes = _mix(hashes ^ padded[reach + offset : reach + offset + n_tokens])
        columns.append(hashes)
    every = numpy.stack(columns, axis=1)
    ends = numpy.cumsum([len(doc) + reach for doc in docs]) - reach
    return [every[end - len(doc) : end] for doc, end in zip(docs, ends, strict=True)]


def _mix(x: numpy.ndarray) -> numpy.ndarray:
    # The finalizer of splitmix64: every bit of the input changes half of the bits of the output.
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return x ^ (x >> numpy.uint64(31))
