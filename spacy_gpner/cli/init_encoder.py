"""`spacy gpner init encoder`."""

from pathlib import Path

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from ._options import TEXTS, WITHOUT


def init_encoder_cli(
    output: Path = Arg(..., metavar="OUT", help="The directory to write"),
    texts: list[Path] = TEXTS,
    without: list[Path] = WITHOUT,
    layers: int = Opt(4, "--layers", min=1, help="Number of layers"),
    hidden: int = Opt(256, "--hidden", min=1, help="Width of the layers"),
    heads: int = Opt(4, "--heads", min=1, help="Attention heads of a layer, which must divide --hidden"),
    vocabulary: int = Opt(20000, "--vocabulary", min=6, help="The most pieces of its vocabulary"),
    cased: bool = Opt(False, "--cased", help="Keep capitals [default: read them as small letters]"),
    seed: int = Opt(0, "--seed", min=0, help="Seed of the weights"),
) -> None:
    """Make an encoder without pretrained weights, with a vocabulary from texts, for `spacy gpner adapt` to
    train.
    """
    from wasabi import msg

    from ..adaptation.fresh import make_encoder
    from ..locks import locked

    with fail_clearly(), locked(output):
        n_pieces = make_encoder(
            texts,
            output,
            without=without,
            layers=layers,
            hidden=hidden,
            heads=heads,
            vocabulary=vocabulary,
            cased=cased,
            seed=seed,
        )
    msg.good(f"Saved an encoder with {n_pieces:,} pieces and random weights", str(output))
