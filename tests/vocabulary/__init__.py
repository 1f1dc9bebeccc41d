"""Encoders with a part of their vocabulary."""
