"""`spacy gpner export`."""

from pathlib import Path

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def export_cli(
    format_name: str = Arg(..., metavar="FORMAT", help="cmeee"),
    docs_path: Path = Arg(..., metavar="DOCS.spacy", help="The documents, gold or predicted"),
    output: Path = Arg(..., metavar="OUT.json", help="The file to write"),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the entities in doc.spans"),
) -> None:
    """Write documents in a benchmark's own format: for cmeee, a JSON array of texts and their
    entities, ends inclusive.
    """
    from wasabi import msg

    from ..corpora.export import export_docs

    with fail_clearly():
        exported = export_docs(format_name, docs_path, output, spans_key=spans_key)
    msg.good(f"{exported.documents} documents with {exported.entities} entities in {output}")
    if exported.left_out:
        msg.warn(f"{exported.left_out} spans without a token or a label are left out")
