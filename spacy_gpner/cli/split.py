"""`spacy gpner split`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def split_cli(
    docs_path: Path = Arg(..., metavar="DOCS.spacy", help="The documents to split"),
    train_path: Path = Arg(..., metavar="TRAIN.spacy", help="Output: the documents that stay"),
    heldout_path: Path = Arg(..., metavar="HELDOUT.spacy", help="Output: the documents held out"),
    share: float = Opt(0.1, "--share", help="The share to hold out, on average"),
    neighbours: int = Opt(1, "--neighbours", help="Hold out whole groups of so many neighbouring documents"),
    group: bool = Opt(False, "--group", help="Hold out whole groups, such as patients"),
    every: Optional[int] = Opt(
        None, "--every", help="Hold out every Nth document, or group of neighbours, in order, instead"
    ),
    seed: int = Opt(0, "--seed", help="The seed of the choice by share"),
) -> None:
    """Hold out documents for choosing models. With --share, text and seed alone decide on which side a
    document is: the same texts are on one side, and stay there when the corpus grows. So the share is met on
    average: of 50 documents --share 0.2 holds out 5 to 15. For an exact number take --every 5, or try seeds.
    Where neighbours come from one source, hold out groups of them: new text is not from it either.
    With --group, documents of one group are on the same side too: of one sub-directory of brat's, or with one
    value of the key "group" in a corpus of JSON records.
    """
    from wasabi import msg

    from ..corpora.split import split_docs

    with fail_clearly():
        split = split_docs(
            docs_path,
            train_path,
            heldout_path,
            share=share,
            neighbours=neighbours,
            every=every,
            seed=seed,
            by_group=group,
        )
    msg.good(f"{split.train} documents in {train_path}, {split.heldout} in {heldout_path}")
    if split.shared_texts:
        msg.warn(f"{split.shared_texts} texts are in both parts. With --share, they never are.")
    if split.shared_groups:
        msg.warn(f"{split.shared_groups} groups are in both parts. With --group, they never are.")
