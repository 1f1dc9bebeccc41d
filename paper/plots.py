"""Draw what a grid's cells hold beside the tables: F1 by label, by a setting, and on held-out text while
models were trained. Points and bars are means over seeds.

Example: python -m paper.plots metrics/paper/albert-cpu
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from wasabi import msg

from spacy_gpner.drawing.plots import PALETTE, legend_name, to_svg
from spacy_gpner.evaluation.significance import f_score
from spacy_gpner.files import atomic_write

from .cells import Cell, Cells, read_cells, study_of

BAR = 0.8


def draw_labels(cells: Cells, rows: Sequence[str]) -> Optional[Figure]:
    """F1 by label; None where no cell has counts by label."""
    counts = {row: [cell.labels for cell in cells.get(row, {}).values() if cell.labels] for row in rows}
    counts = {row: own for row, own in counts.items() if own}
    labels = sorted({label for own in counts.values() for seed in own for label in seed})
    if not labels:
        return None
    figure, axes = _figure()
    width = BAR / len(counts)
    for i, (row, own) in enumerate(counts.items()):
        f = numpy.array([f_score(numpy.array([seed.get(x, (0, 0, 0)) for x in labels])) for seed in own])
        places = numpy.arange(len(labels)) - BAR / 2 + width * (i + 0.5)
        axes.bar(places, 100 * f.mean(0), width, color=PALETTE[i], label=legend_name(row))
    axes.set_xticks(range(len(labels)), labels)
    axes.set_ylabel("F1")
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def draw_curves(cells: Cells, rows: Sequence[str]) -> Optional[Figure]:
    """F1 on the held-out part by steps; None where no cell has it."""
    curves = {row: [cell.curve for cell in cells.get(row, {}).values() if cell.curve] for row in rows}
    curves = {row: own for row, own in curves.items() if own}
    if not curves:
        return None
    figure, axes = _figure()
    for (row, own), colour in zip(curves.items(), PALETTE, strict=False):
        steps, f = numpy.array(own).mean(0).T
        axes.plot(steps, 100 * f, color=colour, marker="o", markersize=3, label=legend_name(row))
    axes.set_xlabel("steps")
    axes.set_ylabel("F1 on held-out text, at the threshold 0.5")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def draw_sweep(cells: Cells, numbers: Mapping[str, float], swept: str) -> Optional[Figure]:
    """F1 by a number, bars from the worst seed to the best, with the teacher's as a line; None for less than
    two of them."""
    found = {number: _f1(cells[row]) for row, number in numbers.items() if row in cells}
    if len(found) < 2:
        return None
    figure, axes = _figure()
    means = numpy.array([f.mean() for f in found.values()])
    reach = [means - [f.min() for f in found.values()], [f.max() for f in found.values()] - means]
    axes.errorbar(list(found), means, yerr=reach, color=PALETTE[0], marker="o", capsize=3, label="student")
    if "teacher" in cells:
        axes.axhline(_f1(cells["teacher"]).mean(), color=PALETTE[1], linestyle="--", label="teacher")
        axes.legend()
    axes.set_xlabel(swept)
    axes.set_ylabel("F1")
    axes.grid(alpha=0.3)
    return figure


def _f1(cells: Mapping[int, Cell]) -> numpy.ndarray:
    return numpy.array([cell.f1 for cell in cells.values()])


def _figure() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    return figure, figure.add_subplot()


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="directory with a directory of cells for each corpus")
    args = parser.parse_args()
    if not args.results.is_dir():
        parser.error(f"{args.results} is missing")
    for directory in sorted(path for path in args.results.iterdir() if path.is_dir()):
        cells = read_cells(directory)
        if cells:
            own = study_of(cells)
            plots = {
                "labels": draw_labels(cells, own.bars),
                "curves": draw_curves(cells, own.curves),
                "sweep": draw_sweep(cells, own.sweep, own.swept),
            }
            for name, figure in plots.items():
                if figure is not None:
                    path = args.results / f"{directory.name}-{name}.svg"
                    with atomic_write(path) as temporary:
                        temporary.write_text(to_svg(figure), encoding="utf-8")
                    msg.good(str(path))


if __name__ == "__main__":
    main()
