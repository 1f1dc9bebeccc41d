"""What a corpus holds, as tables in the terminal."""

from collections.abc import Iterable, Sequence
from typing import Any, Optional

from wasabi import msg

from ..entities import show_label
from ..spans import Window
from ..spans.fitting import KEEP, WIDTHS
from ..spans.tiles import WindowMode
from ..tables import print_table
from .corpus import CorpusStats, Overlap
from .counts import Counts, describe, share
from .window import advise

LENGTHS = {
    "mean": "mean",
    "min": "min",
    "p50": "median",
    "p90": "90 %",
    "p95": "95 %",
    "p99": "99 %",
    "max": "max",
}


def print_stats(stats: CorpusStats) -> None:
    """Print what a corpus holds.

    stats (CorpusStats): The counts.
    """
    parts = list(stats.files.items())
    if len(parts) > 1:
        parts.append(("together", stats.together))
    _print_documents(parts)
    for name, counts in parts:
        _print_entities(name, counts)
    if stats.together.pairs:
        _print_pairs(stats.together)
    if stats.overlaps:
        _print_overlaps(stats.overlaps)
    if len(stats.together.total):
        _print_windows(stats.together)
    else:
        msg.warn("There are no entities, and so no window to advise.")


def percent(value: Optional[float], digits: int = 1) -> str:
    """Format a share, so that 100 % is all and nothing less.

    value (Optional[float]): The share.
    digits (int): Digits behind the point.
    RETURNS (str): The share in percent, or a dash where there is none.
    """
    if value is None:
        return "-"
    return f"{100 if value == 1 else min(100 * value, 100 - 10**-digits):.{digits}f}"


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], n_names: int = 1) -> None:
    msg.divider(title)
    print_table(rows, header, "l" * n_names + "r")


def _describe(lengths: Sequence[int], names: Iterable[str]) -> list[Any]:
    found = describe(lengths)
    return [f"{found[name]:.2f}" if name == "mean" else found[name] for name in names]


def _print_documents(parts: Sequence[tuple[str, Counts]]) -> None:
    rows = [(name, x.documents, x.unlabelled, x.repeated, len(x.total)) for name, x in parts]
    _table("Documents", ("", "documents", "unlabelled", "repeated", "entities"), rows)
    lengths = [
        [name, unit, *_describe(values, LENGTHS)]
        for name, x in parts
        for unit, values in (("characters", x.characters), ("tokens", x.tokens))
    ]
    _table("Their lengths", ("", "in", *LENGTHS.values()), lengths, n_names=2)


def _print_entities(name: str, counts: Counts) -> None:
    total = counts.total
    if not len(total):
        return
    groups = [(show_label(label), counts.labels[label]) for label in counts.by_count()]
    rows = [
        (
            label,
            len(group),
            percent(share(len(group), len(total))),
            len(group.surfaces),
            *_describe(group.characters, ("mean", "max")),
            percent(share(group.nested, len(group))),
            group.inner,
            group.outer,
        )
        for label, group in [*groups, ("all", total)]
    ]
    header = ("", "entities", "%", "surfaces", "mean length", "longest", "nested %", "inside", "around")
    _table(f"Entities: {name}", header, rows)
    equal = percent(share(total.nested_or_equal, len(total)), 2)
    nested = percent(share(total.nested, len(total)), 2)
    msg.text(f"Nested: {nested} %, or {equal} % with those that share their boundaries with another.")


def _print_pairs(counts: Counts) -> None:
    outer, inner = counts.nesting_labels()
    rows = [(show_label(o), *(counts.pairs[o, i] for i in inner)) for o in outer]
    _table("Nesting: entities of the column inside one of the row", ("", *map(show_label, inner)), rows)


def _print_overlaps(overlaps: Iterable[Overlap]) -> None:
    rows = [
        (x.file, x.other, x.documents, *map(percent, (x.documents_share, x.surfaces_share, x.entities_share)))
        for x in overlaps
    ]
    header = ("of", "are in", "documents", "documents %", "surfaces %", "entities %")
    _table("Overlap", header, rows, n_names=2)
    msg.text("By label and text: of the surfaces each counts once, of the entities as often as it occurs.")


def _print_windows(counts: Counts) -> None:
    longest = max(end - start for start, end in counts.total.spans)
    widths = [w for n, w in enumerate(WIDTHS) if not n or WIDTHS[n - 1] < longest]
    groups = [*((show_label(x), counts.labels[x]) for x in counts.by_count()), ("all", counts.total)]
    rows = [
        [name, *(percent(share(group.held(Window(w)), len(group)), 2) for w in widths)]
        for name, group in groups
    ]
    _table("What a window of w tokens keeps, in %", ("", *(f"w = {w}" for w in widths)), rows)
    msg.text(f"The longest entity has {longest:,} tokens.")
    msg.info(_advise(counts, "band"))
    msg.info(_advise(counts, "prefix"))


def _advise(counts: Counts, mode: WindowMode) -> str:
    advice = advise(counts, mode)
    setting = f'window_mode = "{mode}": '
    if advice.width is None:
        return f"{setting}no window of up to {WIDTHS[-1]} keeps {100 * KEEP} %. Set window = null."
    lost = ", ".join(
        f"{show_label(label)} {n:,} ({percent(n / len(counts.labels[label]))} %)"
        for label, n in advice.lost.items()
    )
    every = "null" if advice.every_label is None else advice.every_label
    return (
        f"{setting}window = {advice.width} is the smallest here that keeps {100 * KEEP} %: "
        f"{percent(advice.kept_share, 2)} % of {len(counts.total):,} entities. "
        f"It loses {lost or 'none'}. For {100 * KEEP} % of every label: window = {every}."
    )
