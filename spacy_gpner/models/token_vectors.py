"""What a head can be put on: a layer from documents to token vectors whose parts fit each other."""

from itertools import pairwise
from typing import Any, Optional

from thinc.api import Model

EXPECTED = (
    "Expected a layer that makes vectors of the tokens of documents, such as spacy.Tok2Vec.v2 with `embed` "
    "and `encode`."
)
# thinc's wrappers of layers that take vectors, by how their names begin, and layers that leave them as wide
# as they are.
TAKES_VECTORS = ("with_array(", "with_list(", "with_padded(", "with_ragged(", "residual(")
KEEPS_WIDTH = ("dropout", "ragged2list")


def check_tok2vec(tok2vec: Any) -> None:
    """Refuse a layer that no head can be put on, as far as that can be told before it has seen a document.

    tok2vec (Any): The layer.
    RAISES (ValueError): If it is no layer, takes vectors in place of documents, gives scores, or the widths
        of its parts don't fit.
    """
    if not isinstance(tok2vec, Model):
        raise ValueError(f"Invalid tok2vec: {type(tok2vec).__name__}. {EXPECTED}")
    if tok2vec.has_ref("output_layer"):
        raise ValueError(f"Invalid tok2vec: {tok2vec.name} is a model with a head of its own. {EXPECTED}")
    if width_in(tok2vec) is not None or tok2vec.name.startswith(TAKES_VECTORS):
        raise ValueError(
            f"Invalid tok2vec: {tok2vec.name} takes vectors, as an encoder does, not documents. {EXPECTED}"
        )
    for node in tok2vec.walk():
        for before, after in pairwise(node.layers if _is_chain(node) else []):
            given, taken = width_out(before), width_in(after)
            if given is not None and taken is not None and given != taken:
                first, second = (_called(part, node) for part in (before, after))
                raise ValueError(
                    f"Invalid tok2vec: {first} has the width {given}, {second} the width {taken}. Give both "
                    "the same width."
                )


def width_in(layer: Model) -> Optional[int]:
    """The width of the vectors that a layer takes, or None if that is not known or it takes none."""
    if layer.has_dim("nI"):
        return layer.get_dim("nI")
    if layer.name.startswith("residual("):
        return width_out(layer)
    if _is_chain(layer) or layer.name.startswith(TAKES_VECTORS):
        return width_in(layer.layers[0])
    return None


def width_out(layer: Model) -> Optional[int]:
    """The width of the vectors that a layer gives, or None if that is not known."""
    if layer.has_dim("nO"):
        return layer.get_dim("nO")
    if _is_chain(layer) or layer.name.startswith(TAKES_VECTORS):
        inner = [part for part in layer.layers if part.name not in KEEPS_WIDTH]
        return width_out(inner[-1]) if inner else None
    if _is_joined(layer, "|"):
        widths = [width_out(part) for part in layer.layers]
        return None if None in widths else sum(width for width in widths if width is not None)
    return None


def _is_chain(layer: Model) -> bool:
    return _is_joined(layer, ">>")


def _is_joined(layer: Model, by: str) -> bool:
    """Whether thinc made a layer of several, which it names by its parts."""
    return len(layer.layers) > 1 and layer.name == by.join(part.name for part in layer.layers)


def _called(layer: Model, parent: Model) -> str:
    """What a config calls a part of a layer, or else its own name."""
    refs = [name for name in parent.ref_names if parent.maybe_get_ref(name) is layer]
    return refs[0] if refs else layer.name
