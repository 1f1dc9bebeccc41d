"""What a config is for, in the terminal."""

from typing import Optional

from wasabi import msg

from ..entities import show_label
from ..tables import print_table
from .fit import Fit, Survey
from .recipe import Recipe


def print_recipe(recipe: Recipe, fit: Fit, survey: Optional[Survey]) -> None:
    """Print what a config is for, and what in it was taken from a corpus.

    recipe (Recipe): What it is for.
    fit (Fit): What depends on the corpus.
    survey (Optional[Survey]): What was found in the corpus, if there was one.
    """
    rows = [
        ("Language", recipe.lang),
        ("Tokens", "characters" if recipe.is_characters else "words, by the language's own tokenizer"),
        ("Size", recipe.size),
    ]
    if recipe.is_pretrained:
        rows.append(("Transformer", recipe.variables["transformer"]))
    if survey is None:
        rows.append(("Window", _window(fit, "without --train to fit it to")))
        print_table(rows, aligns="l")
        return
    total = len(survey.counts.total)
    kept = total - sum(survey.advice.lost.values())
    units = "documents" if recipe.is_fine_tuned and recipe.gpu else "tokens"
    rows += [
        ("Documents", f"{survey.counts.documents:,}, {survey.counts.unlabelled:,} of them unlabelled"),
        ("Labels", ", ".join(map(show_label, fit.labels))),
        ("Window", _window(fit, f"keeps {kept:,} of {total:,} entities")),
        ("Batch", f"{fit.batch_size:,} {units}: {survey.batches:,} in an epoch"),
        ("Steps", f"{fit.max_steps:,}, {fit.max_steps / survey.batches:.1f} epochs"),
    ]
    print_table(rows, aligns="l")
    if survey.foreign:
        msg.warn(
            f"Hardly any letter of the corpus is one of the language '{recipe.lang}', whose characters are "
            "tokens.",
            "Give the corpus's language, such as --lang en, here and to `spacy gpner convert`.",
        )
    elif survey.retokenized:
        _print_retokenized(recipe, survey)


def _window(fit: Fit, note: str) -> str:
    if fit.window == "auto":
        return "as long as the longest entity, when training"
    return f"{fit.window} tokens: {note}" if fit.window else "none"


def _print_retokenized(recipe: Recipe, survey: Survey) -> None:
    found = (
        f"{survey.retokenized:,} of {survey.counts.documents:,} documents have other tokens in the corpus "
        "than this config's tokenizer makes"
    )
    if not survey.lost and (recipe.is_characters or 2 * survey.retokenized < survey.counts.documents):
        msg.info(f"{found}. All of their entities are made of whole tokens all the same.")
        return
    msg.warn(
        f"{found}, and {survey.lost:,} entities that are not made of whole ones can't be learned.",
        f"Convert the corpus with --lang {recipe.lang} --tokenizer lang. One that came tokenized keeps its "
        "tokens: make the config with --tokenizer char.",
    )
