"""Nested named entity recognition for Chinese medical text, as a spaCy plugin."""

from .about import __version__
from .msgpack import keep_encoders

__all__ = ["__version__"]

keep_encoders()
