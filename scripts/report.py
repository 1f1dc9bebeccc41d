"""Compare models on the dev part: at 0.5, and at a threshold that each chooses on the held-out part.

Example: python -m scripts.report corpus/sample metrics/sample.json teacher=training/sample/cpu/model-best
"""

import argparse
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import srsly
from spacy.language import Language
from spacy.training import Example
from wasabi import msg

from spacy_gpner.cli._errors import fail_clearly
from spacy_gpner.cli._gpu import setup_gpu
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.entities import Entity, entities, scored_entities, show_label
from spacy_gpner.files import atomic_write
from spacy_gpner.loading import load_pipeline
from spacy_gpner.pipeline.find import find_pipe
from spacy_gpner.tables import print_table

CANDIDATES = numpy.arange(0.05, 0.96, 0.01)


@dataclass(frozen=True)
class Report:
    """What is reported of a model.

    name (str): Its name.
    chosen (float): The threshold chosen on the held-out part.
    scores (Dict[float, Dict[str, Any]]): Scores of the dev part by threshold.
    tokens_per_second (float): Speed over the dev part.
    megabytes (float): Size on disk.
    """

    name: str
    chosen: float
    scores: dict[float, dict[str, Any]]
    tokens_per_second: float
    megabytes: float

    def f(self, threshold: float, kind: str = "") -> str:
        """F1 of the dev part, in percent."""
        return f"{100 * self.scores[threshold][f'spans_sc{kind}_f']:.2f}"


def predict(nlp: Language, path: Path, threshold: float) -> tuple[list[Example], float]:
    """Predict the spans of a corpus above a threshold.

    RETURNS (Tuple[List[Example], float]): Predictions beside gold, and the tokens per second.
    """
    find_pipe(nlp).threshold = threshold
    gold = read_docs(path, nlp.vocab)[0]
    start = time.perf_counter()
    predicted = list(nlp.pipe(doc.text for doc in gold))
    speed = sum(map(len, predicted)) / (time.perf_counter() - start)
    return [Example(*pair) for pair in zip(predicted, gold, strict=True)], speed


def choose_threshold(
    found: Iterable[dict[Entity, Any]], gold: Iterable[Collection[Entity]]
) -> tuple[float, float]:
    """The candidate with the highest micro-F1.

    found (Iterable[Dict[Entity, Any]]): Entities of each document above the lowest candidate, with scores.
    gold (Iterable[Collection[Entity]]): The gold entities of each document.
    RETURNS (Tuple[float, float]): The threshold, and the F1 there.
    """
    scores: list[float] = []
    right: list[bool] = []
    n_gold = 0
    for own, own_gold in zip(found, gold, strict=True):
        n_gold += len(own_gold)
        scores.extend(own.values())
        right.extend(entity in own_gold for entity in own)
    all_scores, all_right = numpy.asarray(scores), numpy.asarray(right, dtype=bool)

    def fscore(threshold: float) -> float:
        above = all_scores > threshold
        return 2 * all_right[above].sum() / max(1, above.sum() + n_gold)

    best = max(CANDIDATES, key=fscore)
    return round(float(best), 2), float(fscore(best))


def measure(name: str, path: Path, corpus: Path) -> Report:
    """Load and measure a model.

    name (str): What to call it.
    path (Path): The pipeline.
    corpus (Path): The directory with heldout.spacy and dev.spacy.
    RETURNS (Report): What is reported of it.
    """
    nlp = load_pipeline(str(path))
    pipe = find_pipe(nlp)
    heldout, _ = predict(nlp, corpus / "heldout.spacy", CANDIDATES[0])
    chosen, _ = choose_threshold(
        (scored_entities(eg.predicted, pipe.key) for eg in heldout),
        (set(entities(eg.reference, pipe.key)) for eg in heldout),
    )
    scores = {}
    for threshold in sorted({0.5, chosen}):
        examples, speed = predict(nlp, corpus / "dev.spacy", threshold)
        scores[threshold] = pipe.score(examples)
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return Report(name, chosen, scores, speed, size / 2**20)


def print_tables(reports: list[Report]) -> None:
    """Print one table of all models, and before it one by type of the first."""
    first = reports[0]
    by_type = first.scores[first.chosen]["spans_sc_per_type"]
    rows = [
        (show_label(label), *(f"{100 * scores[x]:.2f}" for x in "prf"))
        for label, scores in sorted(by_type.items())
    ]
    msg.text(f"{first.name}, by type, at {first.chosen}")
    print_table(rows, ("", "P", "R", "F1"))
    header = ("", "F1 at 0.5", "Threshold", "P", "R", "F1", "Nested", "Flat", "Tokens/s", "MB")
    table = [
        (
            r.name,
            r.f(0.5),
            f"{r.chosen:.2f}",
            *(f"{100 * r.scores[r.chosen][f'spans_sc_{x}']:.2f}" for x in "pr"),
            r.f(r.chosen),
            r.f(r.chosen, "_nested"),
            r.f(r.chosen, "_flat"),
            f"{r.tokens_per_second:,.0f}",
            f"{r.megabytes:.0f}",
        )
        for r in reports
    ]
    print_table(table, header)


def named_path(text: str) -> tuple[str, Path]:
    """NAME=PATH of the command line."""
    name, _, path = text.partition("=")
    if not path:
        raise argparse.ArgumentTypeError(f"{text} is not of the form NAME=PATH")
    return name, Path(path)


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="directory with heldout.spacy and dev.spacy")
    parser.add_argument("output", type=Path, help="JSON file to write")
    parser.add_argument("models", type=named_path, nargs="+", metavar="NAME=PATH")
    parser.add_argument("--gpu-id", type=int, default=-1)
    args = parser.parse_args()
    if args.gpu_id >= 0:
        setup_gpu(args.gpu_id)
    with fail_clearly():
        reports = [measure(name, path, args.corpus) for name, path in args.models]
    found = {
        r.name: {
            "chosen": r.chosen,
            "dev": {str(threshold): scores for threshold, scores in r.scores.items()},
            "tokens_per_second": r.tokens_per_second,
            "megabytes": r.megabytes,
        }
        for r in reports
    }
    with atomic_write(args.output) as temporary:
        srsly.write_json(temporary, found)
    print_tables(reports)


if __name__ == "__main__":
    main()
