"""The command: runs contests, prints and keeps what was measured, and writes tables of it.

Example: python -m benchmarks run distillation pipeline --corpus corpus/cmeee --output benchmarks.json
"""

import platform
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Optional

import srsly
import torch
import typer
from wasabi import msg

from spacy_gpner.files import atomic_write

from .contest import compete
from .contests import (
    Contest,
    adversary_contests,
    archive_contests,
    component_contests,
    crf_contests,
    distillation_contests,
    head_contests,
    mrc_contests,
    pipeline_contests,
    pretrained_contests,
    scaling_contests,
    student_contests,
    transformer_contests,
)
from .tables import markdown, table, update_page
from .texts import read_texts
from .transformer import make_bert

GROUPS = (
    "head",
    "crf",
    "mrc",
    "pipeline",
    "adversary",
    "transformer",
    "pretrained",
    "distillation",
    "student",
    "archive",
)
PRETRAINED = {"pretrained", "adversary"}
# Of multilingual-e5-small
SMALL = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}

app = typer.Typer(name="benchmarks", help=__doc__, no_args_is_help=True, rich_markup_mode=None)


@app.command()
def run(
    groups: list[str] = typer.Argument(..., metavar="GROUP…", help=f"Which contests: {', '.join(GROUPS)}"),
    corpus: Path = typer.Option("corpus/sample", help="Directory with train.spacy and dev.spacy"),
    model: list[str] = typer.Option(
        [],
        metavar="NAME=DIR",
        help="A trained pipeline, for `student` (ratios are to the first) and `archive`",
    ),
    encoder: Optional[Path] = typer.Option(
        None,
        exists=True,
        file_okay=False,
        help="For `pretrained` and `adversary`, in place of a random one of 29 M parameters",
    ),
    texts: int = typer.Option(600, min=1, help="Texts to run over"),
    rounds: int = typer.Option(5, min=1, help="Timed runs of each contestant"),
    threads: int = typer.Option(2, min=1, help="Threads of torch"),
    memory: float = typer.Option(4.0, help="GiB that the dense form may take"),
    only: str = typer.Option("", help="Run contests alone whose setting contains this"),
    output: Optional[Path] = typer.Option(None, help="JSON file; contests that are there are replaced"),
    gpu: bool = typer.Option(False, "--gpu", help="On the GPU"),
) -> None:
    """Run contests: each contestant in a process of its own, in turns."""
    unknown = sorted(set(groups) - set(GROUPS))
    if unknown:
        msg.fail(f"Unknown: {', '.join(unknown)}", f"Expected some of {', '.join(GROUPS)}.", exits=1)
    missing = [str(corpus / f"{part}.spacy") for part in ("train", "dev")]
    missing = [name for name in missing if not Path(name).is_file()]
    if missing and set(groups) != {"head"}:
        msg.fail(f"Not there: {', '.join(missing)}", "Make them with scripts/prepare_corpus.py.", exits=1)
    models = {name: directory for name, _, directory in (each.partition("=") for each in model)}
    wanting = {"student", "archive"} & set(groups)
    if wanting and (not models or not all(name and path for name, path in models.items())):
        msg.fail(f"{min(wanting)}: give pipelines", "--model NAME=DIR, once for each", exits=1)
    done = read(output)
    with tempfile.TemporaryDirectory() as directory:
        bert = Path(directory) / "bert"
        if {"transformer", "mrc"} & set(groups):
            make_bert(bert, read_texts(str(corpus / "dev.spacy"), texts))
        if PRETRAINED & set(groups) and encoder is None:
            encoder = Path(directory) / "encoder"
            make_bert(encoder, read_texts(str(corpus / "dev.spacy"), texts), SMALL)
        contests: dict[str, Iterable[Contest]] = {
            "head": chain(head_contests(memory), scaling_contests()),
            "crf": chain(crf_contests(), component_contests(corpus, texts)),
            "mrc": mrc_contests(corpus, bert, texts),
            "pipeline": pipeline_contests(corpus, texts),
            "transformer": transformer_contests(corpus, bert, texts),
            "pretrained": [] if encoder is None else pretrained_contests(corpus, encoder, texts),
            "adversary": [] if encoder is None else adversary_contests(corpus, encoder, texts),
            "distillation": distillation_contests(corpus, texts),
            "student": student_contests(corpus, models, texts) if models else [],
            "archive": archive_contests(corpus, next(iter(models.values())), texts) if models else [],
        }
        chosen = [x for x in chain.from_iterable(contests[group] for group in groups) if only in x.setting]
        if not chosen:
            msg.fail(f"No contest's setting contains '{only}'", exits=1)
        for contest in chosen:
            try:
                results = compete(
                    contest.contestants, rounds=rounds, threads=threads, device="cuda" if gpu else "cpu"
                )
            except RuntimeError as err:
                msg.fail(contest.setting, str(err), exits=1)
            row = {
                "group": contest.group,
                "setting": contest.setting,
                "note": contest.note,
                "results": [
                    {"name": result.name, "seconds": result.seconds, "memory": result.memory}
                    for result in results
                ],
                "machine": machine(threads, gpu),
            }
            table([row])
            done = [x for x in done if (x["group"], x["setting"]) != (contest.group, contest.setting)]
            done.append(row)
            if output is not None:
                with atomic_write(output) as temporary:
                    srsly.write_json(temporary, done)


@app.command()
def page(
    results: Path = typer.Argument(..., exists=True, dir_okay=False, help="What `run` has written"),
    target: Path = typer.Argument(..., exists=True, dir_okay=False, help="The page whose tables to replace"),
) -> None:
    """Write the tables between the page's marks <!-- benchmarks --> and <!-- /benchmarks -->."""
    try:
        update_page(target, markdown(read(results)))
    except ValueError as err:
        msg.fail(str(err), exits=1)
    msg.good(f"{target}")


def read(path: Optional[Path]) -> list[dict]:
    """What was measured before."""
    if path is None or not path.is_file():
        return []
    try:
        contests = srsly.read_json(path)
        if all({"group", "setting", "results", "machine"} <= contest.keys() for contest in contests):
            return list(contests)
    except (AttributeError, TypeError, ValueError):
        pass
    msg.fail(f"{path} holds no results of contests", "Give another file.", exits=1)
    return []


def machine(threads: int, gpu: bool) -> str:
    """What the numbers were measured on."""
    where = torch.cuda.get_device_name() if gpu else f"{platform.machine()}, {threads} threads"
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "spacy", "thinc"))
    return f"{where}; Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    app()
