"""`spacy gpner kb codes …` and `kb link`: code tables of a knowledge base."""

from pathlib import Path
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from ._kb import DB, LABELS, open_kb
from ._options import ENCODING

codes_cli = typer.Typer(
    name="codes", help="Code tables of a knowledge base.", no_args_is_help=True, rich_markup_mode=None
)


@codes_cli.command(
    "load",
    short_help="Load a code table of yours",
    epilog="Example: spacy gpner kb codes load icd10.csv --name icd10 --db ward.sqlite",
)
def load_codes_cli(
    path: Path = Arg(
        ..., metavar="TABLE.csv", help="A CSV file: code, name, perhaps aliases (a|b) and label"
    ),
    db: str = DB,
    system: Optional[str] = Opt(None, "--name", "-n", help="What to call the table [default: as the file]"),
    encoding: Optional[str] = ENCODING,
) -> None:
    """Load a table of codes, with what each is called, in place of an earlier one of its name."""
    from wasabi import msg

    with fail_clearly():
        database = open_kb(db)
        from ..kb.codes import load_codes, read_codes, shared_names

        codes, name = read_codes(path, encoding, msg.info), system or path.stem
        load_codes(database, name, codes)
        n_names = sum(len(own.names) for own in codes)
        if shared := shared_names(codes):
            msg.warn(
                f"{shared:,} names are those of several codes",
                "Nothing is linked to these: leave each to one code.",
            )
        msg.good(
            f"{name}: {len(codes):,} codes with {n_names:,} names. Link concepts: spacy gpner kb link {name}"
        )


def link_cli(
    system: str = Arg(..., metavar="CODES", help="The code table"),
    db: str = DB,
    threshold: float = Opt(0.8, "--threshold", min=0.0, max=1.0, help="How likely a code has to be"),
    labels: list[str] = LABELS,
) -> None:
    """Give concepts the codes whose names they have, or almost have, with a score that says how likely the
    code is right. What is less likely has none. Earlier links of these concepts to the table are replaced.
    """
    from ..tables import print_table

    with fail_clearly():
        database = open_kb(db)
        from ..kb.linking import link_concepts

        linked = link_concepts(database, system, threshold, labels=labels)
        n = (linked.exact, linked.near, linked.without)
        names = ("by name", "by what is almost the name", "without a code")
        print_table(zip(names, n, strict=True))
