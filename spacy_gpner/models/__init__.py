"""Architectures: span heads, and encoders that need no pretrained weights."""
