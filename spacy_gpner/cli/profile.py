"""`spacy gpner profile`."""

from pathlib import Path
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt, import_code, parse_config_overrides, show_validation_error

from ._errors import fail_clearly
from ._options import CODE


def profile_cli(
    ctx: typer.Context,
    source: Path = Arg(
        ..., metavar="CONFIG|MODEL", help="A config, or the directory of a trained pipeline", exists=True
    ),
    tokens: int = Opt(236, "--tokens", "-n", min=1, max=100_000, help="Tokens of the text"),
    types: Optional[int] = Opt(
        None,
        "--types",
        "-t",
        min=1,
        max=10_000,
        help="Number of labels [default: those of MODEL; 9 for a config]",
    ),
    code_path: Optional[Path] = CODE,
) -> None:
    """Count the parameters and the multiply-accumulates of a pipeline's first span component and its
    encoder, without weights or the network. Settings can be overridden on the command line, as with
    `spacy train`.
    """
    from ..config_file import read_config
    from ..profiling.profile import count_labels, profile
    from ..profiling.report import print_profile
    from ..trust import check_pipeline

    overrides = parse_config_overrides(ctx.args)
    import_code(code_path)
    with fail_clearly():
        config_path = source / "config.cfg" if source.is_dir() else source
        with show_validation_error(config_path):
            if source.is_dir():
                check_pipeline(source)
            config = read_config(config_path, overrides).interpolate()
        n_types = types or count_labels(source, config)
        with show_validation_error(config_path, hint_fill=False):
            parts = profile(config, tokens=tokens, types=n_types)
        print_profile(parts, tokens=tokens, types=n_types)
