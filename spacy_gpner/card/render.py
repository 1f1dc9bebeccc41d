"""A card as Markdown. Counts, names and labels: no text of a document."""

import platform
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from typing import Any, Optional

from ..about import __version__
from ..entities import show_label
from ..statistics.counts import Counts
from ..statistics.report import percent
from .card import Card
from .markdown import escape, table

UNKNOWN = "unknown"
NAMES = {"p": "P", "r": "R", "f": "F1"}
USE = """```python
import spacy

nlp = spacy.load("{name}")
doc = nlp("…")
for span, score in zip(doc.spans["{key}"], doc.spans["{key}"].attrs["scores"]):
    print(span.text, span.label_, score)
```"""


def render_card(card: Card) -> str:
    """Write a card.

    card (Card): What it says.
    RETURNS (str): It as Markdown, without front matter: `spacy huggingface-hub push` puts its own before it.
    """
    description = card.meta.get("description")
    parts = [
        f"# {escape(card.name)}",
        escape(description) if description else "Nested and overlapping named entities, for spaCy.",
        _pipeline(card),
        _use(card),
        "## Data",
        *_data(card),
        "## Scores",
        *_scores(card),
        "## Speed",
        _speed(card),
        "## Limits",
        "\n".join(f"- {escape(limit)}" for limit in _limits(card)),
        "## About this card",
        _origin(card),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _pipeline(card: Card) -> str:
    meta = card.meta
    rows = {
        "Version": meta.get("version"),
        "Language": meta.get("lang"),
        "spaCy": meta.get("spacy_version"),
        "Components": ", ".join(card.components),
        "Architectures": ", ".join(card.layers),
        "Tokenizer": card.tokenizer,
        "Entities in": f'doc.spans["{card.pipe.key}"]',
        "Labels": ", ".join(map(show_label, sorted(card.pipe.labels))),
        "Threshold": _thresholds(card),
        "Parameters": f"{card.parameters:,}" + ", and those in int8 graphs" * card.compact,
        "Size on disk": f"{card.size / 1e6:,.2f} MB",
        "Author": meta.get("author"),
        "Licence of the pipeline": meta.get("license"),
    }
    return table(("", ""), [(name, escape(str(value or UNKNOWN))) for name, value in rows.items()], n_names=2)


def _thresholds(card: Card) -> str:
    own = (f"{show_label(label)} {value:g}" for label, value in sorted((card.pipe.thresholds or {}).items()))
    return ", ".join([f"{card.pipe.threshold:g}", *own])


def _use(card: Card) -> str:
    if not (card.name.isidentifier() and card.pipe.key.isidentifier()):
        return ""
    return USE.format(name=card.name, key=card.pipe.key)


def _data(card: Card) -> Iterator[str]:
    named = card.data_name or UNKNOWN
    yield f"Training data: {escape(named)}. Its licence: {escape(card.data_license or UNKNOWN)}."
    evaluated, *trained = card.stats.files.items()
    parts = [(f"training ({name})", counts) for name, counts in trained]
    parts.append((f"evaluation ({evaluated[0]})", evaluated[1]))
    header = ("", "documents", "without annotation", "characters", "entities", "nested %")
    rows = [(escape(name), *_counts(counts)) for name, counts in parts]
    if not trained:
        rows.insert(0, ("training", *[UNKNOWN] * 5))
    yield table(header, rows)
    labels = sorted({label for _, counts in parts for label in counts.labels})
    yield table(
        ("entities", *(name.partition(" ")[0] for name, _ in parts)),
        [(escape(show_label(x)), *(_entities(counts, x) for _, counts in parts)) for x in labels],
    )
    if trained:
        (own,) = (x for x in card.stats.overlaps if x.file == evaluated[0])
        yield (
            f"Of the evaluation's {evaluated[1].documents:,} documents {own.documents:,} have a text that "
            "the training data has."
        )


def _counts(counts: Counts) -> tuple[str, ...]:
    total = counts.total
    nested = percent(total.nested / len(total) if len(total) else None)
    numbers = (counts.documents, counts.unlabelled, sum(counts.characters), len(total))
    return (*(f"{n:,}" for n in numbers), nested)


def _entities(counts: Counts, label: str) -> str:
    return f"{len(counts.labels[label]) if label in counts.labels else 0:,}"


def _scores(card: Card) -> Iterator[str]:
    metrics, pipe = card.metrics, card.pipe
    yield (
        f"Strict, in percent, on {escape(card.evaluation.corpus)}: an entity is found if both its ends and "
        "its label are right."
    )
    # By the names that the scores have
    own = pipe.thresholds or {}
    thresholds = {show_label(label): own.get(label, pipe.threshold) for label in pipe.labels}
    rows = [
        (
            escape(label),
            f"{thresholds[label]:g}" if label in thresholds else "no such label",
            *_row(scores),
        )
        for label, scores in metrics["labels"].items()
    ]
    groups = {"all": metrics["micro"], **metrics["nesting"], **(metrics["novelty"] or {})}
    rows += [
        (f"**{escape(name)}**", "", *_row(scores))
        for name, scores in groups.items()
        if scores["gold"] or scores["predicted"]
    ]
    yield table(("", "threshold", *NAMES.values(), "gold"), rows)
    macro = metrics["macro"]
    yield "Mean over labels: " + ", ".join(f"{name} {100 * macro[x]:.2f}" for x, name in NAMES.items()) + "."
    told = "Outer entities contain others, inner ones lie in others; nested are both together, flat the rest."
    if metrics["novelty"]:
        told += " Seen are those whose text is an entity of the training data."
    yield told
    error = None if metrics["calibration"] is None else metrics["calibration"]["error"]
    kind = (
        "The scores are calibrated: probabilities, fitted on documents that this card does not know."
        if pipe.calibration
        else "The scores are not calibrated: they rank spans, and are not probabilities."
    )
    yield f"{kind} Their expected calibration error here: {_percent(error)}."


def _row(scores: dict[str, Any]) -> tuple[str, ...]:
    return (*(f"{100 * scores[x]:.2f}" for x in NAMES), f"{scores['gold']:,}")


def _percent(value: Optional[float]) -> str:
    return UNKNOWN if value is None else f"{100 * value:.2f} %"


def _speed(card: Card) -> str:
    n, texts, tokens = card.speed
    return (
        f"{tokens:,.0f} tokens a second ({texts:,.1f} documents), `nlp.pipe` over {n:,} documents of the "
        f"evaluation, on {escape(card.machine)}."
    )


def _limits(card: Card) -> Iterator[str]:
    counts, pipe = next(iter(card.stats.files.values())), card.pipe
    yield "What it does on text of another kind than the evaluation's is not known."
    yield "Entities of several parts can't be represented in doc.spans."
    window = getattr(pipe, "window", None)
    if window is not None and window.width is not None:
        beyond = len(counts.total) - counts.total.held(window)
        within = "at most" if window.mode == "band" else "the first"
        yield (
            f"It finds spans within {within} {window.width} tokens alone: {beyond:,} gold entities of the "
            "evaluation are beyond."
        )
    if card.compact:
        yield "It is in int8, and can't be trained further."
    (called,) = card.evaluation.metrics
    yield from (note.replace(called, card.name) for note in card.evaluation.notes)


def _origin(card: Card) -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("spacy", "thinc", "torch"))
    told = f"spacy_gpner {__version__}, {versions}, Python {platform.python_version()}"
    return f"Written by `spacy gpner card` on {date.today().isoformat()} with {escape(told)}."
