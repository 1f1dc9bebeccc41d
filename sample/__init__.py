"""The synthetic sample corpus: `python -m sample` writes it from a lexicon and sentence patterns, and notes of
made-up patients."""
