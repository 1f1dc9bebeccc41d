"""`spacy gpner select`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt, import_code

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def select_cli(
    model: str = Arg(..., metavar="MODEL", help="A trained, calibrated pipeline: its directory or package"),
    docs_path: Path = Arg(..., metavar="DOCS.spacy", help="Documents, most of them not annotated"),
    output: Path = Arg(..., metavar="OUT.spacy", help="Output: the chosen ones, the most valuable first"),
    n: int = Opt(..., "--n", "-n", min=1, help="How many documents to choose"),
    annotated: list[Path] = Opt(
        [], "--annotated", help="Documents annotated before: their texts are left out. May be given again"
    ),
    use_gpu: int = GPU,
    code_path: Optional[Path] = CODE,
) -> None:
    """Choose the documents that are worth annotating next: those in which the pipeline expects to be wrong
    most often for what they cost to open and to read. Documents with spans are annotated already and left
    out; a text that recurs is chosen once. The chosen ones hold the pipeline's predictions, for a person to
    correct.
    """
    from wasabi import msg

    from ..corpora.docs import read_docs
    from ..corpora.paths import check_output
    from ..loading import load_pipeline
    from ..outputs import check_outside
    from ..pipeline.find import find_pipe
    from ..selection.report import print_selection
    from ..selection.select import select, write_selection

    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly():
        check_output(output, [docs_path, *annotated], ".spacy")
        check_outside(output, model)
        docs, _ = read_docs(docs_path)
        known = {doc.text for path in annotated for doc in read_docs(path)[0]}
        nlp = load_pipeline(model)
        if find_pipe(nlp).calibration is None:
            msg.warn(
                f"{model} is not calibrated: its scores are no probabilities, and its expected errors only "
                f"a rough guide. First: spacy gpner calibrate {model} HELDOUT.spacy CALIBRATED"
            )
        selection = select(nlp, docs, n, docs_path, known)
        write_selection(selection, output)
        print_selection(selection, docs_path, output)
