"""What an adaptation prints."""

from typing import Optional

from tqdm import tqdm
from wasabi import Printer

from ..training.loop import Info, Logger
from .course import AdaptationCourse
from .texts import FileCount

HEADER = ("step", "epoch", "loss", "held out", "perplexity", "pieces/s")
WIDTHS = (8, 6, 8, 9, 11, 10)
ALIGNS = ("r",) * len(WIDTHS)


def make_logger(course: AdaptationCourse) -> Logger:
    """Set up a logger with a line for each evaluation, and a progress bar on a terminal.

    course (AdaptationCourse): What learns.
    RETURNS (Logger): The logger.
    """
    msg = Printer(no_print=True)
    course.say(msg.row(HEADER, widths=WIDTHS, aligns=ALIGNS))
    course.say(msg.row(["-" * width for width in WIDTHS]))
    bar = tqdm(total=course.n_steps, unit=" steps", file=course.stderr, leave=False, disable=None)

    def log_step(info: Optional[Info]) -> None:
        bar.update()
        if info is None:
            return
        losses, scores = info["losses"], info["other_scores"]
        bar.update(info["step"] + 1 - bar.n)
        row = (
            str(info["step"]),
            str(info["epoch"]),
            f"{losses['loss'] / losses['masked']:.3f}",
            f"{scores['loss']:.3f}",
            f"{scores['perplexity']:.2f}",
            f"{losses['pieces'] / losses['seconds']:,.0f}",
        )
        bar.clear()
        course.say(msg.row(row, widths=WIDTHS, aligns=ALIGNS))

    return log_step, bar.close


def show_counts(counts: list[FileCount]) -> str:
    """Say what became of the texts of each file.

    counts (List[FileCount]): The counts.
    RETURNS (str): A table.
    """
    kept = [x.texts - x.duplicates - x.left_out for x in counts]
    rows = [
        (x.file, *(f"{n:,}" for n in (x.texts, x.duplicates, x.left_out, left)))
        for x, left in zip(counts, kept, strict=True)
    ]
    header = ("file", "texts", "duplicates", "left out", "kept")
    table: str = Printer(no_print=True).table(rows, header=header, divider=True, aligns=("l", *"rrrr"))
    return table
