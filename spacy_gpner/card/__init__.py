"""A model card: what a pipeline is, what it was measured to do, and what it can't."""
