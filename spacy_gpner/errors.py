"""What a user can mend: one base for all errors of this package, so that a command catches one, and one
category for all its warnings, so that one filter finds them."""

import errno

# What the operating system's errors mean for who gave a path
REASONS = {
    errno.EACCES: "permission denied. Give a path that you may use, or change who may",
    errno.EPERM: "not permitted. Give a path that you may use, or change who may",
    errno.EROFS: "this file system can only be read. Give another path",
    errno.ENOSPC: "no space is left. Free some, or give another path",
    errno.EFBIG: "a file may not grow so large here. Raise `ulimit -f`, or give another path",
    errno.EDQUOT: "your share of the disk is used up. Free some, or give another path",
    errno.ENOENT: "no such file or directory. Check the path",
    errno.EEXIST: "it is there already, and is no directory. Give another path",
    errno.ENOTDIR: "a part of this path is a file and no directory. Give another path",
    errno.EISDIR: "it is a directory. Give a file",
    errno.ENAMETOOLONG: "the name is too long. Give a shorter one",
    errno.ELOOP: "links that lead in a circle. Give another path",
}


class GpnerError(ValueError):
    """Something that a user gave can't be used. The message names it, what is wrong and the way out, and
    holds no text of a document."""


class CorpusError(GpnerError):
    """A corpus can't be read or written at all."""


class PipelineError(GpnerError):
    """A pipeline can't be loaded, or is not of the kind that is needed."""


class ConfigError(GpnerError):
    """A training config can't be made as asked for."""


class ArchiveError(GpnerError):
    """An archive can't be read, or its annotations can't be kept."""


class KnowledgeError(GpnerError):
    """A knowledge base can't be opened, built or asked."""


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


def explain(err: OSError) -> str:
    """Say what an error of the operating system means for who gave a path.

    err (OSError): The error.
    RETURNS (str): The path, what is wrong, and the remedy.
    """
    if err.filename is None or err.strerror is None:
        return str(err)
    return f"{err.filename}: {REASONS.get(err.errno or 0, err.strerror)}."
