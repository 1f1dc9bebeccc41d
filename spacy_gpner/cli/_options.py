"""Options that several commands have."""

from spacy.cli._util import Arg, Opt

CODE = Opt(
    None,
    "--code",
    "-c",
    help="Path to Python file with additional code (registered functions) to be imported",
    dir_okay=False,
)
GPU = Opt(-1, "--gpu-id", "-g", help="GPU ID or -1 for CPU")
TEXTS = Arg(
    ..., metavar="TEXT", help="Texts: .txt, one a line, or .jsonl, either perhaps with .gz; or .spacy"
)
WITHOUT = Opt([], "--without", help="Texts that are left out, such as a dev set. May be given again")
ENCODING = Opt(None, "--encoding", help="Encoding of text files [default: looked for in each]")
