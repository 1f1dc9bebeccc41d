"""The encoder of a pipeline's span component: its vectors, and what tells them from those of others."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, cast

from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..models.by_length import predict_vectors
from ..pipeline.span_pipe import SpanPipe


def token_vectors(nlp: Language, name: str, docs: Sequence[Doc]) -> list[Floats2d]:
    """What the encoder of a pipeline's span component makes of documents.

    nlp (Language): The pipeline.
    name (str): The name of the component.
    docs (Sequence[Doc]): The documents, as the tokenizer leaves them. Components before it run on them, so
        that a shared encoder's output is there.
    RETURNS (List[Floats2d]): Vectors of each document's tokens.
    """
    for _, pipe in _upstream(nlp, name):
        docs = list(pipe.pipe(docs)) if hasattr(pipe, "pipe") else [pipe(doc) for doc in docs]
    model = cast(SpanPipe, nlp.get_pipe(name)).model
    return predict_vectors(model.get_ref("tok2vec"), docs)


def encoder_digest(nlp: Language, name: str) -> str:
    """A hash of all that the vectors of a pipeline's span component depend on: its tokenizer and encoder.

    nlp (Language): The pipeline.
    name (str): The name of the component.
    RETURNS (str): The hash.
    """
    digest = hashlib.blake2b()
    for upstream, pipe in [("tokenizer", nlp.tokenizer), *_upstream(nlp, name)]:
        digest.update(upstream.encode())
        digest.update(cast(Any, pipe).to_bytes(exclude=["vocab"]) if hasattr(pipe, "to_bytes") else b"")
    digest.update(repr(nlp.config["nlp"]).encode())
    digest.update(nlp.vocab.vectors.to_bytes() if len(nlp.vocab.vectors) else b"")
    digest.update(cast(SpanPipe, nlp.get_pipe(name)).model.get_ref("tok2vec").to_bytes())
    return digest.hexdigest()


def _upstream(nlp: Language, name: str) -> Iterator[tuple[str, Any]]:
    """The components before one."""
    for upstream, pipe in nlp.pipeline:
        if upstream == name:
            return
        yield upstream, pipe
