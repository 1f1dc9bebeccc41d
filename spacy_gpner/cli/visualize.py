"""`spacy gpner visualize`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def visualize_cli(
    docs_path: Path = Arg(..., metavar="DOCS.spacy", help="Documents with predicted spans"),
    output_path: Path = Arg(..., metavar="OUT.html", help="The HTML page to write"),
    gold_path: Optional[Path] = Opt(
        None, "--gold", help="The same documents with gold spans: differences are marked"
    ),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the spans in doc.spans"),
    limit: int = Opt(100, "--limit", min=0, help="Draw at most so many documents; 0 for all"),
) -> None:
    """Draw nested entities, with the probability of each, as an HTML page. With --gold, each text has marks
    for what is missed, spurious, or has a wrong label or boundary. The page holds the documents' text: keep
    it as private as they are.
    """
    from wasabi import msg

    from ..evaluation.visualize import write_page

    with fail_clearly():
        n_docs = write_page(docs_path, output_path, spans_key=spans_key, gold_path=gold_path, limit=limit)
    msg.good(f"{n_docs} documents in {output_path}")
