"""`spacy gpner ensemble`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, import_code

from ._errors import fail_clearly
from ._options import CODE


def ensemble_cli(
    output: Path = Arg(..., metavar="OUT", help="Directory of the ensemble"),
    models: list[str] = Arg(..., metavar="MODEL", help="Trained pipelines: their directories or packages"),
    code_path: Optional[Path] = CODE,
) -> None:
    """Make one pipeline of several trained ones: its scores are the mean of theirs. They need the same
    labels, tokenizer and window. All settings are those of the first pipeline, but calibrations are left
    out, and where thresholds differ it has 0.5: calibrate it. It is as slow as all of them together, and
    can be trained, evaluated and made compact, or be a teacher.
    """
    from wasabi import msg

    from ..locks import locked
    from ..outputs import check_output
    from ..pipeline.ensemble import is_ensemble, write_ensemble

    import_code(code_path)
    with fail_clearly():
        for model in models:
            check_output(output, model, "ensemble", is_ensemble)
        with locked(output):
            for notice in write_ensemble(models, output):
                msg.warn(notice)
            msg.good(f"{output}: the ensemble of {len(models)} pipelines")
