"""`spacy gpner init config`."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer
from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from .convert import TokenizerName

if TYPE_CHECKING:
    from ..configs.fit import Fit, Survey
    from ..configs.recipe import Recipe

init_cli = typer.Typer(
    name="init",
    help="Make a config to train with.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Size(StrEnum):
    """How large a model is, and whether it is pretrained."""

    small = "small"
    base = "base"
    transformer = "transformer"


def init_config_cli(
    output: Path = Arg(..., metavar="OUT.cfg", help="The config to write, or - for stdout", allow_dash=True),
    lang: str = Opt("zh", "--lang", "-l", help="The language's code"),
    size: Size = Opt(
        Size.base,
        "--size",
        "-s",
        help="small and base are trained from scratch, on a CPU; transformer fine-tunes a pretrained one, on a GPU",
    ),
    transformer: Optional[str] = Opt(
        None, "--transformer", help="A name on the Hugging Face hub or a directory [default: by language]"
    ),
    vectors: Optional[str] = Opt(
        None, "--vectors", help="A package or directory with word vectors, for words from scratch"
    ),
    tokenizer: Optional[TokenizerName] = Opt(
        None, "--tokenizer", help="One token a character (default for zh and ja), or the language's own"
    ),
    gpu: bool = Opt(False, "--gpu", "-G", help="Train on a GPU: a transformer in half precision"),
    train: Optional[Path] = Opt(
        None, "--train", help="What to train on, .spacy: window, steps, batches and labels are fitted to it"
    ),
    dev: Optional[Path] = Opt(None, "--dev", help="What to choose the best model on, .spacy"),
    epochs: int = Opt(5, "--epochs", min=1, help="With --train: how often to go through it"),
    force: bool = Opt(False, "--force", "-F", help="Overwrite the config if it is there"),
) -> None:
    """Write a complete config, with comments, for `spacy train` and `spacy gpner distill`."""
    from wasabi import Printer

    from ..configs.fit import EPOCHS
    from ..configs.make import default_fit, make_config, make_fitted_config
    from ..configs.recipe import Recipe
    from ..corpora.paths import check_output
    from ..errors import ConfigError
    from ..files import atomic_write

    is_stdout = str(output) == "-"
    msg = Printer(no_print=is_stdout)
    with fail_clearly():
        if not is_stdout:
            check_output(output, [path for path in (train, dev) if path is not None], ".cfg")
            if output.exists() and not force:
                raise ConfigError(
                    f"{output} is there already. Choose another name, or overwrite it with --force."
                )
        if train is None and (dev is not None or epochs != EPOCHS):
            raise ConfigError("--dev and --epochs go with --train. Give the .spacy file to train on.")
        recipe = Recipe(lang, size.value, tokenizer and tokenizer.value, transformer, vectors, gpu)
        survey = None
        if train is None:
            fit = default_fit(recipe)
            text = make_config(recipe)
        else:
            text, fit, survey = make_fitted_config(recipe, train, dev, epochs=epochs)
        if is_stdout:
            print(text, end="")
            return
        with atomic_write(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print_recipe(recipe, fit, survey)
    msg.good("Saved config", str(output))
    missing = "".join(
        f" --paths.{name} ./{name}.spacy" for name in ("train", "dev") if getattr(fit, name) is None
    )
    msg.text("You can now train your pipeline:")
    print(f"spacy train {output} --output training{missing}{' --gpu-id 0' if gpu else ''}")


def print_recipe(recipe: "Recipe", fit: "Fit", survey: Optional["Survey"]) -> None:
    """Print what a config is for, and what in it was taken from a corpus.

    recipe (Recipe): What it is for.
    fit (Fit): What depends on the corpus.
    survey (Optional[Survey]): What was found in the corpus, if there was one.
    """
    from wasabi import msg

    from ..entities import show_label

    rows = [
        ("Language", recipe.lang),
        ("Tokens", "characters" if recipe.is_characters else "words, by the language's own tokenizer"),
        ("Size", recipe.size),
    ]
    if recipe.is_pretrained:
        rows.append(("Transformer", recipe.variables["transformer"]))
    if survey is None:
        rows.append(("Window", f"{fit.window} tokens, without --train to fit it to"))
        msg.table(rows)
        return
    total = len(survey.counts.total)
    kept = sum(len(own) for own in survey.counts.labels.values()) - sum(survey.advice.lost.values())
    documents = "documents" if recipe.is_pretrained else "tokens"
    rows += [
        ("Documents", f"{survey.counts.documents:,}, {survey.counts.unlabelled:,} of them unlabelled"),
        ("Labels", ", ".join(map(show_label, fit.labels))),
        ("Window", f"{fit.window} tokens: keeps {kept:,} of {total:,} entities" if fit.window else "none"),
        ("Batch", f"{fit.batch_size:,} {documents}: {survey.batches:,} in an epoch"),
        ("Steps", f"{fit.max_steps:,}, {fit.max_steps / survey.batches:.1f} epochs"),
    ]
    msg.table(rows)
    if survey.retokenized:
        print_retokenized(recipe, survey)


def print_retokenized(recipe: "Recipe", survey: "Survey") -> None:
    """Say that documents have other tokens in the corpus than the config's tokenizer makes.

    recipe (Recipe): What the config is for.
    survey (Survey): What was found in the corpus.
    """
    from wasabi import msg

    found = (
        f"{survey.retokenized:,} of {survey.counts.documents:,} documents have other tokens in the corpus than "
        "this config's tokenizer makes"
    )
    if not survey.lost and 2 * survey.retokenized < survey.counts.documents:
        msg.info(f"{found}. All of their entities are made of whole tokens all the same.")
        return
    kind, other = ("char", "lang") if recipe.is_characters else ("lang", "char")
    msg.warn(
        f"{found}, and {survey.lost:,} entities that are not made of whole ones can't be learned.",
        f"Convert the corpus with --lang {recipe.lang} --tokenizer {kind}, or make the config with --tokenizer "
        f"{other}.",
    )
