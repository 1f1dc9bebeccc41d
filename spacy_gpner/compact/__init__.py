"""Compact pipelines: trained ones turned into int8 for a CPU."""
