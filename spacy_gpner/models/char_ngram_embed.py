"""Hashed embeddings of the character n-grams around each token."""

from collections.abc import Callable, Sequence
from typing import Optional, cast

import numpy
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import (
    HashEmbed,
    Maxout,
    Model,
    Ragged,
    chain,
    concatenate,
    list2ragged,
    ragged2list,
    with_array,
)
from thinc.types import Floats2d, Ints2d

# (first, last) token of each n-gram, counted from the token itself: itself, the bigrams that end and begin
# with it, and the trigram around it.
NGRAMS = ((0, 0), (-1, 0), (0, 1), (-1, 1))
UNKNOWN = 0


@registry.architectures("spacy-gpner.CharNgramEmbed.v1")
def CharNgramEmbed(
    width: int = 128,
    rows: Sequence[int] = (5000, 20000, 20000, 20000),
    embed_width: int = 64,
    dropout: float = 0.2,
) -> Model[list[Doc], list[Floats2d]]:
    """Build an embedding layer for training without pretrained weights: the uni-, bi- and trigrams
    around each token are embedded by their hash, concatenated and mixed. With
    `spacy-gpner.CharTokenizer.v1`, where every token is a character, they are character n-grams;
    else n-grams of tokens.

    width (int): Width of the output.
    rows (Sequence[int]): Rows of the four tables: token, bigram before, bigram after, trigram around.
    embed_width (int): Width of each table.
    dropout (float): Share of the n-grams, each as a whole, that are unknown in a training step: the longer
        ones are many and rare, and a model that always sees them learns little else. The rate in
        `[training]` takes its place.
    RETURNS (Model[List[Doc], List[Floats2d]]): The embedding layer.
    RAISES (ValueError): If there are not four tables, or one is empty.
    """
    if len(rows) != len(NGRAMS) or min(rows) < 1:
        raise ValueError(
            f"Invalid rows: {list(rows)}. Expected {len(NGRAMS)} positive numbers, for the tables of token, "
            "bigram before, bigram after and trigram around."
        )
    tables: list[Model] = [
        HashEmbed(nO=embed_width, nV=n_rows, column=column, seed=column) for column, n_rows in enumerate(rows)
    ]
    mix = Maxout(nI=embed_width * len(rows), nO=width, nP=3, normalize=True)
    layers: Model = chain(
        _char_ngrams(dropout),
        cast(Model[list[Ints2d], Ragged], list2ragged()),
        with_array(concatenate(*tables)),
        with_array(mix),
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
    if is_train:
        return model.layers[0](docs, is_train)
    # What the layers keep for backpropagation is released here, before the encoder needs memory of its own:
    # of a document of 100,000 characters it is 500 MB.
    return model.layers[0].predict(docs), lambda d_vectors: []


def _char_ngrams(dropout: float) -> Model[list[Doc], list[Ints2d]]:
    return Model("char_ngrams", _extract, attrs={"dropout_rate": dropout})


def _extract(
    model: Model[list[Doc], list[Ints2d]], docs: list[Doc], is_train: bool
) -> tuple[list[Ints2d], Callable[[list[Ints2d]], list[Doc]]]:
    hashes = [ngram_hashes(doc) for doc in docs]
    if is_train:
        for own in hashes:
            own[numpy.random.random(own.shape) < model.attrs["dropout_rate"]] = UNKNOWN
    return [model.ops.asarray2i(cast(Ints2d, own), dtype="uint64") for own in hashes], lambda d_hashes: []


def ngram_hashes(doc: Doc) -> numpy.ndarray:
    """Hash the n-grams around each token of a document. Past its edges stands the hash 0.

    doc (Doc): The document.
    RETURNS (numpy.ndarray): uint64, shape (tokens, 4).
    """
    tokens = doc.to_array("NORM").astype("uint64")
    reach = max(abs(edge) for ngram in NGRAMS for edge in ngram)
    padded = numpy.pad(tokens, reach)
    columns = []
    for first, last in NGRAMS:
        hashes = numpy.zeros(len(tokens), dtype="uint64")
        for offset in range(first, last + 1):
            hashes = _mix(hashes ^ padded[reach + offset : reach + offset + len(tokens)])
        columns.append(hashes)
    return numpy.stack(columns, axis=1)


def _mix(x: numpy.ndarray) -> numpy.ndarray:
    # The finalizer of splitmix64: every bit of the input changes half of the bits of the output.
    x = (x ^ (x >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return x ^ (x >> numpy.uint64(31))
