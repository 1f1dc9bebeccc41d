"""Let an encoder learn on from text."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
from thinc.api import fix_random_seed
from wasabi import Printer

from ..errors import PipelineError
from ..files import lies_in, resolve
from ..models.transformers.module import require_readable
from ..models.transformers.pieces import PieceTokenizer
from ..models.transformers.pretrained import load_masked
from ..tokenizer import is_foreign
from ..training.checkpoint import check_output
from ..training.loop import run
from .course import RESULT, AdaptationCourse, Settings
from .masking import Masking, cut_windows
from .model import build_masked_model
from .report import make_logger, show_counts
from .texts import read_texts
from .words import word_cutter

# Share of unknown characters that is told of
MANY = 0.1


def adapt(
    encoder: str,
    paths: Sequence[Path],
    output: Path,
    settings: Settings,
    *,
    without: Sequence[Path] = (),
    resume: bool = False,
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> None:
    """Let an encoder learn on from text.

    encoder (str): Its name on the Hugging Face hub, or its directory.
    paths (Sequence[Path]): Files with text.
    output (Path): Where to save it (model-best, model-last), and checkpoints until then.
    settings (Settings): How to learn.
    without (Sequence[Path]): Files whose texts are left out.
    resume (bool): Whether to go on from the last checkpoint there.
    stdout, stderr (IO[str]): Where messages and progress bars go.
    RAISES (GpnerError): If encoder, text, output or checkpoint can't be used, or a loss is not finite.
    """
    msg = Printer(no_print=True)
    check_outputs(output, encoder)
    if not resume:
        # Reading takes a while: an interrupted run that is in the way is told of before.
        check_output(output, AdaptationCourse.done, {}, resume=False)
    course = prepare(encoder, paths, settings, without=without, stdout=stdout, stderr=stderr)
    is_new = run(
        course,
        output,
        resume=resume,
        logger=lambda: make_logger(course),
        say=lambda text: course.say(msg.info(text)),
    )
    if not is_new:
        course.say(msg.good("Already finished", output))
        return
    before, after = (f"{course.result['perplexity'][key]:.2f}" for key in ("before", "after"))
    course.say(msg.info(f"Perplexity on the held-out part: {before} before, {after} after"))
    course.say(msg.good("Saved encoder to output directory", output / DIR_MODEL_LAST))


def prepare(
    encoder: str,
    paths: Sequence[Path],
    settings: Settings,
    *,
    without: Sequence[Path] = (),
    stdout: IO[str] = sys.stdout,
    stderr: IO[str] = sys.stderr,
) -> AdaptationCourse:
    """Load an encoder, and cut texts into its pieces.

    encoder, paths, settings, without, stdout, stderr: As for `adapt`.
    RETURNS (AdaptationCourse): What learns.
    RAISES (GpnerError): If encoder or text can't be used.
    """
    msg = Printer(no_print=True)
    cut = word_cutter(settings.lang)
    # A head that is made anew is random.
    fix_random_seed(settings.seed)
    loaded = load_masked(encoder)
    require_readable(loaded.module.base_model, settings.window, encoder)
    tokenizer = loaded.tokenizer
    pieces = PieceTokenizer(tokenizer.backend_tokenizer.to_str(), settings.window, settings.window)
    texts = read_texts(paths, without, share=settings.heldout)
    print(show_counts(texts.counts), file=stdout)
    masking = make_masking(tokenizer, loaded.module.config.pad_token_id or 0)
    special = frozenset(tokenizer.all_special_ids)
    windows = cut_windows(texts.learned, pieces, cut, special, "to learn from")
    held_out = cut_windows(texts.held_out, pieces, cut, special, "that are held out")
    course = AdaptationCourse(
        name=encoder,
        model=build_masked_model(loaded.module),
        has_head=loaded.has_head,
        tokenizer=tokenizer,
        masking=masking,
        windows=windows,
        held_out=held_out,
        texts=texts.to_json(),
        settings=settings,
        stdout=stdout,
        stderr=stderr,
    )
    course.say(msg.info(f"{windows.n_pieces:,} pieces to learn from, {held_out.n_pieces:,} held out"))
    if windows.unknown > MANY:
        course.say(
            msg.warn(
                f"The encoder does not know {windows.unknown:.0%} of the characters that are no spaces, and "
                "can't learn them. Give one of the texts' language."
            )
        )
    if is_foreign(settings.lang, texts.learned):
        course.say(
            msg.warn(
                f"Hardly any letter of the texts is one of the language '{settings.lang}', whose words are "
                "masked. Give the texts' language, such as --lang en."
            )
        )
    if course.head_steps:
        course.say(msg.info(f"The encoder has no head: a new one learns alone for {course.head_steps} steps"))
    return course


def make_masking(tokenizer: Any, padding: int) -> Masking:
    """What masks the pieces of a tokenizer.

    tokenizer (PreTrainedTokenizerFast): The tokenizer.
    padding (int): The piece that a batch is padded with.
    RETURNS (Masking): It.
    """
    ordinary = numpy.setdiff1d(numpy.arange(len(tokenizer)), tokenizer.all_special_ids)
    return Masking(tokenizer.mask_token_id, padding, ordinary)


def check_outputs(output: Path, encoder: str) -> None:
    """See to it that nothing but an earlier adapted encoder is replaced, and not the one that is read.

    output (Path): The output directory.
    encoder (str): The encoder to read.
    RAISES (PipelineError): If something else would be.
    """
    source = resolve(Path(encoder))
    if (source / "config.json").is_file() and lies_in(resolve(output), source):
        raise PipelineError(f"{output} is the encoder to read, or lies in it. Give another output.")
    for path in (output / DIR_MODEL_BEST, output / DIR_MODEL_LAST):
        if lies_in(source, resolve(path)):
            raise PipelineError(
                f"{path} is the encoder to read, or holds it, and would be replaced. Give another output."
            )
        if path.is_dir() and any(path.iterdir()) and not (path / RESULT).is_file():
            raise PipelineError(
                f"{path} would be replaced, and is no encoder that was adapted. Move it away, or give "
                "another output."
            )
