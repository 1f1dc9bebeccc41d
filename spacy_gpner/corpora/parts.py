"""Parts of documents."""

from collections.abc import Sequence
from typing import Any, cast

from spacy import attrs
from spacy.tokens import Doc

# What embedding layers can read of a token, beside its lexeme and the space behind it. Not its head, which
# may lie outside.
ATTRIBUTES = (
    attrs.NORM,
    attrs.TAG,
    attrs.POS,
    attrs.MORPH,
    attrs.LEMMA,
    attrs.DEP,
    attrs.SENT_START,
    attrs.ENT_IOB,
    attrs.ENT_TYPE,
    attrs.ENT_KB_ID,
    attrs.ENT_ID,
)
INSIDE, BEGIN = 1, 3


def part_of(doc: Doc, begin: int, end: int, attributes: Sequence[int] = ATTRIBUTES) -> Doc:
    """A document of some of another's tokens. Unlike `Span.as_doc`, it takes no longer where that is long.

    doc (Doc): The document.
    begin, end (int): The first token, and the token after the last.
    attributes (Sequence[int]): What of a token to keep, of `ATTRIBUTES`.
    RETURNS (Doc): These tokens, with what embedding layers can read of them. User data stays behind.
    """
    span = cast(Any, doc[begin:end])
    words, spaces = span.to_array([attrs.ORTH, attrs.SPACY]).T.tolist()
    part = Doc(doc.vocab, words=words, spaces=[bool(space) for space in spaces])
    values = span.to_array(attributes)
    iob = values[:1, attributes.index(attrs.ENT_IOB)]
    iob[iob == INSIDE] = BEGIN
    given = values.any(0).nonzero()[0]
    return part.from_array([attributes[column] for column in given], values[:, given])
