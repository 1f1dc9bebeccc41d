"""Convert a corpus to train.spacy, heldout.spacy and dev.spacy.

heldout.spacy is a tenth of the training part, for choosing models and thresholds; dev.spacy is only read to
report a result. The corpus is a name in configs/corpora.yml, or a folder with train.* and, if there is one,
dev.*.

Examples:
  python -m scripts.prepare_corpus sample corpus/sample
  python -m scripts.prepare_corpus /data/notes corpus/notes --format brat --lang en
"""

import argparse
import subprocess
import sys
from pathlib import Path

from wasabi import msg

from .corpora import CORPORA, Source, find_files, find_source


def prepare(source: Source, output: Path, seed: int) -> None:
    """Convert and split a corpus.

    source (Source): The corpus.
    output (Path): The directory for the three files.
    seed (int): Seed of the choice of held-out documents.
    """
    train, heldout, dev = (output / f"{part}.spacy" for part in ("train", "heldout", "dev"))
    everything = output / "all.spacy"
    convert(source, source.train, everything)
    together = ["--neighbours", str(source.neighbours), *(["--group"] if source.group else [])]
    if source.dev:
        convert(source, source.dev, dev)
    else:
        rest = output / "rest.spacy"
        # Another seed than the held-out part's, whose choice would be gone
        step = ["--share", "0.2", "--seed", str(seed + 1)] if source.group else ["--every", "5"]
        gpner("split", everything, rest, dev, *step, *together)
        rest.replace(everything)
    gpner("split", everything, train, heldout, "--share", "0.1", "--seed", str(seed), *together)
    everything.unlink()


def convert(source: Source, names: list[str], output: Path) -> None:
    """Convert files of a corpus to one DocBin."""
    summary = output.with_suffix(".json")
    paths = find_files(source, names)
    gpner("convert", source.format, *paths, output, "--lang", source.lang, "--summary", summary)


def gpner(*args: str | Path) -> None:
    """Run a `spacy gpner` command, and stop where it fails."""
    command = ["spacy", "gpner", *map(str, args)]
    msg.info(" ".join(command))
    if subprocess.run([sys.executable, "-m", *command]).returncode:
        sys.exit(1)


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="a name in --corpora, or a folder")
    parser.add_argument("output", type=Path)
    parser.add_argument("--corpora", type=Path, default=CORPORA, help="file of corpora")
    parser.add_argument("--format", default="", help="of a folder: as `spacy gpner convert` names it")
    parser.add_argument(
        "--lang", default="", help="the language's code (default: what --corpora says, or zh)"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    prepare(find_source(args.corpus, args.corpora, args.format, args.lang), args.output, args.seed)


if __name__ == "__main__":
    main()
