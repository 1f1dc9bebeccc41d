"""Make the config of one of the project's models for a corpus: a size of `spacy gpner init config` (small,
base, transformer), or NAME of a configs/NAME.cfg.

A size is fitted to the corpus in all that depends on it: window, steps, batches, labels. Of a file, paths and
steps are set, and nothing else. The project's own files (configs/cpu.cfg, …) are made of sizes: as long as
nobody has changed them, they are fitted whole too, but for corpora with `fit: false` in configs/corpora.yml.

Example: python -m scripts.make_config cpu sample corpus/sample training/sample/cpu.cfg --epochs 12
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

import spacy
from spacy.util import load_config
from thinc.api import Config
from wasabi import msg

from spacy_gpner.cli._errors import fail_clearly
from spacy_gpner.configs.fit import EVALUATIONS, count_batches
from spacy_gpner.configs.make import make_config, make_fitted_config
from spacy_gpner.configs.recipe import Recipe, Size
from spacy_gpner.configs.report import print_recipe
from spacy_gpner.corpora.docs import read_docs
from spacy_gpner.entities import token_edges
from spacy_gpner.files import atomic_write

from .corpora import CORPORA, Source, find_source
from .make_configs import CONFIGS, RECIPES

# Documents that tell whether a config makes a corpus's tokens
FEW = 20
OTHER_TOKENS = (
    "Take a config for its language, or convert the corpus with the config's tokenizer (`spacy gpner convert "
    "--lang … --tokenizer …`; columns have tokens of their own)."
)


def find_recipe(name: str, source: Source) -> Recipe | None:
    """The recipe of a model, or None where its file is to be taken as it is.

    name (str): A size, or a name in configs/.
    source (Source): The corpus.
    RETURNS (Optional[Recipe]): The recipe.
    """
    if name in get_args(Size):
        return Recipe(source.lang, cast(Size, name))
    recipe = RECIPES.get(name)
    if recipe is None or (recipe.lang == source.lang and not source.fit):
        return None
    if (CONFIGS / f"{name}.cfg").read_text(encoding="utf-8") != make_config(recipe):
        # Somebody's own by now
        return None
    if recipe.lang != source.lang:
        recipe = replace(recipe, lang=source.lang, transformer=None)
    return recipe


def fit_config(config: Config, train: Path, dev: Path, steps: int, *, eval_frequency: int) -> None:
    """Set a config's corpora and steps, and leave the rest as it is.

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
            rate = config[block]["optimizer"].get("learn_rate")
            if isinstance(rate, dict) and "total_steps" in rate:
                rate["total_steps"] = steps
    config["training"]["eval_frequency"] = eval_frequency


def has_other_tokens(config: Config, corpus: Path) -> bool:
    """Whether a config's tokenizer makes less than half of the tokens of a corpus: characters, say, where it
    has words. A corpus of columns would be trained on in its own tokens, and measured in the config's.

    config (Config): The config.
    corpus (Path): The .spacy file, of which a few documents are looked at.
    RETURNS (bool): Whether it does.
    """
    given = {key: value for key, value in config.interpolate()["nlp"].items() if key == "tokenizer"}
    nlp = spacy.blank(config["nlp"]["lang"], config={"nlp": given})
    n_same = n_tokens = 0
    for doc in read_docs(corpus)[0][:FEW]:
        own, made = ({*map(tuple, token_edges(each))} for each in (doc, nlp.make_doc(doc.text)))
        n_same += len(own & made)
        n_tokens += len(own)
    return 2 * n_same < n_tokens


def write_config(
    name: str, source: Source, corpus: Path, output: Path, *, encoder: str, epochs: int, min_steps: int
) -> None:
    """Write the config of a model for a corpus.

    name (str): A size, or a name in configs/.
    source (Source): Where the corpus is from.
    corpus (Path): The directory with train.spacy and heldout.spacy.
    output (Path): The config to write.
    encoder (str): The pretrained encoder, if the model has one; empty for the config's own.
    epochs (int): How often to go through the training part.
    min_steps (int): Train for so many steps at least.
    """
    train, heldout = (corpus / f"{part}.spacy" for part in ("train", "heldout"))
    recipe = find_recipe(name, source)
    if recipe is not None:
        if encoder and recipe.is_pretrained:
            recipe = replace(recipe, transformer=encoder)
        text, fit, survey = make_fitted_config(recipe, train, heldout, epochs=epochs, min_steps=min_steps)
        with atomic_write(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print_recipe(recipe, fit, survey)
        msg.good(str(output))
        return
    path = CONFIGS / f"{name}.cfg"
    if not path.is_file():
        msg.fail(
            f"There is no model '{name}'",
            f"Give a size ({', '.join(get_args(Size))}) or a file of {CONFIGS} without its .cfg.",
            exits=1,
        )
    config = load_config(path, interpolate=False)
    if config["nlp"]["lang"] != source.lang:
        msg.fail(
            f"{path} is for the language '{config['nlp']['lang']}', the corpus for '{source.lang}'",
            f"Give a size ({', '.join(get_args(Size))}) in place of {name}, or --vars.lang.",
            exits=1,
        )
    if has_other_tokens(config, train):
        msg.warn(f"{path} makes other tokens than {train} has", OTHER_TOKENS)
    if encoder and "transformer" in config["paths"]:
        config["paths"]["transformer"] = encoder
    steps = max(min_steps, epochs * count_batches(config["training"]["batcher"], read_docs(train)[0]))
    fit_config(config, train, heldout, steps, eval_frequency=max(1, steps // EVALUATIONS))
    with atomic_write(output) as temporary:
        config.to_disk(temporary)
    msg.good(f"{output}: {steps} steps")


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
    parser.add_argument("model", help="a size, or the name of a file in configs/")
    parser.add_argument("corpus", help="what prepare_corpus was given: a name in --corpora, or a folder")
    parser.add_argument("directory", type=Path, help="where train.spacy and heldout.spacy are")
    parser.add_argument("output", type=Path)
    parser.add_argument("--corpora", type=Path, default=CORPORA, help="file of corpora")
    parser.add_argument("--format", default="", help="as prepare_corpus was given it")
    parser.add_argument("--lang", default="", help="as prepare_corpus was given it")
    parser.add_argument(
        "--encoder", default="", help="of a model with a pretrained one: its name or directory"
    )
    parser.add_argument("--epochs", type=positive, default=5)
    parser.add_argument("--min-steps", type=positive, default=1000)
    args = parser.parse_args()
    with fail_clearly():
        source = find_source(args.corpus, args.corpora, args.format, args.lang)
        write_config(
            args.model,
            source,
            args.directory,
            args.output,
            encoder=args.encoder,
            epochs=args.epochs,
            min_steps=args.min_steps,
        )


if __name__ == "__main__":
    main()
