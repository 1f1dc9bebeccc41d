"""Pipelines on gold: what they predict, strict scores, errors, and a page of both."""
