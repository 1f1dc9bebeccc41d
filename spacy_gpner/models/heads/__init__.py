"""Heads: torch modules from token vectors to scores, one a file."""
