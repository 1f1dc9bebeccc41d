"""The plots of an evaluation. A model has the same color in all of them."""

from itertools import cycle
from typing import Any

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drawing.plots import PALETTE, legend_name
from .matching import ERRORS

Metrics = dict[str, Any]
WIDTH, HEIGHT = 5.4, 3.8
# Characters of a name that are shown
LONGEST = 30
# Classes that are shown
MOST = 30
# Lines of equal F1 in the plot of precision and recall
ISO_F = (0.2, 0.4, 0.6, 0.8)


def plot_curve(models: dict[str, Metrics]) -> Figure:
    """Draw precision over recall for all thresholds, and the point at which each model works.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (Figure): The figure.
    """
    figure, axes = _figure("Precision and recall over thresholds")
    recall = numpy.linspace(0.01, 1, 200)
    for f in ISO_F:
        inside = recall > f / (2 - f)
        r = recall[inside]
        axes.plot(r, f * r / (2 * r - f), color="#ccc", linewidth=0.8, zorder=0)
        axes.annotate(f"F1 {f}", (1, f / (2 - f)), color="#777", fontsize=7, ha="right", va="bottom")
    for color, (name, own) in zip(cycle(PALETTE), models.items(), strict=False):
        if own["curve"]:
            axes.plot([x["r"] for x in own["curve"]], [x["p"] for x in own["curve"]], color=color)
        axes.plot(own["micro"]["r"], own["micro"]["p"], "o", color=color, label=_show(name))
    axes.set(xlim=(0, 1.01), ylim=(0, 1.01), xlabel="recall", ylabel="precision")
    _add_legend(figure, models)
    return figure


def plot_bars(models: dict[str, Metrics], part: str, title: str) -> Figure:
    """Draw the F1 of each class of entities.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    part (str): Which classes: "labels", "nesting", "length" or "novelty".
    title (str): The title.
    RETURNS (Figure): The figure.
    """
    classes = _classes(models, part)
    figure, axes = _figure(title, height=max(HEIGHT, 0.28 * len(classes) * (0.5 + 0.5 * len(models))))
    height = 0.8 / len(models)
    at = numpy.arange(len(classes))
    for i, (color, (name, own)) in enumerate(zip(cycle(PALETTE), models.items(), strict=False)):
        values = [own[part].get(x, {"f": 0.0})["f"] for x in classes]
        axes.barh(at + i * height, values, height, color=color, label=_show(name))
        if len(models) == 1:
            for y, value in zip(at, values, strict=True):
                axes.annotate(f" {value:.2f}", (value, y), va="center", fontsize=7)
    axes.set_yticks(at + height * (len(models) - 1) / 2, map(_show, classes))
    axes.set(xlim=(0, 1.05), xlabel="F1")
    axes.invert_yaxis()
    _add_legend(figure, models)
    return figure


def _classes(models: dict[str, Metrics], part: str) -> list[str]:
    """The classes of all models: the most frequent ones, in the order of their names or lengths."""
    gold: dict[str, int] = {}
    for own in models.values():
        for name, scores in own[part].items():
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
    figure, axes = _figure("Errors", height=max(2.2, 0.6 * len(models) + 1.6))
    left = numpy.zeros(len(models))
    for color, kind in zip(cycle(PALETTE), ERRORS, strict=False):
        values = numpy.array([own["errors"][kind] for own in models.values()])
        axes.barh(range(len(models)), values, 0.6, left=left, color=color, label=kind)
        left += values
    axes.set_yticks(range(len(models)), map(_show, models) if len(models) > 1 else [""])
    axes.set_xlabel("entities")
    axes.invert_yaxis()
    figure.legend(fontsize=7, frameon=False, ncols=len(ERRORS), loc="outside lower center")
    return figure


def plot_calibration(models: dict[str, Metrics]) -> Figure:
    """Draw the share of right candidates over their score.

    models (Dict[str, Metrics]): What `measure` gives for each model.
    RETURNS (Figure): The figure.
    """
    figure, axes = _figure("Scores as probabilities")
    axes.plot([0, 1], [0, 1], color="#bbb", linewidth=0.8, linestyle="--")
    for color, (name, own) in zip(cycle(PALETTE), models.items(), strict=False):
        bins = own["calibration"]["bins"] if own["calibration"] else []
        label = f"{_show(name)} (error {own['calibration']['error']:.3f})" if bins else _show(name)
        axes.plot([x["score"] for x in bins], [x["right"] for x in bins], "o-", color=color, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="mean score", ylabel="share of gold entities")
    figure.legend(fontsize=7, frameon=False, loc="outside lower center")
    return figure


def _figure(title: str, height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=10, loc="left")
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _add_legend(figure: Figure, models: dict[str, Metrics]) -> None:
    if len(models) > 1:
        figure.legend(fontsize=7, frameon=False, ncols=2, loc="outside lower center")


def _show(name: str) -> str:
    """A name as a plot has room for it: begin and end of a long one."""
    shown = legend_name(repr(name)[1:-1])
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2]}…{shown[-LONGEST // 2 :]}"
