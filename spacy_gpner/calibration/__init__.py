"""Probabilities from scores, and the threshold that is best for F1."""
