"""What a saved pipeline could do when it is loaded, beyond being data: found before spaCy loads it.

spacy-transformers hands what it saved of a transformer to transformers: settings, which may name code to run,
and the tokenizer's files, which it writes under the names that they are saved with. A component may be of
another pipeline, which spaCy then loads. And spacy-pkuseg, if installed, unpickles a segmenter's features.
"""

import json
import mmap
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
from spacy.util import is_package
from thinc.api import Config

from .config_file import read_config
from .errors import PipelineError
from .files import resolve
from .packed import content, entries, is_map, items, skip

PICKLED = (".pkl", ".pickle")
# Models up to this size are searched, which is faster for many small values; larger ones are walked through.
SEARCHED = 2**26
# Where a model holds what its layers of torch's have saved, each for itself
SHIMS = b"shims"
# What spacy-transformers saves there
SETTINGS = (b"config", b"_init_tokenizer_config", b"_init_transformer_config")
TOKENIZER = b"tokenizer"
WEIGHTS = b"state"
ATTENTION = ("attn_implementation", "_attn_implementation", "_attn_implementation_internal")
# What it gives to the tokenizer beside the files
TOKENIZER_SETTINGS = {"use_fast"}
FILE_NAME = re.compile(r"\w[\w.-]*")
TOKENIZER_CLASS = re.compile(r"\w*Tokenizer(Fast)?")
UNPICKLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def check_pipeline(path: Path) -> None:
    """See to it that loading a pipeline runs no code and writes no file that its maker chose: neither it nor
    a pipeline that its config names. Weights are not read: this takes milliseconds for models of any size.

    path (Path): Its directory.
    RAISES (PipelineError): If it might, with the file that is to blame; or if there is no pipeline.
    RAISES (ConfigError): If its config is none.
    RAISES (OSError): If a file can't be read.
    """
    if not (path / "config.cfg").is_file():
        raise PipelineError(
            f"{path} is no pipeline: {_what_is_wrong(path)}. Give a directory that a training has written, "
            "such as training/model-best, or the name of an installed package."
        )
    _check(path, set())


def _what_is_wrong(path: Path) -> str:
    if path.is_dir():
        return "it has no config.cfg"
    return "it is a file" if path.exists() else "there is no such directory or package"


def check_named_pipelines(config: Config) -> None:
    """Check the pipelines that a config names, as those of components with a `source`.

    config (Config): The config.
    RAISES (PipelineError): If one might run code or write files.
    """
    _check_named(config.interpolate(), set())


def _check(path: Path, seen: set[Path]) -> None:
    if resolve(path) in seen:
        return
    seen.add(resolve(path))
    config = read_config(path / "config.cfg").interpolate()
    for reason in _config_harms(config, path):
        raise _refusal(path, path / "config.cfg", reason)
    for file in _files(path):
        for reason in _file_harms(file):
            raise _refusal(path, file, reason)
    _check_named(config, seen)


def _refusal(pipeline: Path, file: Path, reason: str) -> PipelineError:
    name = file.relative_to(pipeline)
    return PipelineError(
        f"Won't load {pipeline}: {name} {reason}. That could run code or write files that its maker chose. "
        "If you trust them, install the pipeline as a package (spacy package) and give the package's name."
    )


def _check_named(config: Config, seen: set[Path]) -> None:
    for value in _values(config):
        if isinstance(value, str) and _is_pipeline(value) and not is_package(value):
            _check(Path(value), seen)


def _is_pipeline(name: str) -> bool:
    try:
        return bool(name) and (Path(name) / "config.cfg").is_file()
    except (OSError, ValueError):
        # too long for a name, or with a character that none can have
        return False


def _values(settings: Any) -> Iterator[Any]:
    """Settings, and all that are in them."""
    pending = [settings]
    while pending:
        value = pending.pop()
        yield value
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)


def _files(directory: Path) -> Iterator[Path]:
    seen = set()
    for folder, folders, names in os.walk(directory, onerror=_raise, followlinks=True):
        if resolve(Path(folder)) in seen:
            folders.clear()
            continue
        seen.add(resolve(Path(folder)))
        yield from (Path(folder) / name for name in names)


def _raise(err: OSError) -> None:
    # spaCy could still open a file by its name in a directory that can't be listed.
    raise err


