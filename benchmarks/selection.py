"""Simulate annotation: does a choice of what to annotate next make better models than a random one?

500 random documents are annotated; a model learns from them, is calibrated, and says which 500 to annotate
next, then which 1,000: 2,000 documents in all. A finished cell (a choice, a size, a seed) is a file, so that
an interrupted simulation goes on where it stopped.

Example: python -m benchmarks.selection run corpus/cmeee metrics/selection
"""

import heapq
import os
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Optional

import numpy
import srsly
import typer
from scipy.sparse import csr_array
from scipy.stats import spearmanr
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from tqdm import tqdm

from spacy_gpner.calibration.candidates import find_candidates
from spacy_gpner.calibration.fit import calibrate
from spacy_gpner.calibration.setting import Setting, f_score, setting_of
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.entities import entities
from spacy_gpner.files import atomic_write
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.selection.doubts import find_doubts, sum_errors

CONFIG = Path(__file__).parent.parent / "configs" / "cpu_student.cfg"
SIZES = (500, 1000, 2000)
# A random choice goes as far as the others do in characters
RANDOM_SIZES = (*SIZES, 4000)
# Held-out documents that calibrate; the others are scored
CALIBRATE = 200
FEW = 20

app = typer.Typer(help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@dataclass(frozen=True)
class Choice:
    """A way to choose: expected errors for what a document costs.

    cost (str): "document"; "characters", of which it takes as many as the random choice has; or "both": to
        open a document costs what an average one costs to read.
    discount (float): What a surface is worth the second time.
    """

    cost: str = "document"
    discount: float = 1.0


RANDOM = "random"
CHOICES = {
    "density": Choice("characters"),
    "density, surfaces": Choice("characters", discount=0.5),
    "both": Choice("both"),
    "errors": Choice(),
    "errors, surfaces": Choice(discount=0.5),
}


@dataclass(frozen=True)
class Corpus:
    """The documents: the pool, with how many characters each has, those that calibrate, and those that are
    scored."""

    pool: list[Doc]
    characters: numpy.ndarray
    calibrate: list[Doc]
    heldout: list[Doc]
    dev: list[Doc]


def read_corpus(path: Path) -> Corpus:
    """Read a prepared corpus; a text that recurs in the pool counts once."""
    pool, heldout, dev = (read_docs(path / f"{part}.spacy")[0] for part in ("train", "heldout", "dev"))
    random.Random(0).shuffle(heldout)
    once = {doc.text: doc for doc in reversed(pool) if len(doc)}
    pool = list(once.values())[::-1]
    characters = numpy.array([len(doc.text) for doc in pool])
    return Corpus(pool, characters, heldout[:CALIBRATE], heldout[CALIBRATE:], dev)


def train_model(docs: Sequence[Doc], dev: Path, seed: int, steps: int, work: Path) -> Language:
    """Train the small student, from scratch."""
    path = work / "train.spacy"
    DocBin(docs=docs).to_disk(path)
    given = {
        "paths.train": str(path),
        "paths.dev": str(dev),
        "corpora.dev.limit": FEW,
        "system.seed": seed,
        "training.max_steps": steps,
        "training.eval_frequency": steps,
        "training.optimizer.learn_rate.total_steps": steps,
    }
    nlp = init_nlp(load_config(CONFIG, overrides=given))
    with Path(os.devnull).open("w") as nowhere:
        train(nlp, stdout=nowhere)
    return nlp


def read_scores_as(nlp: Language, setting: Setting) -> None:
    """Have a pipeline read scores as `spacy gpner calibrate` would have saved it."""
    pipe = find_pipe(nlp)
    pipe.calibration = dict(zip(pipe.labels, map(tuple, setting.calibration.tolist()), strict=True))
    pipe.thresholds = dict(zip(pipe.labels, setting.thresholds.tolist(), strict=True))


def find_by_surface(nlp: Language, texts: Sequence[str]) -> csr_array:
    """Expected errors about each surface (the text of a span) in each text, shape (texts, surfaces)."""
    places: dict[str, int] = {}
    rows, columns, errors = [], [], []
    for doubts in find_doubts(nlp, texts):
        rows += doubts.places[doubts.spans.doc.numpy()].tolist()
        errors += doubts.errors.tolist()
        spans = doubts.spans
        bounds = (x.tolist() for x in (spans.doc, spans.start, spans.end))
        for doc, start, end in zip(*bounds, strict=True):
            columns.append(places.setdefault(doubts.docs[doc][start:end].text, len(places)))
    return csr_array((errors, (rows, columns)), shape=(len(texts), len(places)))


def ranked(errors: csr_array, discount: float) -> Iterator[int]:
    """Rank documents by what they are worth beside those before them: the sum of their expected errors, each
    times the discount for every document before in which its surface has an expected error, too. Of equal
    ones the first comes first.

    errors (csr_array): Expected errors of each surface in each document, shape (documents, surfaces).
    discount (float): In [0, 1]. 1 leaves what was ranked before out of account.
    YIELDS (int): The documents' places, the most valuable first.
    """
    left = numpy.ones(errors.shape[1])

    def worth(place: int) -> float:
        own = slice(errors.indptr[place], errors.indptr[place + 1])
        return float(errors.data[own] @ left[errors.indices[own]])

    heap = [(-worth(place), place) for place in range(errors.shape[0])]
    heapq.heapify(heap)
    while heap:
        # Worth only falls: a document that is still ahead of what the others were worth is the best
        place = heap[0][1]
        now = (-worth(place), place)
        if now > heap[0]:
            heapq.heapreplace(heap, now)
            continue
        heapq.heappop(heap)
        left[errors.indices[errors.indptr[place] : errors.indptr[place + 1]]] *= discount
        yield place


def choose(
    errors: csr_array, corpus: Corpus, left: Sequence[int], choice: Choice, documents: int, characters: int
) -> list[int]:
    """Choose what to annotate next.

    errors (csr_array): What `find_by_surface` gives for what is left.
    corpus (Corpus): The documents.
    left (Sequence[int]): Places in the pool of what is not annotated.
    choice (Choice): How to choose.
    documents, characters (int): How many; what costs says which of both counts.
    RETURNS (List[int]): Places in the pool.
    """
    own = corpus.characters[left]
    cost = {"document": numpy.ones(len(left)), "characters": own, "both": own + own.mean()}[choice.cost]
    order = ranked(csr_array(errors.multiply(1 / cost[:, None])), choice.discount)
    if choice.cost != "characters":
        return [left[i] for i in islice(order, documents)]
    chosen: list[int] = []
    n_characters = 0
    for i in order:
        if n_characters >= characters:
            break
        chosen.append(left[i])
        n_characters += own[i]
    return chosen


def compare_errors(nlp: Language, docs: Sequence[Doc]) -> dict[str, float]:
    """Errors as a calibrated pipeline expects them, and as it makes them."""
    key = find_pipe(nlp).key
    texts = [doc.text for doc in docs]
    expected = sum_errors(nlp, texts)
    found = [set(entities(doc, key)) for doc in nlp.pipe(texts)]
    made = [len(own ^ set(entities(doc, key))) for own, doc in zip(found, docs, strict=True)]
    rank = float(spearmanr(expected, made).statistic)
    return {"expected": float(expected.sum()), "made": sum(made), "spearman": rank}


def run_cell(
    corpus: Corpus,
    path: Path,
    file: Path,
    places: Sequence[int],
    size: int,
    seed: int,
    steps: int,
    then: Sequence[str],
) -> dict[str, Any]:
    """Train on documents, measure, and choose the next, unless that is done.

    size (int): How many documents a random choice has here: as many are chosen next, or their characters.
    then (Sequence[str]): The choices to make.
    RETURNS (Dict[str, Any]): The cell.
    """
    if file.is_file():
        return dict(srsly.read_json(file))
    start = time.perf_counter()
    docs = [corpus.pool[place] for place in places]
    file.parent.mkdir(parents=True, exist_ok=True)
    nlp = train_model(docs, path / "heldout.spacy", seed, steps, file.parent)
    seconds = time.perf_counter() - start
    setting = calibrate(find_candidates(nlp, corpus.calibrate))
    scores = {}
    for part, own in (("heldout", corpus.heldout), ("dev", corpus.dev)):
        candidates = find_candidates(nlp, own)
        scores[part] = {
            "half": f_score(candidates, setting_of(nlp)),
            "calibrated": f_score(candidates, setting),
        }
    read_scores_as(nlp, setting)
    left = sorted(set(range(len(corpus.pool))) - set(places))
    texts = [corpus.pool[place].text for place in left]
    errors = find_by_surface(nlp, texts) if then else None
    rest = int(corpus.characters[random_order(corpus, seed)[size : 2 * size]].sum())
    cell = {
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds),
        "documents": len(places),
        "characters": int(corpus.characters[list(places)].sum()),
        "entities": sum(len(doc.spans[find_pipe(nlp).key]) for doc in docs),
        "threshold": setting.threshold,
        "f": scores,
        "errors": compare_errors(nlp, corpus.heldout),
        "places": list(places),
        "next": {name: choose(errors, corpus, left, CHOICES[name], size, rest) for name in then},
    }
    with atomic_write(file) as temporary:
        srsly.write_json(temporary, cell, indent=0)
    return cell


