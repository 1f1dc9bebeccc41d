"""What was cut off an encoder, as a table of the terminal."""

from ..tables import print_table
from .encoder import CutEncoder
from .survey import Survey

MAX_SCRIPTS = 5
# What is no letter
SIGNS_NAME = "signs"


def print_cut(cut: CutEncoder) -> None:
    """Print the sizes of an encoder before and after, and what the texts are to it. Of characters, counts
    and scripts alone.

    cut (CutEncoder): The encoder.
    """
    sizes, surveys = cut.sizes, cut.surveys
    rows = [
        ("pieces", *(f"{size.pieces:,}" for size in sizes)),
        ("parameters", *(f"{size.parameters / 1e6:,.2f} M" for size in sizes)),
        ("MB", *(f"{size.bytes / 1e6:,.1f}" for size in sizes)),
        ("pieces per character", *(f"{x.n_pieces / max(x.characters.total(), 1):.2f}" for x in surveys)),
        ("unknown characters", *map(_show_unknown, surveys)),
    ]
    scripts = surveys[0].unknown_scripts | surveys[1].unknown_scripts
    for script, _ in scripts.most_common(MAX_SCRIPTS):
        rows.append((f"  {script or SIGNS_NAME}", *(f"{x.unknown_scripts[script]:,}" for x in surveys)))
    print_table(rows, ("", "before", "after"))


def _show_unknown(survey: Survey) -> str:
    unknown, characters = survey.unknown.total(), survey.characters.total()
    return f"{unknown:,} of {characters:,} ({unknown / max(characters, 1):.2%})"
