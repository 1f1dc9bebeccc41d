"""What can be wrong with a distillation's settings and files."""


class DistillationError(ValueError):
    """A teacher, corpus, cache or checkpoint doesn't fit, or a training diverged: what a user can mend."""
