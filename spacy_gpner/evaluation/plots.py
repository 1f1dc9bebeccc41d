"""The plots of an evaluation. A model has the same color, line and hatching in all of them."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drawing.plots import PALETTE, legend_name
from .matching import ERRORS, WORDS

Metrics = dict[str, Any]
# About as wide as the page shows them, so that letters have the size given here, in points
WIDTH, HEIGHT = 4.2, 3.2
SIZE = 9.5
# Characters of a name that are shown
LONGEST = 30
# Classes that are shown
MOST = 30
# Lines of equal F1 in the plot of precision and recall
ISO_F = (0.2, 0.4, 0.6, 0.8)
LINES = ("-", "--", ":", "-.")
HATCHES = ("", "///", "\\\\\\", "xxx")
BARS = {
    "labels": "F1 by label",
    "nesting": "F1 by nesting",
    "length": "F1 by length in characters",
    "novelty": "F1 by whether training text has the surface",
}


def plot_evaluation(models: dict[str, Metrics]) -> list[tuple[str, Figure]]:
    """Draw the plots that have something to show.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (List[Tuple[str, Figure]]): Title and figure of each.
    """
    has = {part: any(own[part] for own in models.values()) for part in ("curve", "costs", "calibration")}
    bars = [(title, plot_bars(models, part)) for part, title in BARS.items() if _classes(models, part)]
    return [
        *([("Precision and recall over thresholds", plot_curve(models))] if has["curve"] else []),
        *bars,
        *([("Errors by kind", plot_errors(models))] if has["costs"] else []),
        *([("Scores as probabilities", plot_calibration(models))] if has["calibration"] else []),
    ]


def plot_curve(models: dict[str, Metrics]) -> Figure:
    """Draw precision over recall for all thresholds, and the point at which each model works.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (Figure): The figure.
    """
    figure, axes = _figure()
    recall = numpy.linspace(0.01, 1, 200)
    for f in ISO_F:
        inside = recall > f / (2 - f)
        r = recall[inside]
        axes.plot(r, f * r / (2 * r - f), color="#ccc", linewidth=0.8, zorder=0)
        # On white, so that the line does not strike it through, and below the models' own lines
        backing = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        style: dict[str, Any] = {"color": "#666", "fontsize": SIZE, "ha": "right", "va": "bottom"}
        axes.annotate(f"F1 {f}", (1, f / (2 - f)), bbox=backing, zorder=1, **style)
    for color, line, name, own in _styled(models, LINES):
        if own["curve"]:
            axes.plot([x["r"] for x in own["curve"]], [x["p"] for x in own["curve"]], line, color=color)
        axes.plot(own["micro"]["r"], own["micro"]["p"], "o", linestyle=line, color=color, label=_show(name))
    axes.set(xlim=(0, 1.01), ylim=(0, 1.01))
    _name_axes(axes, "recall", "precision")
    _add_legend(figure, len(models) > 1)
    return figure


def plot_bars(models: dict[str, Metrics], part: str) -> Figure:
    """Draw the F1 of each class of entities.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    part (str): Which classes: "labels", "nesting", "length" or "novelty".
    RETURNS (Figure): The figure.
    """
    classes = _classes(models, part)
    values = [[own[part].get(x, {"f": 0.0})["f"] for x in classes] for own in models.values()]
    figure, axes = _draw_bars(list(map(_show, classes)), models, values, "{:.2f}" if len(models) == 1 else "")
    # Room for the number beside a bar
    axes.set(xlim=(0, 1.12 if len(models) == 1 else 1.02))
    n_all = len({name for own in models.values() for name in own[part] or {}})
    _name_axes(axes, "F1" if n_all <= MOST else f"F1, of the {len(classes)} most frequent")
    _add_legend(figure, len(models) > 1)
    return figure


def _classes(models: dict[str, Metrics], part: str) -> list[str]:
    """The classes of all models: the most frequent ones, in the order of their names or lengths."""
    gold: dict[str, int] = {}
    for own in models.values():
        for name, scores in (own[part] or {}).items():
            if scores["gold"] or scores["predicted"]:
                gold[name] = max(gold.get(name, 0), scores["gold"])
    kept = sorted(gold, key=lambda name: -gold[name])[:MOST]
    if part == "nesting":
        return [name for name in gold if name in kept]
    if part == "length":
        return sorted(kept, key=lambda name: int(name.rstrip("+").partition("-")[0]))
    return sorted(kept)


def plot_errors(models: dict[str, Metrics]) -> Figure:
    """Draw how many errors of each kind there are.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (Figure): The figure.
    """
    classes = [WORDS[kind].replace(" and ", "\nand ") for kind in ERRORS]
    values = [[own["errors"][kind] for kind in ERRORS] for own in models.values()]
    figure, axes = _draw_bars(classes, models, values, "{:,}")
    axes.margins(x=0.18)
    _name_axes(axes, "errors")
    _add_legend(figure, len(models) > 1)
    return figure


def plot_calibration(models: dict[str, Metrics]) -> Figure:
    """Draw the share of right candidates over their score.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (Figure): The figure.
    """
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="#bbb", linewidth=0.8, linestyle="--")
    for color, line, name, own in _styled(models, LINES):
        bins = own["calibration"]["bins"] if own["calibration"] else []
        axes.plot(
            [x["score"] for x in bins],
            [x["right"] for x in bins],
            "o",
            linestyle=line,
            color=color,
            label=_show(name),
        )
    axes.set(xlim=(0, 1.01), ylim=(0, 1.01))
    _name_axes(axes, "mean score", "share of gold entities")
    _add_legend(figure, len(models) > 1)
    return figure


def _draw_bars(
    classes: list[str], models: dict[str, Metrics], values: list[list[float]], form: str
) -> tuple[Figure, Axes]:
    """Bars of each class, the first at the top, a model below the other, with their numbers in a form."""
    figure, axes = _figure(max(HEIGHT, 0.28 * len(classes) * (0.5 + 0.5 * len(models))))
    height = 0.8 / len(models)
    at = numpy.arange(len(classes))
    for i, ((color, hatch, name, _), own) in enumerate(zip(_styled(models, HATCHES), values, strict=True)):
        style: dict[str, Any] = {"color": color, "hatch": hatch, "edgecolor": "white", "label": _show(name)}
        bars = axes.barh(at + i * height, own, height, **style)
        if form:
            axes.bar_label(bars, [form.format(value) for value in own], fontsize=SIZE, padding=2)
    axes.set_yticks(at + height * (len(models) - 1) / 2, classes)
    axes.invert_yaxis()
    return figure, axes


def _styled(models: dict[str, Metrics], styles: tuple[str, ...]) -> Iterator[tuple[str, str, str, Metrics]]:
    for color, style, (name, own) in zip(cycle(PALETTE), cycle(styles), models.items(), strict=False):
        yield color, style, name, own


def _figure(height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.tick_params(labelsize=SIZE)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _name_axes(axes: Axes, x: str, y: str = "") -> None:
    axes.set_xlabel(x, fontsize=SIZE)
    axes.set_ylabel(y, fontsize=SIZE)


def _add_legend(figure: Figure, is_needed: bool) -> None:
    if is_needed:
        figure.legend(fontsize=SIZE, frameon=False, loc="outside lower center")


def _show(name: str) -> str:
    """A name as a plot has room for it: begin and end of a long one."""
    shown = legend_name(repr(name)[1:-1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
