"""Write the synthetic sample corpus, ``assets/sample_train.json`` and ``assets/sample_dev.json``, and notes
of made-up patients, ``assets/sample_notes.csv``.

The sentences are filled from the patterns in ``patterns.toml`` with the words of ``lexicon.toml``, and the
output is CMeEE JSON: ``{"text", "entities": [{"start_idx", "end_idx", "type", "entity"}]}`` with an inclusive
``end_idx``. The same seed always writes the same files.
"""

import argparse
from collections import Counter
from pathlib import Path

from .corpus import make_corpus, write_corpus
from .markup import TYPES, has_nesting
from .notes import make_notes, write_notes


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        prog="python -m sample", description="Write the synthetic sample corpus in CMeEE JSON."
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).resolve().parent.parent / "assets",
        help="folder for what is written (default: assets/ of this project)",
    )
    parser.add_argument("--seed", type=int, default=11, help="seed of the generator (default: %(default)s)")
    args = parser.parse_args()
    corpus = make_corpus(args.seed)
    for path, (part, sentences) in zip(write_corpus(corpus, args.output), corpus.items(), strict=True):
        counts = Counter(span.type for sentence in sentences for span in sentence.spans)
        nested = sum(map(has_nesting, sentences)) / len(sentences)
        summary = ", ".join(f"{type_} {counts[type_]}" for type_ in TYPES)
        print(f"{path.name} ({part}): {len(sentences)} sentences, {nested:.0%} nested; {summary}")
    notes = make_notes(args.seed)
    write_notes(notes, args.output / "sample_notes.csv")
    print(f"sample_notes.csv: {len(notes)} notes")


if __name__ == "__main__":
    main()
