"""What a compact pipeline costs, and what it saves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from tqdm import tqdm

from ..files import atomic_write
from ..pipeline.find import find_pipe
from ..pipeline.scoring import score_spans
from ..tables import print_table

# Documents that run between two looks at the clock
TURN = 256


@dataclass(frozen=True)
class Cost:
    """What was measured of a pipeline.

    speed (float): Tokens a second of `nlp.pipe`.
    scores (Dict[str, Any]): What `score_spans` gives.
    p, r, f (float): Precision, recall and F1 of the entities in `doc.spans`.
    """

    speed: float
    scores: dict[str, Any]
    p: float
    r: float
    f: float


def compare(pipelines: Sequence[Language], gold: Sequence[Doc], *, show_progress: bool = False) -> list[Cost]:
    """Run pipelines over documents in turns, so that all meet the same machine, and score them.

    pipelines (Sequence[Language]): The pipelines, each with a span component.
    gold (Sequence[Doc]): The documents with gold spans.
    show_progress (bool): Whether to show a progress bar, on a terminal.
    RETURNS (List[Cost]): What was measured of each.
    RAISES (PipelineError): If a pipeline has none.
    """
    pipes = [find_pipe(nlp) for nlp in pipelines]
    for doc in gold:
        # What is predicted may be of labels that the gold lacks.
        for label in pipes[0].labels:
            doc.vocab.strings.add(label)
    texts = [doc.text for doc in gold]
    seconds = [0.0] * len(pipelines)
    docs: list[list[Doc]] = [[] for _ in pipelines]
    for nlp in pipelines:
        list(nlp.pipe(texts[:TURN]))
    with tqdm(
        total=len(texts) * len(pipelines),
        disable=None if show_progress else True,
        unit=" texts",
        leave=False,
    ) as bar:
        for begin in range(0, len(texts), TURN):
            turn = texts[begin : begin + TURN]
            for i, nlp in enumerate(pipelines):
                start = time.perf_counter()
                docs[i] += nlp.pipe(turn)
                seconds[i] += time.perf_counter() - start
                bar.update(len(turn))
    return [
        _cost(*measured, gold) for measured in zip([pipe.key for pipe in pipes], docs, seconds, strict=True)
    ]


def record_scores(path: Path, cost: Cost) -> None:
    """Write a pipeline's scores to its meta.json, as `spacy train` does.

    path (Path): The pipeline's directory.
    cost (Cost): What was measured of it.
    """
    meta = srsly.read_json(path / "meta.json")
    meta["performance"] = cost.scores
    with atomic_write(path / "meta.json") as temporary:
        srsly.write_json(temporary, meta)


def print_costs(paths: Sequence[Path], costs: Sequence[Cost]) -> None:
    """Print what was measured, the last column with its difference to the first.

    paths (Sequence[Path]): The pipelines' directories.
    costs (Sequence[Cost]): What was measured of each.
    """
    sizes = [sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for path in paths]
    full, compact = costs
    rows = [
        ("MB on disk", *(f"{size / 1e6:,.1f}" for size in sizes), f"{sizes[1] / sizes[0]:.2f}-fold"),
        ("tokens per second", *(f"{c.speed:,.0f}" for c in costs), f"{compact.speed / full.speed:.2f}-fold"),
    ]
    for name in ("p", "r", "f"):
        x, y = (100 * getattr(cost, name) for cost in costs)
        rows.append(({"f": "F1"}.get(name, name.upper()), f"{x:.2f}", f"{y:.2f}", f"{y - x:+.2f}"))
    print_table(rows, ("", "full", "compact", ""))


def _cost(key: str, docs: Sequence[Doc], seconds: float, gold: Sequence[Doc]) -> Cost:
    examples = [Example(own, reference) for own, reference in zip(docs, gold, strict=True)]
    scores = score_spans(examples, spans_key=key)
    p, r, f = (scores[f"spans_{key}_{name}"] for name in "prf")
    return Cost(speed=sum(map(len, docs)) / seconds, scores=scores, p=p, r=r, f=f)
