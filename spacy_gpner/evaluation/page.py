"""An evaluation as one self-contained HTML page: tables, plots, and documents with their errors."""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any, Optional

from ..drawing.boxes import STYLE, Box, draw_legend, draw_text, label_colors, show
from ..drawing.plots import to_svg
from ..entities import Entity
from .matching import ERRORS
from .plots import plot_bars, plot_calibration, plot_curve, plot_errors
from .predictions import Prediction
from .result import Evaluation

Metrics = dict[str, Any]
Tag = tuple[str, str]
COUNTS = ("predicted", "right", "gold", "found")
DASH = "–"
ASSETS = files(__package__) / "assets"

# The policy lets no script run but ours, told by its hash, and nothing be loaded
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
<script>{script}</script>
</body>
</html>
"""


def render_evaluation(evaluation: Evaluation, limit: int) -> str:
    """Draw an evaluation. All text and all names are escaped; nothing is loaded from the network.

    evaluation (Evaluation): The evaluation.
    limit (int): How many documents to draw at most, chosen such that every kind of error of every label is
        among them if there is room; 0 for all.
    RETURNS (str): The page.
    """
    script = (ASSETS / "evaluation.js").read_text(encoding="utf-8")
    style = (ASSETS / "evaluation.css").read_text(encoding="utf-8")
    models = evaluation.metrics
    sections = [
        _notes(evaluation),
        _overview(models),
        _comparisons(evaluation.comparisons),
        _plots(models),
        *(_details(name, own) for name, own in models.items()),
        _examples(evaluation, limit),
    ]
    return PAGE.format(
        title=show(f"{', '.join(models)} on {evaluation.corpus}"),
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=STYLE + style,
        body="\n".join(sections),
        script=script,
    )


def _notes(evaluation: Evaluation) -> str:
    first = next(iter(evaluation.predictions.values()))
    gold = sum(len(own.gold) for own in first)
    lines = [f"{len(first):,} documents, {gold:,} gold entities.", *evaluation.notes]
    return "".join(f"<p>{show(line)}</p>" for line in lines)


def _overview(models: dict[str, Metrics]) -> str:
    header = ("", "P", "R", "F1", "macro F1", "nested F1", "flat F1", "calibration error")
    rows = []
    for name, own in models.items():
        scores = [own["micro"][x] for x in "prf"] + [own["macro"]["f"]]
        kinds = [own["nesting"][x] for x in ("nested", "flat")]
        scores += [x["f"] if x["gold"] or x["predicted"] else None for x in kinds]
        error = own["calibration"]["error"] if own["calibration"] else None
        rows.append([name, *map(_percent, scores), DASH if error is None else f"{error:.3f}"])
    return _table(header, rows)


def _comparisons(comparisons: Sequence[dict[str, Any]]) -> str:
    if not comparisons:
        return ""
    rows = [
        [
            f"{row['models'][1]} − {row['models'][0]}",
            f"{100 * row['difference']:+.2f}",
            f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}",
            f"{row['p_holm']:.4f}",
        ]
        for row in comparisons
    ]
    title = "<h2>Differences</h2><p>Micro-F1, paired bootstrap over documents; p by Holm's correction.</p>"
    return title + _table(("", "difference", "95 % interval", "p"), rows)


def _plots(models: dict[str, Metrics]) -> str:
    figures = [
        plot_curve(models),
        plot_bars(models, "labels", "F1 by label"),
        plot_bars(models, "nesting", "F1 by nesting"),
        plot_bars(models, "length", "F1 by length in characters"),
        plot_errors(models),
    ]
    if all(own["novelty"] is not None for own in models.values()):
        figures.append(plot_bars(models, "novelty", "F1 by whether training text has the surface"))
    if any(own["calibration"] for own in models.values()):
        figures.append(plot_calibration(models))
    svgs = [to_svg(figure) for figure in figures]
    # The element alone, without the prologue of a file of its own
    drawn = "".join(f"<figure>{svg[svg.index('<svg') :]}</figure>" for svg in svgs)
    return f'<div class="plots">{drawn}</div>'


def _details(name: str, own: Metrics) -> str:
    header = ("", "P", "R", "F1", *COUNTS)
    parts = [f"<details open><summary>{show(name)}: scores of each class</summary><div class='tables'>"]
    titles = (("labels", "label"), ("nesting", "nesting"), ("length", "length"), ("novelty", "surface"))
    for part, title in titles:
        if own[part]:
            rows = [
                [x, *(_percent(s[y]) for y in "prf"), *(f"{s[y]:,}" for y in COUNTS)]
                for x, s in own[part].items()
            ]
            parts.append(_table((f"by {title}", *header[1:]), rows))
    errors = [[kind, f"{own['errors'][kind]:,}"] for kind in ERRORS]
    parts.append(_table(("errors", ""), errors))
    parts.append(_confusion(own["confusion"]))
    return "".join(parts) + "</div></details>"


def _confusion(table: dict[str, dict[str, int]]) -> str:
    """Gold labels down, predicted ones across; the darker, the larger the share of the row."""
    columns = sorted(
        {column for row in table.values() for column in row}, key=lambda x: (x.startswith("("), x)
    )
    rows = []
    for label in sorted(table, key=lambda x: (x.startswith("("), x)):
        total = sum(table[label].values())
        cells = []
        for column in columns:
            n = table[label].get(column, 0)
            shade = f' style="background: rgba(0, 114, 178, {0.6 * n / total:.2f})"' if n else ""
            cells.append(f"<td{shade}>{n:,}</td>" if n else "<td></td>")
        rows.append(f"<tr><th>{show(label)}</th>{''.join(cells)}</tr>")
    head = "".join(f"<th>{show(column)}</th>" for column in columns)
    return f"<table class='confusion'><tr><th>gold \\ predicted</th>{head}</tr>{''.join(rows)}</table>"


def _examples(evaluation: Evaluation, limit: int) -> str:
    documents = list(zip(*evaluation.predictions.values(), strict=True))
    tags = [_tags(views) for views in documents]
    chosen = choose_documents(tags, limit)
    labels = sorted({label for own in tags for label, _ in own})
    numbers = {label: i for i, label in enumerate(labels)}
    colors = label_colors(labels)
    names = list(evaluation.predictions)
    articles = [_article(i, names, documents[i], numbers, colors) for i in chosen]
    filters = [
        _buttons("label", [(str(i), label) for label, i in numbers.items()]),
        _buttons("kind", [(kind, kind) for kind in ("correct", *ERRORS)]),
    ]
    title = f"<h2>{len(chosen):,} of {len(documents):,} documents</h2>"
    note = (
        "<p>Each model's entities above, the gold ones below; the fainter, the less probable. A dashed box "
        "is an error, of a gold entity by one model at least; the mouse over it shows which. Click on labels "
        "and kinds of errors to filter.</p>"
    )
    legend = f'<p class="legend">{draw_legend(colors)}</p>'
    return f"{title}{note}{legend}{''.join(filters)}<p id='shown'></p>{''.join(articles)}"


def choose_documents(tags: Sequence[set[Tag]], limit: int) -> list[int]:
    """Choose documents such that every kind of error of every label is shown if there is room: the rarest
    first, and then each in turn.

    tags (Sequence[Set[Tag]]): Label and kind of the entities of each document. Those without are left out.
    limit (int): How many to choose; 0 for all.
    RETURNS (List[int]): Their numbers, ascending.
    """
    holders: dict[Tag, list[int]] = {}
    for i, own in enumerate(tags):
        for tag in own:
            holders.setdefault(tag, []).append(i)
    if not limit:
        return sorted({i for own in holders.values() for i in own})
    order = sorted(holders, key=lambda tag: (len(holders[tag]), tag))
    chosen: set[int] = set()
    for tag in order:
        if len(chosen) < limit and chosen.isdisjoint(holders[tag]):
            chosen.add(holders[tag][0])
    queues = [iter(holders[tag]) for tag in order]
    while queues and len(chosen) < limit:
        left = []
        for queue in queues:
            fresh: Optional[int] = next((i for i in queue if i not in chosen), None)
            if fresh is not None and len(chosen) < limit:
                chosen.add(fresh)
                left.append(queue)
        queues = left
    return sorted(chosen)


def _tags(views: Iterable[Prediction]) -> set[Tag]:
    """Label and kind of every gold entity and every prediction of a document."""
    return {
        (entity.label, kind)
        for view in views
        for kind, gold, predicted in view.matches
        for entity in (gold, predicted)
        if entity
    }


def _article(
    number: int,
    names: Sequence[str],
    views: Sequence[Prediction],
    numbers: dict[str, int],
    colors: dict[str, str],
) -> str:
    text = views[0].text
    tags = sorted(f"{numbers[label]}-{kind}" for label, kind in _tags(views))
    parts = [f"<article data-tags='{json.dumps(tags)}'><h3>document {number + 1}</h3>"]

    def box(entity: Entity, kinds: Sequence[str], score: Optional[float], note: str) -> Box:
        label = entity.label
        style = "right" if set(kinds) == {"correct"} else "wrong"
        tag = " ".join([style, *(f"{numbers[label]}-{kind}" for kind in dict.fromkeys(kinds))])
        return Box(entity, score, tag, f"{label}{note}")

    for name, view in zip(names, views, strict=True):
        drawn = []
        for kind, _, entity in view.matches:
            if entity:
                score = view.predicted[entity]
                drawn.append(box(entity, [kind], score, f"{_said(score)}: {kind}"))
        parts.append(f"<h4>{show(name)}</h4>{draw_text(text, drawn, colors)}")
    kinds = [{entity: kind for kind, entity, _ in view.matches if entity} for view in views]
    drawn = []
    for entity in sorted(views[0].gold):
        notes = [
            f"{kind[entity]} by {name}{_said(view.score(entity))}"
            for name, view, kind in zip(names, views, kinds, strict=True)
        ]
        drawn.append(box(entity, [kind[entity] for kind in kinds], None, f": {'; '.join(notes)}"))
    parts.append(f"<h4>gold</h4>{draw_text(text, drawn, colors)}</article>")
    return "".join(parts)


def _said(score: Optional[float]) -> str:
    return "" if score is None else f", {score:.2f}"


def _buttons(group: str, options: Iterable[tuple[str, str]]) -> str:
    buttons = "".join(
        f'<button data-{group}="{show(value)}">{show(name)}</button>' for value, name in options
    )
    return f'<p class="filter">{group}: {buttons}</p>'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{show(cell)}</th>" for cell in header)
    body = "".join(
        f"<tr><th>{show(row[0])}</th>{''.join(f'<td>{show(cell)}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _percent(value: Optional[float]) -> str:
    return DASH if value is None else f"{100 * value:.2f}"
