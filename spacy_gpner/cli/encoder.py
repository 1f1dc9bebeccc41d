"""`spacy gpner encoder`."""

from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly


def encoder_cli(
    name: str = Arg(..., metavar="ENCODER", help="An encoder: its directory, or its Hugging Face hub name"),
    output: Path = Arg(..., metavar="OUT", help="Directory of the smaller encoder"),
    texts: list[Path] = Opt(
        ...,
        "--text",
        "-t",
        metavar="TEXT",
        help="Texts: .txt, one a line, or .jsonl, either perhaps with .gz; or .spacy. May be given again",
    ),
    characters: bool = Opt(False, "--characters", help="Make every Chinese character a piece of its own"),
    layers: Optional[int] = Opt(
        None, "--layers", min=1, help="Layers to keep, from the first [default: all]"
    ),
) -> None:
    """Cut a pretrained encoder's vocabulary to the pieces that texts need. What it makes of these texts stays
    the same, unless --characters or --layers change it. The result is a directory as transformers'
    save_pretrained writes it, for `name` of spacy-gpner.Transformer.v1 and FrozenTransformer.v1.
    """
    from wasabi import msg

    from ..corpora.paths import check_inputs
    from ..locks import locked
    from ..vocabulary.encoder import check_output, cut_encoder, write_encoder
    from ..vocabulary.report import print_cut

    with fail_clearly():
        check_inputs(texts)
        check_output(output, name)
        with locked(output):
            cut = cut_encoder(name, texts, by_character=characters, layers=layers)
            write_encoder(cut.pretrained, output)
        print_cut(cut)
        msg.good(f"{output}: the encoder with {cut.sizes[1].pieces:,} pieces")
