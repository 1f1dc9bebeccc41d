"""Adaptive pretraining."""
