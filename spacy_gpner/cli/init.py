"""`spacy gpner init config`."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Optional

import typer
from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from .convert import TokenizerName

init_cli = typer.Typer(
    name="init",
    help="Make what a training begins with: a config, or an encoder",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Size(StrEnum):
    """How large a model is, and whether it is pretrained."""

    small = "small"
    base = "base"
    frozen = "frozen"
    fused = "fused"
    transformer = "transformer"


class Component(StrEnum):
    """Which component the config is for."""

    span_globalpointer = "span_globalpointer"
    span_crf = "span_crf"
    span_mrc = "span_mrc"


class Context(StrEnum):
    """A layer that reads what stands around a token."""

    idcnn = "idcnn"
    mha = "mha"
    bilstm = "bilstm"
    bigru = "bigru"


def init_config_cli(
    output: Path = Arg(..., metavar="OUT.cfg", help="The config to write, or - for stdout", allow_dash=True),
    lang: str = Opt("zh", "--lang", "-l", help="The language's code, such as en for English"),
    size: Size = Opt(
        Size.base,
        "--size",
        "-s",
        help="small and base are trained from scratch, frozen on a pretrained encoder's vectors, all on a "
        "CPU; fused and transformer fine-tune the encoder, with learned vectors beside it and alone",
    ),
    transformer: Optional[str] = Opt(
        None, "--transformer", help="A name on the Hugging Face hub or a directory [default: by language]"
    ),
    depth: Optional[int] = Opt(
        None,
        "--depth",
        min=1,
        help="With --size fused and transformer: layers to keep, from the first [default: all]",
    ),
    component: Component = Opt(
        Component.span_globalpointer,
        "--component",
        "-c",
        help="What finds entities: by scores of spans or of tags, or as answers to queries",
    ),
    by_type: bool = Opt(
        False,
        "--by-type",
        help="Of span_crf: tags for each type, so that entities of different types can nest",
    ),
    queries: Optional[Path] = Opt(
        None, "--queries", help="Of span_mrc: a YAML or JSON file with a query for each label"
    ),
    context: Optional[list[Context]] = Opt(
        None,
        "--context",
        help="Dilated convolutions, self-attention, BiLSTM or BiGRU: on a transformer, else in place of the "
        "BiLSTM. Given again, one on the other",
    ),
    adversary: bool = Opt(
        False, "--adversary", help="Train adversarially, by FGM: a step takes twice the time"
    ),
    vectors: Optional[str] = Opt(
        None,
        "--vectors",
        help="Of words or characters: a package or directory, with --size small or base",
    ),
    tokenizer: Optional[TokenizerName] = Opt(
        None, "--tokenizer", help="One token a character (default for zh and ja), or the language's own"
    ),
    gpu: bool = Opt(
        False, "--gpu", "-G", help="Train on a GPU: a transformer with the main paper's settings"
    ),
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
    from ..configs.report import print_recipe
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
        recipe = Recipe(
            lang,
            size.value,
            tokenizer=tokenizer.value if tokenizer else None,
            transformer=transformer,
            depth=depth,
            vectors=vectors,
            gpu=gpu,
            component=component.value,
            by_type=by_type,
            queries=None if queries is None else str(queries),
            context=[layer.value for layer in context or []],
            adversary=adversary,
        )
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
    print(f"spacy train {shlex.quote(str(output))} --output training{missing}{' --gpu-id 0' if gpu else ''}")
