"""`spacy gpner distill`."""

import logging
import sys
from pathlib import Path
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt, import_code, parse_config_overrides, show_validation_error

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def distill_cli(
    ctx: typer.Context,
    teacher: str = Arg(..., metavar="TEACHER", help="A trained pipeline: its directory or package"),
    config_path: Path = Arg(
        ..., metavar="STUDENT.cfg", help="The student's config", exists=True, allow_dash=True
    ),
    output_path: Path = Opt(..., "--output", "-o", help="Output directory of the student"),
    use_gpu: int = GPU,
    resume: bool = Opt(False, "--resume", help="Go on from the last checkpoint in the output directory"),
    code_path: Optional[Path] = CODE,
    verbose: bool = Opt(False, "--verbose", "-V", help="Display more information"),
) -> None:
    """Train a student under a trained teacher, as the [distillation] block of its config says. Settings
    can be overridden on the command line, as with `spacy train`.
    """
    from spacy import util
    from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
    from wasabi import msg

    from ..config_file import read_config
    from ..distillation.distill import distill
    from ..distillation.setup import check_overrides, init_nlp_student
    from ..files import remove_leftovers
    from ..loading import load_pipeline
    from ..locks import locked
    from ..outputs import check_kept, check_outside, check_replaceable
    from ..trust import check_named_pipelines

    if verbose:
        util.logger.setLevel(logging.DEBUG)
    overrides = parse_config_overrides(ctx.args)
    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly():
        with show_validation_error(config_path):
            config = read_config(config_path, overrides)
        check_overrides(config, overrides)
        check_outside(output_path, teacher)
        for name in (DIR_MODEL_BEST, DIR_MODEL_LAST):
            check_kept(output_path / name, teacher)
            check_replaceable(output_path / name)
        with locked(output_path):
            remove_leftovers(output_path)
            teacher_nlp = load_pipeline(teacher)
            msg.divider("Initializing student")
            with show_validation_error(config_path, hint_fill=False):
                check_named_pipelines(config)
                nlp = init_nlp_student(config, teacher_nlp, use_gpu=use_gpu)
            msg.good("Initialized student")
            msg.divider("Distilling")
            with show_validation_error(config_path, hint_fill=False):
                distill(
                    nlp,
                    teacher_nlp,
                    output_path,
                    resume=resume,
                    stdout=sys.stdout,
                    stderr=sys.stderr,
                )
