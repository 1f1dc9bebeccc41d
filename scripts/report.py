"""Choose a threshold on the held-out part, and report the dev part at 0.5 and at the chosen threshold.

Example: python scripts/report.py training/sample/cpu/model-best corpus/sample metrics/report.json
"""

import argparse
from pathlib import Path
from typing import Any

import numpy
import spacy
import srsly
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Example
from wasabi import msg

COMPONENT = "span_globalpointer"
CANDIDATES = numpy.arange(0.05, 0.96, 0.01)


def predict(nlp: Language, path: Path, threshold: float) -> list[Example]:
    """Predict the spans of a corpus above a threshold."""
    nlp.get_pipe(COMPONENT).cfg["threshold"] = threshold
    gold = list(DocBin().from_disk(path).get_docs(nlp.vocab))
    predicted = nlp.pipe(nlp.make_doc(doc.text) for doc in gold)
    return [Example(*pair) for pair in zip(predicted, gold, strict=True)]


def choose_threshold(examples: list[Example], key: str) -> float:
    """The candidate with the highest micro-F1.

    examples (List[Example]): Predictions at the lowest candidate.
    key (str): Key of the span group.
    RETURNS (float): The threshold.
    """
    scores, right, n_gold = [], [], 0
    for example in examples:
        gold = {(s.start_char, s.end_char, s.label_) for s in example.reference.spans[key]}
        group = example.predicted.spans[key]
        n_gold += len(gold)
        scores.extend(group.attrs["scores"])
        right.extend((s.start_char, s.end_char, s.label_) in gold for s in group)
    all_scores, all_right = numpy.asarray(scores), numpy.asarray(right)

    def fscore(threshold: float) -> float:
        above = all_scores > threshold
        return 2 * all_right[above].sum() / max(1, above.sum() + n_gold)

    return round(float(max(CANDIDATES, key=fscore)), 2)


def report(model: Path, corpus: Path, output: Path) -> dict[str, Any]:
    """Write and print the scores of the dev part.

    model (Path): The pipeline.
    corpus (Path): The directory with heldout.spacy and dev.spacy.
    output (Path): The JSON file to write.
    RETURNS (Dict[str, Any]): Scores by threshold.
    """
    nlp = spacy.load(model)
    pipe = nlp.get_pipe(COMPONENT)
    chosen = choose_threshold(predict(nlp, corpus / "heldout.spacy", CANDIDATES[0]), pipe.key)
    results = {str(t): pipe.score(predict(nlp, corpus / "dev.spacy", t)) for t in sorted({0.5, chosen})}
    rows = []
    for threshold, scores in results.items():
        prefix = f"spans_{pipe.key}"
        for kind in ("", "_nested", "_flat"):
            name = kind.strip("_") or "all"
            rows.append((threshold, name, *(scores[f"{prefix}{kind}_{x}"] for x in "prf")))
        for label, own in sorted(scores[f"{prefix}_per_type"].items()):
            rows.append((threshold, label, own["p"], own["r"], own["f"]))
    msg.info(f"Threshold chosen on {corpus / 'heldout.spacy'}: {chosen}")
    table = [(t, name, *(f"{100 * x:.2f}" for x in prf)) for t, name, *prf in rows]
    msg.table(
        table, header=("Threshold", "Entities", "P", "R", "F"), divider=True, aligns=("l", "l", "r", "r", "r")
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    srsly.write_json(output, {"chosen": chosen, "dev": results})
    return results


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--gpu-id", type=int, default=-1)
    args = parser.parse_args()
    if args.gpu_id >= 0:
        spacy.require_gpu(args.gpu_id)
    report(args.model, args.corpus, args.output)


if __name__ == "__main__":
    main()
