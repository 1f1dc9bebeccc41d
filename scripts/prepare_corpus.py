"""Convert a corpus to train.spacy, heldout.spacy and dev.spacy.

heldout.spacy is a tenth of the training part, for choosing models and thresholds; dev.spacy is only read to
report a result. The sample comes with the project; the others are read from the folder that the
environment variable GPNER_DATA names (see assets/README.md for where to get them).

Example: python -m scripts.prepare_corpus sample corpus/sample
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wasabi import msg


@dataclass(frozen=True)
class Source:
    """Where a corpus lies. Without a dev part, every fifth training document is one.

    format (str): Its format, as `spacy gpner convert` names it.
    train, dev (Tuple[str, ...]): The files, below GPNER_DATA.
    neighbours (int): How many neighbouring documents are held out together. Where they come from one
        source, single ones look easier than the dev part: more of their entities occur in the training part.
    """

    format: str
    train: tuple[str, ...]
    dev: tuple[str, ...] = ()
    neighbours: int = 1


ASSETS = Path(__file__).parent.parent / "assets"
CORPORA = {
    "sample": Source("cmeee", ("sample_train.json",), ("sample_dev.json",)),
    "cmeee": Source("cmeee", ("cmeee/CMeEE_train.json",), ("cmeee/CMeEE_dev.json",), neighbours=100),
    "cmeee-v2": Source(
        "cmeee", ("cmeee-v2/CMeEE-V2_train.json",), ("cmeee-v2/CMeEE-V2_dev.json",), neighbours=100
    ),
    "cluener": Source("cluener", ("cluener/train.json",), ("cluener/dev.json",)),
    "ccks2019": Source(
        "ccks2019",
        ("ccks2019/subtask1_training_part1.txt", "ccks2019/subtask1_training_part2.txt"),
        ("ccks2019/subtask1_test_set_with_answer.json",),
    ),
    "drug-leaflets": Source("brat", ("drug-leaflets/brat",)),
}


def prepare(name: str, output: Path, seed: int) -> None:
    """Convert and split a corpus.

    name (str): A key of `CORPORA`.
    output (Path): The directory for the three files.
    seed (int): Seed of the choice of held-out documents.
    """
    source = CORPORA[name]
    root = ASSETS if name == "sample" else data_root(name)
    train, heldout, dev = (output / f"{part}.spacy" for part in ("train", "heldout", "dev"))
    everything = output / "all.spacy"
    convert(source.format, [root / file for file in source.train], everything)
    if source.dev:
        convert(source.format, [root / file for file in source.dev], dev)
    else:
        rest = output / "rest.spacy"
        gpner("split", everything, rest, dev, "--every", "5")
        rest.replace(everything)
    options = f"--share 0.1 --neighbours {source.neighbours} --seed {seed}"
    gpner("split", everything, train, heldout, *options.split())
    everything.unlink()


def data_root(name: str) -> Path:
    """The folder of the corpora."""
    root = os.environ.get("GPNER_DATA")
    if not root or not Path(root).is_dir():
        msg.fail(
            f"Corpus '{name}' needs the environment variable GPNER_DATA",
            f"It names the folder that holds {CORPORA[name].train[0]}. Now it is {root or 'not set'}.",
            exits=1,
        )
    return Path(root)


def convert(corpus_format: str, inputs: list[Path], output: Path) -> None:
    """Convert files to one DocBin."""
    gpner("convert", corpus_format, *inputs, output, "--summary", output.with_suffix(".json"))


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
    parser.add_argument("name", choices=CORPORA)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    prepare(args.name, args.output, args.seed)


if __name__ == "__main__":
    main()
