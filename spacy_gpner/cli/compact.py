"""`spacy gpner compact`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt, import_code

from ._errors import fail_clearly
from ._options import CODE


def compact_cli(
    model: str = Arg(..., metavar="MODEL", help="A trained pipeline: its directory or package"),
    output: Path = Arg(..., metavar="OUT", help="Directory of the compact pipeline"),
    corpus: Optional[Path] = Opt(
        None, "--corpus", metavar="DOCS.spacy", help="Documents with gold, to compare both pipelines on"
    ),
    code_path: Optional[Path] = CODE,
) -> None:
    """Make a compact pipeline of a trained one: its BiLSTMs and transformers in int8, for a CPU. It loads
    with spacy.load where ONNX Runtime is installed (pip install 'spacy_gpner[compact]'), and can't be
    trained. With --corpus, say what that costs in F1 and what it saves.
    """
    from wasabi import msg

    from ..compact.cost import compare, print_costs, record_scores
    from ..compact.pipeline import check_packages, is_compact, write_compact
    from ..corpora.docs import read_docs, require_length, require_spans
    from ..errors import CorpusError
    from ..loading import load_pipeline
    from ..locks import locked
    from ..outputs import check_output
    from ..pipeline.find import find_pipe

    import_code(code_path)
    with fail_clearly():
        check_packages()
        check_output(output, model, "compact", is_compact)
        with locked(output):
            if corpus is not None:
                full = load_pipeline(model)
                gold, _ = read_docs(corpus)
                remedy = f"Give documents with gold under the key of {model}."
                require_spans(gold, find_pipe(full).key, corpus, remedy)
                require_length(gold, full, corpus)
                if not any(len(doc) for doc in gold):
                    raise CorpusError(f"{corpus}: no document has text. Give documents with gold.")
            nlp = load_pipeline(model)
            msg.info("Making it compact")
            n_layers = write_compact(nlp, output)
            msg.good(f"{output}: {n_layers} {'layer' if n_layers == 1 else 'layers'} in int8")
            if corpus is not None:
                costs = compare([full, load_pipeline(str(output))], gold, show_progress=True)
                record_scores(output, costs[1])
                print_costs([Path(str(full.path)), output], costs)
