"""`spacy gpner crossval`."""

import sys
from pathlib import Path
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt, import_code, parse_config_overrides, show_validation_error

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def crossval_cli(
    ctx: typer.Context,
    config_path: Path = Arg(..., metavar="CONFIG", help="A training config", exists=True, allow_dash=True),
    output: Path = Opt(..., "--output", "-o", help="Directory of folds, models and their ensemble"),
    folds: int = Opt(5, "--folds", "-k", min=2, help="In how many parts to divide the training corpus"),
    neighbours: int = Opt(1, "--neighbours", min=1, help="Keep so many neighbouring documents together"),
    seed: int = Opt(0, "--seed", help="The seed of the division"),
    use_gpu: int = GPU,
    code_path: Optional[Path] = CODE,
) -> None:
    """Divide the training corpus, train a model on all but each part, and make one pipeline of them: the mean
    of their scores. The same texts, those of a group such as a patient, and neighbours if asked are in one
    part; each part has its share of every label. Each model is chosen on the config's dev corpus and reported
    on its own part. Their predictions there, of text that they have not learned from, calibrate the ensemble
    and are kept; with the parts as [distillation] folds, they teach. Settings can be overridden on the
    command line, as with `spacy train`. Begun again, it goes on after the last model that is done.
    """
    from wasabi import msg

    from ..config_file import read_config
    from ..crossval.course import CrossValidation
    from ..crossval.report import print_folds, print_sparse
    from ..crossval.run import ENSEMBLE, join_members, judge_member, train_member
    from ..locks import locked
    from ..outputs import check_replaceable
    from ..trust import check_named_pipelines

    overrides = parse_config_overrides(ctx.args)
    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly(), locked(output), show_validation_error(config_path, hint_fill=False):
        config = read_config(config_path, overrides)
        check_named_pipelines(config)
        check_replaceable(output / ENSEMBLE)
        task = CrossValidation(config, output, folds, neighbours, seed)
        state = task.begin(use_gpu)
        print_sparse(task, state)
        found = []
        try:
            for number in task.numbers:
                msg.divider(f"Model {number} of {folds}")
                streams = {"stdout": sys.stdout, "stderr": sys.stderr}
                if not train_member(task, state, number, use_gpu=use_gpu, **streams):
                    msg.info(f"{task.member(number)} is done.")
                found.append(judge_member(task, state, number))
                msg.info(f"F1 on its own fold: {found[-1].score.f:.2%}")
        except KeyboardInterrupt:
            msg.warn("Interrupted", "Models that are done are kept: the same command goes on.")
            raise typer.Exit(130) from None
        path, notices = join_members(task, state, found)
        msg.divider("Out of fold")
        print_folds(found)
        for notice in notices:
            msg.warn(notice)
        msg.good(f"{path}: the ensemble of {folds} models")