def _config_harms(config: Config, path: Path) -> Iterator[str]:
    yield from _settings_harms(config)
    for name, component in config.get("components", {}).items():
        if not _is_plain(name):
            yield f"has a component by the name {name!r}, whose files are elsewhere"
        elif component.get("factory") == "transformer" and (path / name / "model").is_dir():
            yield f"has a component '{name}' as spacy-transformers 1.0 saved it, with a directory for a model"


def _file_harms(file: Path) -> Iterator[str]:
    if file.suffix.lower() in PICKLED:
        yield "is a pickle"
    if not file.is_file() or not file.stat().st_size:
        return
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if not is_map(data) or (len(data) < SEARCHED and data.find(SHIMS) < 0):
            return
        try:
            for key, at in entries(data):
                if key == SHIMS:
                    for node in items(data, at):
                        for shim in items(data, node):
                            yield from _shim_harms(data, *content(data, shim))
        except TypeError:
            yield "can't be read as the model that it seems to be"
        except ValueError:
            # Then spaCy can't read it either.
            return


def _shim_harms(data: mmap.mmap, start: int, end: int) -> Iterator[str]:
    """What could harm of that which a layer of torch's has saved."""
    if start == end or not is_map(data, start):
        return
    try:
        places = [(key, at, skip(data, at)) for key, at in entries(data, start)]
        saved = [
            (key, srsly.msgpack_loads(data[at:behind]))
            for key, at, behind in places
            if key in (*SETTINGS, TOKENIZER)
        ]
    except ValueError:
        # Something else than what spacy-transformers saves
        return
    for name, value in saved:
        yield from _tokenizer_harms(value) if name == TOKENIZER else _settings_harms(value)
    for key, at, _ in places:
        if key == WEIGHTS and not is_map(data, at) and _unpickles():
            first, last = content(data, at)
            # safetensors, which a header in JSON begins, is not torch's to load
            if first < last and data[first + 8 : first + 9] != b"{":
                yield f"holds weights that torch would unpickle, since {UNPICKLE} is set"


def _unpickles() -> bool:
    return os.environ.get(UNPICKLE, "0").lower() in ("1", "y", "yes", "true")


def _tokenizer_harms(files: Any) -> Iterator[str]:
    """What could harm of a tokenizer's files, and of the settings that are saved among them."""
    if not isinstance(files, dict) or not isinstance(files.get("kwargs", {}), dict):
        yield "holds something else in the place of a tokenizer's files"
        return
    for name, data in files.items():
        if name == "kwargs":
            for setting in data.keys() - TOKENIZER_SETTINGS:
                yield f"gives the tokenizer a setting {setting!r}"
        elif not isinstance(name, str) or not FILE_NAME.fullmatch(name) or not isinstance(data, bytes):
            yield f"holds a tokenizer's file by the name {name!r}"
        elif data.lstrip().startswith(b"{"):
            # Whatever its name: a config may name another file that holds the rest of it.
            try:
                settings = json.loads(data)
            except (ValueError, RecursionError):
                continue
            for harm in _settings_harms(settings):
                yield f"{harm} in the tokenizer's {name}"


def _settings_harms(settings: Any) -> Iterator[str]:
    """What could harm of settings that transformers reads, wherever in them."""
    for part in _values(settings):
        for key, value in part.items() if isinstance(part, dict) else ():
            if key == "auto_map" and value and isinstance(value, (dict, list)):
                yield "names code to run (auto_map)"
            elif key == "trust_remote_code" and value:
                yield "allows a transformer's own code to run (trust_remote_code)"
            elif key in ATTENTION and "/" in str(value):
                yield f"names code to fetch and run ({key})"
            elif key == "tokenizer_class" and value and not TOKENIZER_CLASS.fullmatch(str(value)):
                yield f"has {value!r} in the place of a tokenizer (tokenizer_class)"
            elif key == "chat_template" and not all(map(_is_plain, _template_names(value))):
                yield "has a template whose name leads to another directory (chat_template)"


def _template_names(templates: Any) -> Iterator[Any]:
    if isinstance(templates, dict):
        yield from templates
    elif isinstance(templates, list):
        yield from (each.get("name") for each in templates if isinstance(each, dict))


def _is_plain(name: Any) -> bool:
    """Whether a name leads to no other directory."""
    return isinstance(name, str) and name == Path(name).name != ".." and "\\" not in name
