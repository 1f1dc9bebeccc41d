"""What a grid's models encode text with: what tells it from others, and what tables call it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import srsly
from thinc.api import Config

from spacy_gpner.adaptation.course import RESULT

from .study import component_of
from .tagger import LAYERS

# What a directory of an encoder consists of
FILES = ("config.json", "tokenizer.json", "vocab.txt", "model.safetensors")
# How trainings call what they write
MODELS = ("model-best", "model-last")
NGRAMS = "spacy-gpner.CharNgramEmbed.v1"


def identify_encoder(name: str) -> str:
    """What tells an encoder from others. One that was adapted is told by what it was adapted from, on what
    and how, so that a grid can go on with one that was made again.

    name (str): Its name or directory.
    RETURNS (str): The name of the hub, or a hash.
    """
    path = Path(name)
    if not path.is_dir():
        return name
    digest = hashlib.blake2b(digest_size=16)
    if (path / RESULT).is_file():
        result = srsly.read_json(path / RESULT)
        own = {key: value for key, value in result.items() if key not in ("name", "perplexity")}
        digest.update(srsly.json_dumps(own, sort_keys=True).encode())
    else:
        for file in (path / each for each in FILES):
            digest.update(file.read_bytes() if file.is_file() else b"")
    return digest.hexdigest()


def describe_encoder(config: Config) -> str:
    """What a config encodes text with."""
    tok2vec = component_of(config.interpolate())[1]["model"]["tok2vec"]
    while tok2vec.get("@architectures") in LAYERS.values():
        tok2vec = tok2vec["tok2vec"]
    blocks = list(_blocks(tok2vec))
    name = next((block["name"] for block in blocks if isinstance(block.get("name"), str)), None)
    if name is not None:
        path = Path(name)
        return (path.parent if path.name in MODELS else path).name if path.is_dir() else name
    for block in blocks:
        if block.get("include_static_vectors"):
            beside = any(other.get("@architectures") == NGRAMS for other in blocks)
            return f"static vectors, width {block['width']}" + (" and n-grams" if beside else "")
    try:
        depth, width = tok2vec["encode"]["depth"], tok2vec["embed"]["width"]
    except KeyError:
        return f"{tok2vec['@architectures']}, from scratch"
    return f"BiLSTM, depth {depth}, width {width}, from scratch"


def _blocks(block: Any) -> Iterator[dict[str, Any]]:
    """A block of a config, and those in it."""
    if isinstance(block, dict):
        yield block
        for inner in block.values():
            yield from _blocks(inner)