def random_order(corpus: Corpus, seed: int) -> list[int]:
    """The random choice, of which more documents are always the same and others."""
    return random.Random(seed).sample(range(len(corpus.pool)), len(corpus.pool))


@app.command()
def run(
    path: Path = typer.Argument(..., help="Directory with train.spacy, heldout.spacy and dev.spacy"),
    results: Path = typer.Argument(..., help="Directory for the results, a file a cell"),
    seeds: int = typer.Option(3, help="How many seeds"),
    steps: int = typer.Option(2000, help="Steps of each training"),
) -> None:
    """Run the simulation."""
    corpus = read_corpus(path)

    def cell(name: str, size: int, seed: int) -> dict[str, Any]:
        if name == RANDOM:
            places = random_order(corpus, seed)[:size]
            then = list(CHOICES) if size == SIZES[0] else []
        else:
            before = SIZES[SIZES.index(size) - 1]
            start = cell(RANDOM if before == SIZES[0] else name, before, seed)
            places = [*start["places"], *start["next"][name]]
            then = [] if size == SIZES[-1] else [name]
        file = results / f"{name}-{size}-{seed}.json"
        return run_cell(corpus, path, file, places, size, seed, steps, then)

    sizes = {RANDOM: RANDOM_SIZES, **dict.fromkeys(CHOICES, SIZES[1:])}
    todo = [(name, size, seed) for name, own in sizes.items() for seed in range(seeds) for size in own]
    for name, size, seed in tqdm(todo, unit="cell", disable=None):
        cell(name, size, seed)


