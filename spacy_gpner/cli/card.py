"""`spacy gpner card`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt, import_code

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import CODE, GPU


def card_cli(
    model: Path = Arg(..., metavar="MODEL", help="The directory of a trained pipeline"),
    corpus_path: Path = Arg(
        ..., metavar="DEV.spacy", help="Documents with gold that it has not learned from"
    ),
    train_path: Optional[Path] = Opt(None, "--train", help="The training corpus, to say what it holds"),
    name: Optional[str] = Opt(None, "--name", "-n", help="What the pipeline is called, put into meta.json"),
    version: Optional[str] = Opt(None, "--version", "-v", help="Its version, put into meta.json"),
    data_name: Optional[str] = Opt(None, "--data-name", help="What the training data is called"),
    data_license: Optional[str] = Opt(None, "--data-license", help="The licence of the training data"),
    use_gpu: int = GPU,
    code_path: Optional[Path] = CODE,
) -> None:
    """Write a pipeline's model card, MODEL/README.md, which `spacy package` and the Hugging Face hub show:
    data, sizes, scores by label, thresholds, calibration, speed on this machine, limits. Counts and labels
    alone, no text. What is not known, it calls unknown. Scores that meta.json lacks, the pipeline's name and
    version, and the name and licence of the data are put there.
    """
    from wasabi import msg

    from ..card.card import check_model, make_card, write_card
    from ..card.render import render_card
    from ..locks import locked

    import_code(code_path)
    setup_gpu(use_gpu)
    with fail_clearly():
        check_model(model)
        with locked(model):
            card = make_card(
                model,
                corpus_path,
                train_path=train_path,
                name=name,
                version=version,
                data_name=data_name,
                data_license=data_license,
            )
            write_card(card, render_card(card), model)
        for note in card.evaluation.notes:
            msg.warn(note)
        if card.paths:
            msg.warn(
                f"{model / 'config.cfg'} names places of this machine, which a package would carry: "
                f"{', '.join(card.paths)}",
                "They are not needed to load it: set those of [paths] to null there.",
            )
        msg.good(f"{model / 'README.md'}: F1 {100 * card.metrics['micro']['f']:.2f} on {corpus_path}")
