"""What a user can mend: one base for all errors of this package, so that a command catches one, and one
category for all its warnings, so that one filter finds them."""


class GpnerError(ValueError):
    """Something that a user gave can't be used. The message names it, what is wrong and the way out, and
    holds no text of a document."""


class CorpusError(GpnerError):
    """A corpus can't be read or written at all."""


class PipelineError(GpnerError):
    """A pipeline can't be loaded, or is not of the kind that is needed."""


class ConfigError(GpnerError):
    """A training config can't be made as asked for."""


class LockedError(GpnerError):
    """Another process is writing to an output."""


class TrainingError(GpnerError):
    """Settings, checkpoints or outputs of a training don't fit, or it diverged."""


class DivergedError(TrainingError):
    """A loss is not finite."""

    def __init__(self, name: str, loss: float) -> None:
        super().__init__(
            f"[{name}] The loss is {loss}: the training has diverged. Lower the learning rate or clip the "
            "gradient; what was saved before is not affected."
        )


class CacheError(TrainingError):
    """A file of kept vectors is damaged, or of another encoder or corpus."""


class DistillationError(TrainingError):
    """A teacher and its student don't fit."""


class GpnerWarning(UserWarning):
    """The work goes on, but not as the user may think. The message names the component and the remedy, and
    holds no text of a document."""
