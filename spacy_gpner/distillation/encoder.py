"""The encoder of a pipeline's span component: its vectors, and what tells them from those of others."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Optional, cast

from spacy.language import Language
from spacy.tokens import Doc
from thinc.types import Floats2d

from ..models.by_length import predict_vectors
from ..models.heads.ensemble import in_columns_of, members_of
from ..pipeline.span_pipe import SpanPipe


def token_vectors(
    nlp: Language, name: str, docs: Sequence[Doc], member: Optional[int] = None
) -> list[Floats2d]:
    """What the encoder of a pipeline's span component makes of documents.

    nlp (Language): The pipeline.
    name (str): The name of the component.
    docs (Sequence[Doc]): The documents, as the tokenizer leaves them. Components before it run on them, so
        that a shared encoder's output is there.
    member (Optional[int]): Of an ensemble, the member that is asked alone; in the columns of the others are
        zeros then.
    RETURNS (List[Floats2d]): Vectors of each document's tokens.
    """
    for _, pipe in _upstream(nlp, name):
        docs = list(pipe.pipe(docs)) if hasattr(pipe, "pipe") else [pipe(doc) for doc in docs]
    tok2vec = cast(SpanPipe, nlp.get_pipe(name)).model.get_ref("tok2vec")
    if member is None:
        return predict_vectors(tok2vec, docs)
    return in_columns_of(tok2vec, member, predict_vectors(members_of(tok2vec)[member], docs))


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
