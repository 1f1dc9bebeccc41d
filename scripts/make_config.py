"""Fit a training config to a corpus: its paths, and as many steps as a number of epochs makes.

The learning rate's schedule needs the number of steps beforehand, and a small corpus more epochs than
a large one: `--min-steps` sees to that.

Example: python -m scripts.make_config configs/cpu.cfg corpus/sample config.cfg --epochs 12 --min-steps 800
"""

import argparse
from pathlib import Path

import spacy
from spacy.tokens import Doc, DocBin
from spacy.util import load_config, registry
from thinc.api import Config
from wasabi import msg

EVALUATIONS = 12


def make_config(config_path: Path, corpus: Path, output: Path, epochs: int, min_steps: int) -> int:
    """Write a config for a corpus.

    config_path (Path): The config to start from.
    corpus (Path): The directory with train.spacy and heldout.spacy.
    output (Path): The config to write.
    epochs (int): How often to go through the training part.
    min_steps (int): Train for so many steps at least.
    RETURNS (int): The number of steps.
    """
    config = load_config(config_path, interpolate=False)
    docs = list(DocBin().from_disk(corpus / "train.spacy").get_docs(spacy.blank("zh").vocab))
    batches = batches_per_epoch(config["training"]["batcher"], docs)
    steps = max(min_steps, epochs * batches)
    frequency = max(1, steps // EVALUATIONS)
    fit_config(config, corpus / "train.spacy", corpus / "heldout.spacy", steps, eval_frequency=frequency)
    output.parent.mkdir(parents=True, exist_ok=True)
    config.to_disk(output)
    return steps


def fit_config(config: Config, train: Path, dev: Path, steps: int, *, eval_frequency: int) -> None:
    """Set a config's corpora and steps.

    config (Config): The config, changed in place.
    train, dev (Path): What to train on, and what to evaluate on while training.
    steps (int): How many steps to train, alone and under a teacher.
    eval_frequency (int): Steps from one evaluation to the next.
    """
    config["paths"]["train"] = str(train)
    config["paths"]["dev"] = str(dev)
    for block in ("training", "distillation"):
        if block in config:
            config[block]["max_steps"] = steps
            # spaCy reads the optimizer's block by itself, without the variables of others.
            config[block]["optimizer"]["learn_rate"]["total_steps"] = steps
    config["training"]["eval_frequency"] = eval_frequency


def batches_per_epoch(batcher_block: dict, docs: list[Doc]) -> int:
    """How many batches the config's batcher makes of the documents."""
    batcher = registry.resolve({"batcher": batcher_block})["batcher"]
    return sum(1 for _ in batcher(docs))


def positive(text: str) -> int:
    """A number of the command line; to spaCy, 0 steps are no limit."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=positive, default=12)
    parser.add_argument("--min-steps", type=positive, default=800)
    args = parser.parse_args()
    for path in (args.config, args.corpus / "train.spacy", args.corpus / "heldout.spacy"):
        if not path.is_file():
            parser.error(f"{path} is missing")
    steps = make_config(args.config, args.corpus, args.output, args.epochs, args.min_steps)
    msg.good(f"{args.output}: {steps} steps")


if __name__ == "__main__":
    main()
