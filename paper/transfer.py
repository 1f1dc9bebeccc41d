"""Test models on a corpus that they were not trained on, whose types have other names.

Example: python -m paper.transfer corpus/ccks2019/dev.spacy --as ccks2019 student=training/model-last:0.3
"""

import argparse
from pathlib import Path
from typing import Optional

import numpy
import srsly
from tabulate import tabulate
from wasabi import msg

from spacy_gpner.cli._errors import fail_clearly
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.entities import entities, scored_entities
from spacy_gpner.evaluation.significance import f_score, over_documents, resample
from spacy_gpner.loading import load_pipeline
from spacy_gpner.pipeline.find import find_pipe

MAPPINGS = Path(__file__).parent.parent / "configs" / "transfer.yml"
HEADER = ("", "P", "R", "F1", "95 %, documents", "difference to the first", "95 %, documents")


def count(model: str, threshold: Optional[float], corpus: Path, labels: dict[str, str]) -> numpy.ndarray:
    """Count, for each document, the entities that a model predicts, those that are right, and the gold ones.

    model (str): The pipeline's directory.
    threshold (Optional[float]): Its threshold; None for that of the pipeline.
    corpus (Path): The .spacy file.
    labels (Dict[str, str]): Label of the model for each label of the gold.
    RETURNS (numpy.ndarray): The counts, shape (documents, 3).
    """
    nlp = load_pipeline(model)
    pipe = find_pipe(nlp)
    if threshold is not None:
        pipe.threshold = threshold
    docs = read_docs(corpus)[0]
    rows = []
    for doc, predicted in zip(docs, nlp.pipe(doc.text for doc in docs), strict=True):
        gold = {x._replace(label=labels[x.label]) for x in entities(doc, "sc") if x.label in labels}
        found = {x for x in scored_entities(predicted, pipe.key) if x.label in labels.values()}
        rows.append((len(found), len(found & gold), len(gold)))
    return numpy.array(rows)


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="the gold, .spacy")
    parser.add_argument("models", nargs="+", metavar="NAME=DIR[:THRESHOLD]")
    parser.add_argument("--as", dest="mapping", required=True, help="which mapping of types")
    parser.add_argument("--mappings", type=Path, default=MAPPINGS, help="file of mappings")
    args = parser.parse_args()
    mappings = srsly.read_yaml(args.mappings)
    if args.mapping not in mappings:
        msg.fail(
            f"{args.mappings} has no mapping '{args.mapping}'", f"It has {', '.join(mappings)}.", exits=1
        )
    found = {}
    for each in args.models:
        name, _, place = each.partition("=")
        model, _, threshold = place.rpartition(":") if ":" in place else (place, "", "")
        if not model or name in found:
            msg.fail(f"'{each}' is no NAME=DIR[:THRESHOLD] with a name of its own", exits=1)
        with fail_clearly():
            own = count(model, float(threshold) if threshold else None, args.corpus, mappings[args.mapping])
        found[name] = own[None]
    resampled = resample(list(found.values()))
    rows = []
    for i, (name, own) in enumerate(found.items()):
        predicted, right, gold = own[0].sum(0)
        f, first = float(f_score(own[0].sum(0))), float(f_score(next(iter(found.values()))[0].sum(0)))
        apart = over_documents(resampled[i] - resampled[0])
        rows.append(
            [
                name,
                *(f"{100 * x:.2f}" for x in (right / max(1, predicted), right / max(1, gold), f)),
                "{:.2f} to {:.2f}".format(*(100 * x for x in over_documents(resampled[i]))),
                f"{100 * (f - first):+.2f}" if i else "",
                "{:+.2f} to {:+.2f}".format(*(100 * x for x in apart)) if i else "",
            ]
        )
    print(tabulate(rows, HEADER, "github", disable_numparse=True))


if __name__ == "__main__":
    main()
