"""`spacy gpner annotate`."""

from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer
from spacy.cli._util import Arg, Opt, import_code

from ._errors import fail_clearly
from ._options import CODE, ENCODING, GPU

if TYPE_CHECKING:
    from ..archive.engine import Engine


class Format(StrEnum):
    """What rows of annotations are written as."""

    jsonl = "jsonl"
    parquet = "parquet"


class EngineName(StrEnum):
    """What runs the workers."""

    local = "local"
    ray = "ray"


def annotate_cli(
    model: Optional[str] = Arg(None, metavar="MODEL", help="A pipeline: a directory or a package"),
    inputs: Optional[list[Path]] = Arg(
        None,
        metavar="INPUT",
        help="Files or folders of them: .jsonl, .csv, .tsv, .parquet, or .txt with one document each; each "
        "perhaps with .gz, .bz2 or .xz",
    ),
    output: Optional[Path] = Opt(None, "--output", "-o", help="Folder of annotations and ledger"),
    text: str = Opt("text", "--text", help="The column of the text"),
    id_: str = Opt("id", "--id", help="The column of the document's name"),
    carry: list[str] = Opt([], "--carry", help="A column to carry along. May be given again"),
    sql: Optional[str] = Opt(None, "--sql", help="A database's URL, in the place of files"),
    query: Optional[str] = Opt(None, "--query", help="What to ask the database for"),
    encoding: Optional[str] = ENCODING,
    clean: str = Opt(
        "", "--clean", help="Steps of cleaning, with commas: html, lines, control, width, spaces"
    ),
    format_: Format = Opt(Format.jsonl, "--format", help="Format of what is written"),
    shard_size: int = Opt(1000, "--shard-size", min=1, help="Documents of a shard"),
    max_length: int = Opt(1_000_000, "--max-length", min=1, help="The longest document, in characters"),
    workers: int = Opt(1, "--workers", min=1, help="Processes"),
    engine: EngineName = Opt(
        EngineName.local, "--engine", help="Processes of this machine, or of a Ray cluster"
    ),
    address: Optional[str] = Opt(
        None, "--address", help="Address of the Ray cluster [default: one on this machine is started]"
    ),
    code_path: Optional[Path] = CODE,
    use_gpu: int = GPU,
    status: Optional[Path] = Opt(None, "--status", help="Say what an output holds, and end"),
) -> None:
    """Annotate an archive of documents. Its entities, their nesting and probabilities are written in shards,
    with offsets in the original text, and a row for each document, also of those without entities. Run again,
    it goes on where it was interrupted; over an archive that has grown or changed, it annotates what is new
    or changed and says what is gone. Rows that are no documents go to the output's rejects. The exit code is
    0 if all documents are annotated, and 3 if some could not be or files changed while they were read.
    """
    from wasabi import msg

    from ..archive.permissions import like_inputs
    from ..archive.report import Progress, print_run, print_status
    from ..archive.rows import Columns
    from ..archive.run import Settings, annotate
    from ..archive.source import Archive
    from ..errors import ArchiveError
    from ..locks import locked

    import_code(code_path)
    with fail_clearly():
        if status is not None:
            print_status(status)
            return
        if model is None:
            raise ArchiveError("Give a pipeline and what to annotate, or --status and an output.")
        if output is None:
            raise ArchiveError("Give --output, the folder to write to.")
        own_engine = _make_engine(engine, workers, address)
        archive = Archive(tuple(inputs or ()), sql, query)
        steps = tuple(step.strip() for step in clean.split(",") if step.strip())
        settings = Settings(Columns(text, id_, tuple(carry)), steps, format_.value, shard_size, max_length)
        with like_inputs(archive.places(), output), locked(output), closing(Progress()) as progress:
            try:
                run = annotate(
                    model,
                    archive,
                    output,
                    settings,
                    own_engine,
                    encoding=encoding,
                    gpu_id=use_gpu,
                    code=code_path,
                    progress=progress.show,
                    say=msg.info,
                )
            except KeyboardInterrupt:
                msg.warn("Interrupted", "Shards that are done are kept: the same command goes on.")
                raise typer.Exit(130) from None
        if not print_run(run, output):
            raise typer.Exit(3)


def _make_engine(name: EngineName, workers: int, address: Optional[str]) -> "Engine":
    from ..archive.cluster import ray_engine
    from ..archive.local import local_engine
    from ..errors import ArchiveError

    if name is EngineName.ray:
        return ray_engine(workers, address)
    if address is not None:
        raise ArchiveError("--address is a Ray cluster's. Give --engine ray with it.")
    return local_engine(workers)
