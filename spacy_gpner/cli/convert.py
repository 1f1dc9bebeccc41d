"""`spacy gpner convert`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly

if TYPE_CHECKING:
    from ..corpora.summary import Summary

FORMATS = (
    "auto (by what the file holds), brat, ccks2019, cluener, cmeee, doccano, iob, label-studio, prodigy, "
    "pubtator, spans or tokens"
)
MAX_LISTED = 5


class Misaligned(StrEnum):
    """What to do where an entity's edge is inside a token."""

    snap = "snap"
    skip = "skip"
    error = "error"


class TokenizerName(StrEnum):
    """One token a character, or the language's own tokenizer."""

    char = "char"
    lang = "lang"


def convert_cli(
    format_name: str = Arg(..., metavar="FORMAT", help=FORMATS),
    inputs: list[Path] = Arg(..., metavar="INPUT...", help="The corpus's files, or brat's directory"),
    output: Path = Arg(..., metavar="OUTPUT.spacy", help="The file to write"),
    lang: str = Opt("zh", "--lang", "-l", help="The language's code, such as en for English"),
    spans_key: str = Opt("sc", "--spans-key", help="The key of the entities in doc.spans"),
    ents: bool = Opt(False, "--ents", help="Set doc.ents too; refused where entities overlap"),
    on_misaligned: Misaligned = Opt(
        Misaligned.snap,
        "--on-misaligned",
        help="Where an edge is inside a token: move it to the token's edge, skip the entity, or fail",
    ),
    tokenizer: Optional[TokenizerName] = Opt(
        None,
        "--tokenizer",
        help="One token a character (default for zh and ja), or the language's own, which leaves the tokens "
        "of iob and tokens as they are",
    ),
    summary_path: Optional[Path] = Opt(None, "--summary", help="A JSON file for the counts and problems"),
    show_text: bool = Opt(False, "--show-text", help="Show entities' text where problems are listed"),
    strict: bool = Opt(False, "--strict", help="Fail at the first problem that costs a record or an entity"),
) -> None:
    """Convert a corpus to spaCy's binary format, with its entities in doc.spans, and say what was found."""
    from wasabi import msg

    from ..corpora.convert import convert_corpus
    from ..corpora.recognise import recognise

    with fail_clearly():
        if format_name == "auto":
            format_name, reason = recognise(inputs)
            msg.info(reason)
        summary = convert_corpus(
            format_name,
            inputs,
            output,
            lang=lang,
            tokenizer=tokenizer.value if tokenizer else None,
            spans_key=spans_key,
            set_ents=ents,
            on_misaligned=on_misaligned.value,
            summary_path=summary_path,
            strict=strict,
            show_text=show_text,
        )
    print_summary(summary, show_text)
    msg.good(f"{summary.labelled + summary.unlabelled} documents in {output}")


def print_summary(summary: "Summary", show_text: bool = False) -> None:
    """Print what a conversion found.

    summary (Summary): The summary.
    show_text (bool): Whether entities' text may be shown.
    """
    from wasabi import msg

    from ..entities import show_label
    from ..tables import print_table

    print_table(
        [
            ("Documents", f"{summary.labelled} labelled, {summary.unlabelled} unlabelled"),
            ("Entities", summary.entities),
            *((f"  {show_label(label)}", count) for label, count in sorted(summary.types.items())),
            ("Nested", f"{summary.nested} ({summary.nested_share:.1%})"),
            ("Moved", f"{summary.moved}, to the edges of their tokens"),
            ("In the source", _show_sum(summary)),
        ],
        aligns="l",
    )
    _print_problems(summary, show_text)
    for doubt in summary.doubts:
        msg.warn(doubt)


def _show_sum(summary: "Summary") -> str:
    parts = f"{summary.in_source} = {summary.entities} kept + {summary.lost} lost"
    again = f" + {summary.again} given again" if summary.again else ""
    aside = f" + {summary.not_gold} not gold" if summary.not_gold else ""
    unknown = f", and those of {summary.uncounted} malformed records" if summary.uncounted else ""
    return parts + again + aside + unknown


def _print_problems(summary: "Summary", show_text: bool) -> None:
    from wasabi import msg

    from ..corpora.records import KINDS
    from ..tables import print_table

    if not summary.problems:
        return
    costs = {None: "nothing", "entity": "the entity", "record": "the record"}
    rows = []
    for kind, counted in sorted(summary.problems.items()):
        place = counted.first[0].place(show_text)
        cost = costs[KINDS[kind].lost]
        if KINDS[kind].lost == "entity" and counted.entities != counted.count:
            cost = f"{counted.entities} entities"
        rows.append((kind, counted.count, cost, place))
    print_table(rows, ("Problem", "Count", "Lost", "First"), "lrl")
    for kind, counted in sorted(summary.problems.items()):
        if len(counted.names) > 1:
            names = ", ".join(f"{name} {n}" for name, n in counted.names.most_common(MAX_LISTED))
            msg.text(f"{kind}: {names}" + ", …" * (len(counted.names) > MAX_LISTED))
        if KINDS[kind].lost is None:
            continue
        msg.warn(f"{kind}: {KINDS[kind].message}")
        for problem in counted.first[:MAX_LISTED]:
            msg.text(f"  {problem.place(show_text)}")
        if counted.count > MAX_LISTED:
            msg.text(f"  and {counted.count - MAX_LISTED} more")
