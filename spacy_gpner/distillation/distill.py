"""Train a student under a teacher."""

import sys
from pathlib import Path
from typing import IO

from spacy.language import Language
from spacy.training.loop import DIR_MODEL_LAST
from wasabi import Printer

from ..errors import DistillationError, TrainingError
from ..training.loop import run
from .setup import prepare


def distill(
    nlp: Language,
    teacher_nlp: Language,
    output_path: Path,
    *,
    resume: bool = False,
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> None:
    """Train a student under a teacher, as the `[distillation]` and `[training]` blocks of its config say.

    nlp (Language): The student's pipeline, initialized.
    teacher_nlp (Language): The teacher's pipeline.
    output_path (Path): Where to save the student (model-best, model-last), and checkpoints until then.
    resume (bool): Whether to go on from the last checkpoint there.
    stdout, stderr (IO[str]): Where messages and the progress bar go.
    RAISES (DistillationError): If teacher, corpus, cache or checkpoint don't fit, or a loss is not finite.
    """
    msg = Printer(no_print=True)
    course = prepare(nlp, teacher_nlp, stdout=stdout, stderr=stderr)
    try:
        is_new = run(
            course,
            output_path,
            resume=resume,
            logger=course.open_logger,
            say=lambda text: course.say(msg.info(text)),
        )
    except TrainingError as err:
        raise DistillationError(str(err)) from None
    if is_new:
        course.say(msg.good("Saved pipeline to output directory", output_path / DIR_MODEL_LAST))
    else:
        course.say(msg.good("Already finished", output_path))
