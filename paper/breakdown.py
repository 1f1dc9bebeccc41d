"""What stands behind the scores of a paper's tables: flat and nested entities, labels, kinds of errors, and
what models cost."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

import numpy

from spacy_gpner.evaluation.matching import ERRORS, OF_GOLD, WORDS
from spacy_gpner.evaluation.metrics import Score

from .cells import LETTERS, Cells
from .study import Study

DETAILS = (
    "",
    "F1, flat",
    "F1, nested",
    "recall, nested",
    *map(WORDS.__getitem__, ERRORS),
    "characters/s",
    "minutes",
)
NESTING = ("flat", "nested")
PAPER = "the paper's"


@dataclass(frozen=True)
class Table:
    """A table of text.

    title (str): The title.
    header (Sequence[str]): The names of the columns.
    rows (Sequence[Sequence[str]]): The cells.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def detail_table(study: Study, cells: Cells) -> Table:
    """A table of what models find and miss, and of what they cost: means over seeds."""
    rows = []
    for row in study.rows:
        own = [cell for cell in cells.get(row, {}).values() if cell.nesting]
        if own:
            flat, nested = ([Score(*cell.nesting.get(kind, ())) for cell in own] for kind in NESTING)
            nests = any(score.gold for score in nested)
            numbers = [
                _mean(score.f for score in flat),
                _mean(score.f for score in nested) if nests else "",
                _mean(score.r for score in nested) if nests else "",
                *(f"{numpy.mean([cell.errors[kind] for cell in own]):,.0f}" for kind in ERRORS),
                f"{numpy.mean([cell.characters_per_second for cell in own]):,.0f}",
                f"{numpy.mean([cell.seconds for cell in own]) / 60:.1f}",
            ]
            rows.append([row, *numbers])
    return Table("What is found, and at what cost", DETAILS, rows)


def size_table(study: Study, cells: Cells) -> Table:
    """A table of how large models are on disk, how fast they read, how good they are on the text that
    thresholds are chosen on, and what the losses of heads that learn together weigh in the end: means over
    seeds."""
    rows = []
    for row in study.rows:
        own = [cell for cell in cells.get(row, {}).values() if cell.bytes]
        if own:
            speeds = [cell.tokens_per_second for cell in own if cell.tokens_per_second]
            weights = (
                f"{head} {numpy.mean([cell.task_weights[head] for cell in own]):.2f}"
                for head in own[0].task_weights
            )
            numbers = [
                f"{numpy.mean([cell.bytes for cell in own]) / 1e6:.1f}",
                f"{numpy.mean(speeds):,.0f}" if speeds else "",
                _mean(f1 for cell in own if (f1 := cell.heldout) is not None),
            ]
            rows.append([row, *numbers, ", ".join(weights)])
    header = ("", "MB", "tokens/s", "F1, held-out", "weights of losses")
    return Table("Size, speed and held-out text", header, rows)


def boundary_table(study: Study, cells: Cells) -> Table:
    """A table of how predictions with a wrong boundary lie to gold: means over seeds, the commonest way
    first."""
    counts = {}
    for row in study.rows:
        own = [cell.boundaries for cell in cells.get(row, {}).values() if cell.boundaries is not None]
        if own:
            ways = {way for cell in own for way in cell}
            counts[row] = {way: float(numpy.mean([cell.get(way, 0) for cell in own])) for way in ways}
    total: Counter[str] = Counter()
    for found in counts.values():
        total.update(found)
    header = [way for way, _ in sorted(total.items(), key=lambda item: (-item[1], item[0]))]
    rows = [[row, *(f"{found.get(way, 0):,.0f}" for way in header)] for row, found in counts.items()]
    return Table("Wrong boundaries", ("", *header), rows)


def label_table(study: Study, corpus: str, cells: Cells) -> Table:
    """A table of F1 by label: means over seeds, and the paper's of its best system, with P and R of that and
    of ours. Its last row has the mean over labels."""
    found: dict[str, dict[str, float]] = {}
    paper = study.by_label.get(corpus, {})
    for row in study.bars:
        own = [cell.labels for cell in cells.get(row, {}).values() if cell.labels]
        if own:
            found[row] = _by_label(own, "f")
            if paper and row == study.bars[-1]:
                found |= {f"{row}, P": _by_label(own, "p"), f"{row}, R": _by_label(own, "r")}
    if not found:
        return Table("F1 by label", (), [])
    if paper:
        p, r, f = ({label: own[i] or 0.0 for label, own in paper.items()} for i in range(3))
        found |= {PAPER: f, f"{PAPER}, P": p, f"{PAPER}, R": r}
    labels = sorted(set().union(*found.values()))
    rows = [[label, *(percent(own.get(label)) for own in found.values())] for label in labels]
    rows.append(["mean", *(_mean(own.values()) for own in found.values())])
    return Table("F1 by label", ("", *found), rows)


def _by_label(cells: Sequence[dict[str, list[int]]], score: str) -> dict[str, float]:
    """One of the scores of each label, a mean over cells. Of a label what is right is what is found."""
    found = {}
    for label in set().union(*cells):
        counts = (own.get(label, (0, 0, 0)) for own in cells)
        scores = [Score(predicted, right, gold, right) for predicted, right, gold in counts]
        found[label] = float(numpy.mean([getattr(own, score) for own in scores]))
    return found


def case_table(study: Study, cells: Cells) -> Table:
    """A table of how many gold entities that one model gets wrong another has right, by the kind of error:
    means over the seeds of both."""
    rows = []
    for pair in study.cases:
        for wrong, right in (pair, pair[::-1]):
            seeds = cells.get(wrong, {}).keys() & cells.get(right, {}).keys()
            found = [(cells[wrong][seed].kinds, cells[right][seed].kinds) for seed in sorted(seeds)]
            if found and all(map(all, found)):
                counts = [_mended(found, LETTERS[kind]) for kind in OF_GOLD]
                rows.append([f"{wrong}, right by {right}", *counts])
    return Table("Errors of one that the other has right", ("", *(WORDS[kind] for kind in OF_GOLD)), rows)


def _mended(found: Sequence[tuple[str, str]], kind: str) -> str:
    others = [other for pair in found for own, other in zip(*pair, strict=True) if own == kind]
    right = others.count(LETTERS["correct"])
    return f"{right / len(found):,.0f} of {len(others) / len(found):,.0f}"


def percent(value: Optional[float]) -> str:
    """A number of at most 1 in percent; nothing where there is none."""
    return "" if value is None else f"{100 * value:.2f}"


def _mean(values: Iterable[float]) -> str:
    found = list(values)
    return percent(float(numpy.mean(found)) if found else None)
