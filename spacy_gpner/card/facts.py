"""What a card says of a pipeline itself, and of the machine it was measured on."""

import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import torch
from spacy.language import Language
from thinc.api import Config, Model
from tqdm import tqdm

# Texts that are run before the clock starts, and at most while it runs
WARM_UP = 20
TIMED = 1000


def architectures(nlp: Language, name: str) -> list[str]:
    """The architectures that a component is made of, and the pretrained models that it was begun with.

    nlp (Language): The pipeline.
    name (str): The component.
    RETURNS (List[str]): Their names, from the outside in. Of a model that was a directory, its last part.
    """
    found = []
    for block in _blocks(nlp.config.interpolate()["components"][name]["model"]):
        if "@architectures" in block:
            base = block.get("name")
            own = f" ({_last_part(base)})" if isinstance(base, str) else ""
            found.append(f"{block['@architectures']}{own}")
    return list(dict.fromkeys(found))


def _blocks(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield block
    for value in block.values():
        if isinstance(value, dict):
            yield from _blocks(value)


def _last_part(name: str) -> str:
    return Path(name).name if _is_absolute(name) or Path(name).exists() else name


def count_parameters(nlp: Language) -> int:
    """How many numbers a pipeline has learned, or has been given: parameters of its layers, not word vectors.

    nlp (Language): The pipeline.
    RETURNS (int): Their number; what a compact form holds in graphs is not counted.
    """
    models = [model for _, pipe in nlp.components if isinstance(model := getattr(pipe, "model", None), Model)]
    layers = {id(layer): layer for model in models for layer in model.walk()}.values()
    own = sum(
        layer.get_param(name).size for layer in layers for name in layer.param_names if layer.has_param(name)
    )
    modules = {id(m): m for layer in layers for shim in layer.shims if (m := getattr(shim, "_model", None))}
    tensors = {
        id(tensor): tensor.numel()
        for module in modules.values()
        if isinstance(module, torch.nn.Module)
        for tensor in module.parameters()
    }
    return int(own + sum(tensors.values()))


def size_on_disk(path: Path) -> int:
    """Bytes of a directory's files, without a card.

    path (Path): The directory.
    """
    files = (file for file in path.rglob("*") if file.is_file() and file != path / "README.md")
    return sum(file.stat().st_size for file in files)


def measure_speed(nlp: Language, texts: Sequence[str]) -> tuple[int, float, float]:
    """Measure how fast `nlp.pipe` is, here and now.

    nlp (Language): The pipeline.
    texts (Sequence[str]): The texts.
    RETURNS (Tuple[int, float, float]): How many texts were timed, and texts and tokens a second.
    """
    list(nlp.pipe(texts[:WARM_UP]))
    timed = texts[:TIMED]
    start = time.perf_counter()
    docs = tqdm(nlp.pipe(timed), total=len(timed), desc="speed", unit="doc", leave=False, disable=None)
    tokens = sum(len(doc) for doc in docs)
    seconds = max(time.perf_counter() - start, 1e-9)
    return len(timed), len(timed) / seconds, tokens / seconds


def name_machine() -> str:
    """Processor, threads and system, without the machine's own name."""
    threads = torch.get_num_threads()
    cuda = torch.cuda.is_available() and torch.get_default_device().type == "cuda"
    processor = torch.cuda.get_device_name() if cuda else _processor()
    return f"{processor}, {threads} torch {'thread' if threads == 1 else 'threads'}, {platform.system()}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.is_file() else []
    models = [
        value.strip() for key, _, value in (x.partition(":") for x in lines) if key.strip() == "model name"
    ]
    return models[0] if models else platform.processor() or platform.machine()


def machine_paths(config: Config) -> list[str]:
    """Find the settings of a config that name a place of the machine it was written on.

    config (Config): The config.
    RETURNS (List[str]): Names of settings, such as "paths.train", whose value is an absolute path.
    """
    return [name for name, value in _settings(config) if isinstance(value, str) and _is_absolute(value)]


def _settings(block: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in block.items():
        if isinstance(value, dict):
            yield from _settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()
