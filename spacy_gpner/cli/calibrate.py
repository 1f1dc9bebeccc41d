"""`spacy gpner calibrate`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, import_code

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def calibrate_cli(
    model: str = Arg(..., metavar="MODEL", help="A trained pipeline: its directory or package"),
    corpus: Path = Arg(..., metavar="DEV.spacy", help="Documents with gold that it has not learned from"),
    output: Path = Arg(..., metavar="OUT", help="Directory of the calibrated pipeline"),
    use_gpu: int = GPU,
    code_path: Optional[Path] = CODE,
) -> None:
    """Make probabilities of a trained pipeline's scores, and set the threshold that is best for F1. What is
    printed was measured on DEV.spacy itself: on other text expect a little less.
    """
    from wasabi import msg

    from ..calibration.candidates import check_candidates, find_candidates
    from ..calibration.fit import calibrate
    from ..calibration.pipeline import is_calibrated, write_calibrated
    from ..calibration.report import print_calibration
    from ..calibration.setting import setting_of
    from ..corpora.docs import read_docs, require_length, require_spans
    from ..loading import load_pipeline
    from ..locks import locked
    from ..outputs import check_output
    from ..pipeline.find import find_pipe

    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly():
        check_output(output, model, "calibrated", is_calibrated)
        with locked(output):
            docs, _ = read_docs(corpus)
            nlp = load_pipeline(model)
            require_length(docs, nlp, corpus)
            require_spans(
                docs, find_pipe(nlp).key, corpus, f"Give documents with gold under the key of {model}."
            )
            before = setting_of(nlp)
            candidates = find_candidates(nlp, docs, show_progress=True)
            check_candidates(candidates, corpus)
            after = calibrate(candidates)
            write_calibrated(nlp, after, output)
            print_calibration(candidates, before, after)
            msg.good(f"{output}: calibrated, with the threshold {after.threshold}")
