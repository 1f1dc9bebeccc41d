"""The folder that annotations are kept in: whose it is, and what killed processes left there."""

import hashlib
import re
from pathlib import Path
from typing import Any, Optional

import srsly
from spacy.util import get_package_path, is_package

from ..errors import ArchiveError
from ..files import atomic_write, digest_files, lies_in, resolve, visible_names
from ..loading import describe_pipeline
from .ledger import NAME, Ledger
from .shards import DOCUMENTS, MENTIONS, REJECTS, UNFINISHED
from .source import Archive

RUNS = "runs.jsonl"
# What gives a setting, by its name in a run's record
OPTIONS = {
    **{"text": "--text", "id": "--id", "carried": "--carry", "clean": "--clean", "format": "--format"},
    **{"shard_size": "--shard-size", "max_length": "--max-length"},
}
CARD_FILES = ("README.md", "meta.json")
# What `Task` calls a shard's files
FILE = re.compile(r"(?P<run>\d{4,})-(?P<shard>\d{6,})\.(jsonl|parquet)")


def open_output(output: Path, archive: Archive) -> Ledger:
    """Open the ledger of an output, or begin one in an empty folder.

    output (Path): The folder.
    archive (Archive): What is annotated, which must not lie there.
    RETURNS (Ledger): The ledger.
    RAISES (ArchiveError): If the folder is something else's.
    """
    own = resolve(output)
    for given in archive.inputs:
        path = resolve(given)
        if lies_in(own, path) or lies_in(path, own):
            raise ArchiveError(f"{output} and the input {given} lie in one another. Give another output.")
    if own.exists() and not own.is_dir():
        raise ArchiveError(f"{output} is a file. Give a folder.")
    if not (own / NAME).is_file() and visible_names(own):
        raise ArchiveError(f"{output} holds something, and no ledger of annotations. Give another folder.")
    for folder in (MENTIONS, DOCUMENTS, REJECTS, UNFINISHED):
        (own / folder).mkdir(parents=True, exist_ok=True)
    return Ledger(own)


def describe_model(model: str, code: Optional[Path] = None) -> dict[str, Any]:
    """A pipeline's name and version, and what tells it from others: its files, but for those that
    `spacy gpner card` writes.

    model (str): The pipeline: a directory or a package.
    code (Optional[Path]): A file with functions that it needs.
    RETURNS (Dict[str, Any]): "name", "version" and "digest".
    RAISES (PipelineError): If there is none.
    """
    meta = describe_pipeline(model)
    path = get_package_path(model) if is_package(model) else Path(model)
    digest = hashlib.blake2b(code.read_bytes() if code is not None else b"", digest_size=16)
    digest_files(digest, path, but=CARD_FILES)
    name = "_".join(str(meta[key]) for key in ("lang", "name") if meta.get(key))
    return {"name": name, "version": meta.get("version"), "digest": digest.hexdigest()}


def check_identity(ledger: Ledger, identity: dict[str, Any], output: Path) -> None:
    """Refuse an output of another model, other settings or another archive.

    ledger (Ledger): Its ledger.
    identity (Dict[str, Any]): "model", "source" and "settings" of the run to be.
    output (Path): The folder.
    RAISES (ArchiveError): If it is another's. One without annotations is nobody's.
    """
    if not ledger.has_documents():
        return
    last = ledger.runs()[-1]
    for key, what in (("model", "another model"), ("source", "another archive")):
        if _essence(last[key]) != _essence(identity[key]):
            raise ArchiveError(
                f"{output} has annotations of {what}: {_show(last[key])}, and this is "
                f"{_show(identity[key])}. Give another output."
            )
    given, before = _flat(identity["settings"]), _flat(last["settings"])
    if differ := [name for name in given if given[name] != before.get(name)]:
        name = differ[0]
        was, is_ = _show_setting(before.get(name)), _show_setting(given[name])
        raise ArchiveError(
            f"{output} was made with other settings: {OPTIONS[name]} was {was}, and is {is_}. Give the same, "
            "or another output."
        )


def _essence(described: dict[str, Any]) -> Any:
    return described.get("digest", described)


def _show(described: dict[str, Any]) -> str:
    if "digest" in described:
        return f"{described['name']} ({described['digest'][:8]})"
    return ", ".join(map(str, described.get("inputs") or (described["sql"], described["query"])))


def _show_setting(value: Any) -> str:
    return (" ".join(value) or "not given") if isinstance(value, list) else str(value)


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    columns = settings["columns"]
    return {**columns, **{name: value for name, value in settings.items() if name != "columns"}}


def clear_output(output: Path, ledger: Ledger) -> None:
    """Remove what a killed process left: files that it had not finished, and those of shards that the ledger
    does not have.

    output (Path): The folder.
    ledger (Ledger): Its ledger.
    """
    for path in (output / UNFINISHED).iterdir():
        path.unlink()
    known = {record["number"]: set(ledger.shards(record["number"])) for record in ledger.runs()}
    for folder in (MENTIONS, DOCUMENTS, REJECTS):
        for path in (output / folder).iterdir():
            name = FILE.fullmatch(path.name)
            if name is not None and int(name["shard"]) not in known.get(int(name["run"]), ()):
                path.unlink()


def write_runs(output: Path, ledger: Ledger) -> None:
    """Write the records of all runs.

    output (Path): The folder.
    ledger (Ledger): Its ledger.
    """
    with atomic_write(output / RUNS) as temporary:
        srsly.write_jsonl(temporary, ledger.runs())
