"""Nested named entity recognition for Chinese medical text, as a spaCy plugin."""

from .about import __version__

__all__ = ["__version__"]
