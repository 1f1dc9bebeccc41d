"""What a corpus holds, drawn."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter

from ..drawing.plots import PALETTE, legend_name, to_svg
from ..entities import show_label
from ..files import atomic_write
from ..spans import Window
from ..spans.fitting import KEEP, WIDTHS
from .corpus import CorpusStats
from .counts import Counts, EntityCounts
from .window import advise

MAX_LABELS = 20
GUIDE: dict[str, Any] = {"color": "#999999", "linewidth": 0.8, "linestyle": "--"}


def write_plot(stats: CorpusStats, path: Path) -> None:
    """Draw the counts as SVG: entities and their nesting, the lengths of the texts, what windows keep.

    stats (CorpusStats): The counts.
    path (Path): The file.
    """
    svg = to_svg(draw(stats))
    with atomic_write(path) as temporary:
        temporary.write_text(svg, encoding="utf-8")


def draw(stats: CorpusStats) -> Figure:
    """Draw the counts.

    stats (CorpusStats): The counts.
    RETURNS (Figure): The figure.
    """
    labels = stats.together.by_count()[:MAX_LABELS]
    figure = Figure(figsize=(11, 5 + 0.35 * len(labels)), layout="constrained")
    (bars, nested), (lengths, windows) = figure.subplots(2, 2)
    _draw_labels(bars, stats.together, labels)
    _draw_nesting(nested, stats.together, labels)
    _draw_lengths(lengths, stats.files)
    _draw_windows(windows, stats.together, labels)
    return figure


def _draw_labels(axes: Axes, counts: Counts, labels: Sequence[str]) -> None:
    nested = [counts.labels[label].nested for label in labels]
    flat = [len(counts.labels[label]) - n for label, n in zip(labels, nested, strict=True)]
    axes.barh(range(len(labels)), flat, color=PALETTE[0], label="flat")
    axes.barh(range(len(labels)), nested, left=flat, color=PALETTE[1], label="nested")
    axes.set_yticks(range(len(labels)), [show_label(label) for label in labels])
    axes.invert_yaxis()
    axes.set_title(f"Entities{_part(counts, labels)}")
    axes.legend()


def _part(counts: Counts, labels: Sequence[str]) -> str:
    n_labels = len(counts.labels)
    return f" of the {len(labels)} most frequent of {n_labels} labels" if len(labels) < n_labels else ""


def _draw_nesting(axes: Axes, counts: Counts, labels: Sequence[str]) -> None:
    axes.set_title(f"Nesting: entities of the column inside one of the row{_part(counts, labels)}")
    outer, inner = ([x for x in names if x in labels] for names in counts.nesting_labels())
    if not outer or not inner:
        _say_none(axes)
        return
    table = [[counts.pairs[o, i] for i in inner] for o in outer]
    most = max(map(max, table))
    # A few pairs hold nearly all: by their root, the others can be seen too
    axes.imshow([[n**0.5 for n in row] for row in table], cmap="Blues", aspect="auto", vmin=0)
    for y, row in enumerate(table):
        for x, n in enumerate(row):
            axes.text(x, y, f"{n:,}", ha="center", va="center", color="white" if n > most / 4 else "black")
    names = [show_label(label) for label in inner]
    axes.set_xticks(range(len(inner)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(outer)), [show_label(label) for label in outer])


def _say_none(axes: Axes) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center")


def _draw_lengths(axes: Axes, files: dict[str, Counts]) -> None:
    for number, (name, counts) in enumerate(files.items()):
        ordered = sorted(counts.characters)
        reached = [100 * (n + 1) / len(ordered) for n in range(len(ordered))]
        color = PALETTE[number % len(PALETTE)]
        axes.step(ordered, reached, where="post", color=color, label=legend_name(repr(name)[1:-1]))
    axes.set_xscale("symlog", base=2, linthresh=8)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.set_title("Texts of at most so many characters, in %")
    axes.legend(loc="upper left")


def _draw_windows(axes: Axes, counts: Counts, labels: Sequence[str]) -> None:
    axes.set_title(f"Entities{_part(counts, labels)} that a window of w tokens keeps, in %")
    if not labels:
        _say_none(axes)
        return
    for label, color in zip(labels, cycle(PALETTE), strict=False):
        _draw_kept(axes, counts.labels[label], show_label(label), color, 1.0)
    _draw_kept(axes, counts.total, "all", "black", 2.0)
    axes.axhline(100 * KEEP, **GUIDE)
    width = advise(counts, "band").width
    if width is not None:
        axes.axvline(width, **GUIDE)
    axes.set_xscale("log", base=2)
    axes.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    axes.legend(loc="lower right")


def _draw_kept(axes: Axes, entities: EntityCounts, name: str, color: str, width: float) -> None:
    kept = [100 * entities.held(Window(w)) / len(entities) for w in WIDTHS]
    axes.plot(WIDTHS, kept, marker=".", color=color, linewidth=width, label=legend_name(name))