@app.command()
def table(
    results: Path = typer.Argument(..., exists=True, help="What `run` has written"),
    part: str = typer.Option("heldout", help="Which scores: heldout, or dev"),
) -> None:
    """Print what was measured as Markdown: means over the seeds, with standard deviations."""
    cells: dict[tuple[str, int], dict[int, dict[str, Any]]] = {}
    for file in sorted(results.glob("*.json")):
        name, size, seed = file.stem.rsplit("-", 2)
        cells.setdefault((name, int(size)), {})[int(seed)] = srsly.read_json(file)
    rows = sorted(cells, key=lambda key: (key[1], [RANDOM, *CHOICES].index(key[0])))
    units = ("documents", "characters", "entities")
    print("| | seeds |", " | ".join(units), "| F1 at 0.5 | F1 |", " | ".join(f"per {x}" for x in units), "|")
    print("|---|" + "---|" * 9)
    for key in rows:
        own = cells[key]
        given = [f"{statistics.mean(cell[unit] for cell in own.values()):,.0f}" for unit in units]
        scores = [
            spread([100 * cell["f"][part][kind] for cell in own.values()]) for kind in ("half", "calibrated")
        ]
        randoms = {
            seed: [x[seed] for (name, _), x in cells.items() if name == RANDOM and seed in x] for seed in own
        }
        gains = [
            spread([gain(cell, randoms[seed], unit, part) for seed, cell in own.items()]) for unit in units
        ]
        print("|", " | ".join([key[0], str(len(own)), *given, *scores, *gains]), "|")


def gain(cell: dict[str, Any], randoms: Sequence[dict[str, Any]], unit: str, part: str) -> Optional[float]:
    """F1 above that of a random choice of as many documents, characters or entities, between its sizes on a
    logarithmic scale; None where it has no such size."""
    points = sorted((other[unit], other["f"][part]["calibrated"]) for other in randoms)
    sizes, scores = zip(*points, strict=True)
    if not sizes[0] <= cell[unit] <= 1.01 * sizes[-1]:
        return None
    reached = numpy.interp(numpy.log(cell[unit]), numpy.log(sizes), scores)
    return float(100 * (cell["f"][part]["calibrated"] - reached))


def spread(values: Sequence[Optional[float]]) -> str:
    """Mean and standard deviation of what there is."""
    found = [value for value in values if value is not None]
    deviation = f" ± {statistics.stdev(found):.1f}" if len(found) > 1 else ""
    return f"{statistics.mean(found):.1f}{deviation}" if found else "-"


if __name__ == "__main__":
    app()
