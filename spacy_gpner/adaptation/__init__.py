"""Adaptive pretraining: an encoder learns on from text alone, by masked words.

Read `texts`, `words`, `masking`, `model`, `course` and `adapt` in this order; `fresh` makes an encoder
to begin with.
"""
