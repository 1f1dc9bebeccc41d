"""`spacy gpner export`."""

from pathlib import Path

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def export_cli(
    format_name: str = Arg(
        ..., metavar="FORMAT", help="brat, cmeee, doccano, iob, label-studio, prodigy, spans or tokens"
    ),
    docs_path: Path = Arg(..., metavar="DOCS.spacy", help="The documents, gold or predicted"),
    output: Path = Arg(..., metavar="OUT", help="The file to write, or brat's directory: a new or empty one"),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the entities in doc.spans"),
) -> None:
    """Write documents in a corpus format, for a benchmark or for people to correct, with their scores where
    the format has a place for them.
    """
    from wasabi import msg

    from ..corpora.export import export_docs
    from ..entities import show_label

    with fail_clearly():
        exported = export_docs(format_name, docs_path, output, spans_key=spans_key)
    msg.good(f"{exported.documents} documents with {exported.entities} entities in {output}")
    if exported.unlabelled:
        msg.info(f"{exported.unlabelled} documents have no spans under '{spans_key}': they are unlabelled")
    for reason, number in sorted(exported.lost.items()):
        msg.warn(f"{number} spans {reason} are left out")
    if exported.labels:
        labels = ", ".join(f"{show_label(label)} ({n})" for label, n in exported.labels.most_common())
        msg.warn(
            f"{format_name} can't hold these labels: {labels}. Rename them, or export to spans or doccano."
        )
    for name, number in sorted(exported.notes.items()):
        if number:
            msg.info(f"{format_name} does not keep {name}: {number}")
