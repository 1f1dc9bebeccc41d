"""A profile as a table in the terminal."""

from collections.abc import Sequence

from wasabi import msg

from ..tables import print_table
from .counts import Part, add_up


def print_profile(parts: Sequence[Part], *, tokens: int, types: int) -> None:
    """Print a profile, and its sum as the main paper's Table 6 has it beside the full one.

    parts (Sequence[Part]): The parts.
    tokens, types (int): What they were counted for.
    """
    paper = add_up("paper", (part for part in parts if part.name != "embeddings"))
    rows = [(x.name, *_cells(x)) for x in (*parts, add_up("all", parts))]
    header = ("", "parameters", "layers", "between tokens", "together")
    msg.divider(f"One text of {tokens} tokens, {types} labels")
    print_table(rows, header)
    msg.text(
        f"As the main paper counts (no embeddings, layers alone): {paper.parameters / 1e6:.2f} M parameters, "
        f"{paper.layers / 1e9:.2f} G multiply-accumulates"
    )


def _cells(part: Part) -> tuple[str, ...]:
    counts = (part.layers, part.products, part.layers + part.products)
    return (f"{part.parameters / 1e6:,.2f} M", *(f"{n / 1e9:,.2f} G" for n in counts))
