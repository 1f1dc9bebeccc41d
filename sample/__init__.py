"""The synthetic sample corpus, and notes of made-up patients: `python -m sample` writes both."""
