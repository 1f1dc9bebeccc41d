"""`spacy gpner …`: one file a command. Only spaCy and typer are imported at top level,
since every `spacy` command pays for what is imported here."""

import typer
from spacy.cli._util import app

gpner_cli = typer.Typer(
    name="gpner",
    help="Nested named entity recognition for Chinese medical text.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(gpner_cli)
