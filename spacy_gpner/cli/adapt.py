"""`spacy gpner adapt`."""

import sys
from pathlib import Path
from typing import Optional

from spacy.cli._util import Arg, Opt

from ._errors import fail_clearly
from ._gpu import setup_gpu
from ._options import GPU, TEXTS, WITHOUT


def adapt_cli(
    encoder: str = Arg(..., metavar="ENCODER", help="A name on the Hugging Face hub, or a directory"),
    texts: list[Path] = TEXTS,
    output_path: Path = Opt(..., "--output", "-o", help="Output directory"),
    without: list[Path] = WITHOUT,
    lang: str = Opt("zh", "--lang", "-l", help="The language's code, such as en, for its words"),
    window: int = Opt(128, "--window", min=4, help="Pieces that the encoder reads at once"),
    batch_size: int = Opt(4096, "--batch-size", min=4, help="Pieces of a batch, with padding"),
    epochs: int = Opt(1, "--epochs", min=1, help="How often to go through the texts"),
    steps: Optional[int] = Opt(None, "--steps", min=1, help="Batches to learn from, in place of --epochs"),
    head_steps: int = Opt(
        300, "--head-steps", min=0, help="Batches from which the head learns alone, if the encoder has none"
    ),
    learn_rate: float = Opt(1e-4, "--learn-rate", help="The learning rate, after warm-up"),
    heldout: float = Opt(0.01, "--heldout", help="Share of the texts to hold out"),
    seed: int = Opt(0, "--seed", min=0, help="Seed of all that is random"),
    use_gpu: int = GPU,
    resume: bool = Opt(False, "--resume", help="Go on from the last checkpoint in the output directory"),
) -> None:
    """Let a pretrained encoder learn on from text alone: it has to tell masked words. The result is a
    directory of Hugging Face's kind, for `name` of Transformer, FrozenTransformer or another ENCODER. One
    without pretrained weights begins with `spacy gpner init encoder`.
    """
    from ..adaptation.adapt import adapt
    from ..adaptation.course import Settings
    from ..errors import TrainingError
    from ..locks import locked

    setup_gpu(use_gpu)
    with fail_clearly():
        try:
            settings = Settings(
                lang=lang,
                window=window,
                batch_size=batch_size,
                epochs=epochs,
                steps=steps,
                head_steps=head_steps,
                learn_rate=learn_rate,
                heldout=heldout,
                seed=seed,
            )
        except ValueError as err:
            raise TrainingError(str(err)) from None
        with locked(output_path):
            adapt(
                encoder,
                texts,
                output_path,
                settings,
                without=without,
                resume=resume,
                stdout=sys.stdout,
                stderr=sys.stderr,
            )
