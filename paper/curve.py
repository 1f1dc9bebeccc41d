"""Draw what models are worth by the number of documents that they were trained on, from cells of grids.

A name is a line; given again, with cells of another number of documents, it has another point. Points are the
mean over seeds, bars reach from the worst seed to the best.

Example: python -m paper.curve f1.svg scratch=results/250:teacher scratch=results/500:teacher
"""

import argparse
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import numpy
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from tabulate import tabulate
from wasabi import msg

from spacy_gpner.drawing.plots import PALETTE, legend_name, to_svg
from spacy_gpner.files import atomic_write

from .cells import Cell, read_named, require_one_dev_part

MARKERS = "osD^vPX*"
# F1 of each seed by number of documents
Line = dict[int, numpy.ndarray]


def read_lines(given: Sequence[str]) -> dict[str, Line]:
    """Read the cells of NAME=DIRECTORY:ROW, and stop where there are none, or they are of other texts."""
    lines: dict[str, Line] = {}
    found: list[Cell] = []
    for name, cells in map(read_named, given):
        own = list(cells.values())
        documents = own[0].documents
        if documents in lines.setdefault(name, {}):
            msg.fail(f"'{name}' has cells of {documents} documents twice", exits=1)
        lines[name][documents] = numpy.array([cell.f1 for cell in own])
        found += own
    require_one_dev_part(found)
    return lines


def draw_lines(lines: Mapping[str, Line]) -> str:
    """Draw the lines as SVG, the number of documents on a logarithmic axis."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for (name, line), colour, marker in zip(lines.items(), cycle(PALETTE), cycle(MARKERS), strict=False):
        documents = sorted(line)
        means = [line[n].mean() for n in documents]
        reach = [[line[n].mean() - line[n].min() for n in documents]]
        reach.append([line[n].max() - line[n].mean() for n in documents])
        axes.errorbar(
            documents,
            means,
            yerr=reach,
            color=colour,
            marker=marker,
            capsize=3,
            label=legend_name(name),
        )
    ticks = sorted({n for line in lines.values() for n in line})
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{n:,}" for n in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training documents")
    axes.set_ylabel("F1")
    axes.grid(alpha=0.3)
    axes.legend()
    return to_svg(figure)


def make_table(lines: Mapping[str, Line]) -> str:
    """The numbers of the plot: the mean over seeds, and each of them."""
    documents = sorted({n for line in lines.values() for n in line})
    rows = [[name, *(_cell(line.get(n)) for n in documents)] for name, line in lines.items()]
    return tabulate(rows, ["", *(f"{n:,}" for n in documents)], "github", disable_numparse=True)


def _cell(scores: numpy.ndarray | None) -> str:
    if scores is None:
        return ""
    each = " ".join(f"{f:.1f}" for f in scores)
    return f"{scores.mean():.2f}" + (f" ({each})" if len(scores) > 1 else "")


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="the .svg file to write")
    parser.add_argument("cells", nargs="+", metavar="NAME=DIRECTORY:ROW")
    args = parser.parse_args()
    lines = read_lines(args.cells)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(args.output) as temporary:
        temporary.write_text(draw_lines(lines), encoding="utf-8")
    print(make_table(lines))


if __name__ == "__main__":
    main()
