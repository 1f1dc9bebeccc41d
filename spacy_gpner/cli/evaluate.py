"""`spacy gpner evaluate`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt, import_code

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def evaluate_cli(
    models: list[str] = Arg(..., metavar="MODEL", help="Trained pipelines that write doc.spans"),
    corpus_path: Path = Arg(..., metavar="CORPUS.spacy", help="Documents with gold spans"),
    output_path: Path = Opt(..., "--output", "-o", help="Directory for metrics.json and report.html"),
    train_path: Optional[Path] = Opt(
        None, "--train", help="The training corpus, to tell entities seen there from others"
    ),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the spans in doc.spans"),
    limit: int = Opt(
        100,
        "--limit",
        min=0,
        help="Draw at most so many documents that differ from gold, and as many that don't; 0 for all",
    ),
    use_gpu: int = GPU,
    code_path: Optional[Path] = CODE,
) -> None:
    """Evaluate pipelines on a gold corpus: strict precision, recall and F1, in all and by label, nesting,
    length and novelty; kinds of errors; precision and recall over thresholds; calibration. Several pipelines
    are set side by side and compared by a paired bootstrap. The page begins with how good they are and which
    errors cost the most. It holds the documents' text: keep it as private as they are.
    """
    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly():
        from ..evaluation.evaluate import evaluate
        from ..evaluation.output import check_directory, write_evaluation
        from ..evaluation.report import print_evaluation
        from ..locks import locked
        from ..outputs import check_outside

        check_directory(output_path)
        for model in models:
            check_outside(output_path, model)
        with locked(output_path):
            evaluation = evaluate(models, corpus_path, spans_key=spans_key, train_path=train_path)
            write_evaluation(evaluation, output_path, limit=limit)
        print_evaluation(evaluation, output_path)
