"""Training configs: made from templates for a language and a size, and fitted to a corpus.

Read `recipe`, `fit`, `make` in this order; what stands in a config is in `templates/`.
"""
