"""A pretrained encoder that stays as it is: its vectors are made once for each text of a training."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, Optional, cast

import numpy
from spacy.tokens import Doc
from spacy.util import minibatch, registry
from thinc.api import Model, chain
from thinc.types import Floats2d
from tqdm import tqdm

from ...checks import MAX_SIZE, check_count
from ..cache import Precision, VectorCache
from ..torch_layer import LazyTorchShim, get_shim, unflatten
from .join import join_layers
from .module import TextEncoder
from .transformer import Tok2Vec, check_windows, encode, load_into

NAME = "frozen_transformer"
BATCH_SIZE = 64
WIDTH = 128


@registry.misc("spacy-gpner.VectorCache.v1")
def create_vector_cache(
    path: Optional[str] = None, precision: Precision = "half", max_gb: float = 4.0
) -> VectorCache:
    """Create a `VectorCache`, for `cache` of a `FrozenTransformer`.

    path (Optional[str]): A file for the vectors of the training corpus (safetensors), which a later training
        on the same corpus with the same encoder reads; None for memory.
    precision (str): "half" keeps three digits, "full" all, in twice the space.
    max_gb (float): The most GiB of vectors to keep; those of texts beyond it are made again each time.
    RETURNS (VectorCache): The cache.
    """
    return VectorCache(Path(path) if path else None, precision=precision, max_gb=max_gb)


@registry.architectures("spacy-gpner.FrozenTransformer.v1")
def FrozenTransformer(
    name: str,
    layers: Optional[Sequence[int]] = None,
    join: Literal["concat", "mix"] = "concat",
    width: int = WIDTH,
    window: int = 384,
    stride: int = 256,
    mixed_precision: bool = True,
    cache: Optional[VectorCache] = None,
) -> Tok2Vec:
    """Build a `tok2vec` layer of a pretrained encoder that does not learn, and of what makes a vector of its
    layers, which does. While the pipeline is trained, the encoder's vectors are kept: each text costs one
    pass, whatever the epochs. The encoder is loaded by `nlp.initialize`, and saved with the pipeline.

    name (str): The encoder's name on the Hugging Face hub, or its directory.
    layers (Optional[Sequence[int]]): Which of its layers to use, from 1; None for the last. Those above the
        highest are left away.
    join (str): "concat" sets the layers side by side, "mix" takes a learned mean of them (Peters et al.,
        2018).
    width (int): Width of the output, a projection of what is joined.
    window (int): Pieces that the encoder reads at once, at most as many as it has positions for.
    stride (int): Pieces from the beginning of a window to that of the next.
    mixed_precision (bool): Whether to compute in bfloat16 where the processor has it; elsewhere in float32.
    cache (Optional[VectorCache]): Where vectors are kept during the training; None for memory, up to 4 GiB.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    RAISES (ValueError): If a setting is out of range.
    """
    check_windows(window, stride)
    for layer in layers or ():
        check_count("layers", layer, "numbers of layers, from 1")
    if join not in ("concat", "mix"):
        raise ValueError(f"Invalid join: {join!r}. Expected 'concat' or 'mix'.")
    check_count("width", width, "a positive number", most=MAX_SIZE)
    build = partial(TextEncoder, window=window, stride=stride, mixed_precision=mixed_precision)
    frozen = build_frozen(
        LazyTorchShim(build),
        cache,
        name=name,
        depth=max(layers) if layers else None,
        layers=list(layers) if layers else None,
    )
    return chain(frozen, join_layers(len(layers or [1]), join, width))


def build_frozen(shim: LazyTorchShim, cache: Optional[VectorCache] = None, **attrs: Any) -> Tok2Vec:
    """Build the layer of an encoder that does not learn.

    shim (LazyTorchShim): What holds its `TextEncoder`.
    cache (Optional[VectorCache]): Where its vectors are kept during a training; None for memory.
    attrs (Any): What it is loaded by.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    attrs["cache"] = VectorCache(precision="half") if cache is None else cache
    return Model(NAME, _forward, init=_init, dims={"nO": None}, attrs=attrs, shims=[shim])


def fill_caches(model: Model, docs: Sequence[Doc]) -> None:
    """Make the vectors of a corpus for all frozen encoders of a model, or load them.

    model (Model): The model, initialized.
    docs (Sequence[Doc]): The documents of the corpus.
    RAISES (CacheError): If a cache's file is damaged, or of another encoder or corpus.
    """
    by_text = {doc.text: doc for doc in docs}
    for node in frozen_encoders(model):

        def compute(texts: Sequence[str], node: Model = node) -> Iterator[numpy.ndarray]:
            with tqdm(total=len(texts), desc=NAME, unit=" texts", leave=False, disable=None) as bar:
                for batch in minibatch(texts, BATCH_SIZE):
                    yield from map(node.ops.to_numpy, _compute(node, [by_text[text] for text in batch]))
                    bar.update(len(batch))

        node.attrs["cache"].fill(list(by_text), _digest(node), compute)


def frozen_encoders(model: Model) -> list[Model]:
    """The frozen encoders of a model."""
    return [node for node in model.walk() if node.name == NAME]


def _init(model: Tok2Vec, X: Optional[list[Doc]] = None, Y: Optional[list[Floats2d]] = None) -> None:
    if get_shim(model).module is None:
        load_into(model, model.attrs["layers"])
    # Only in a training do texts come back.
    model.attrs["cache"].is_open = True


def _forward(
    model: Tok2Vec, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    cache: VectorCache = model.attrs["cache"]
    kept = [cache.get(doc.text, len(doc)) if cache.is_open else None for doc in docs]
    missing = [doc for doc, vectors in zip(docs, kept, strict=True) if vectors is None]
    computed = iter(_compute(model, missing) if missing else [])
    output = []
    for doc, vectors in zip(docs, kept, strict=True):
        if vectors is None:
            output.append(next(computed))
            if cache.is_open:
                cache.add(doc.text, model.ops.to_numpy(output[-1]))
        else:
            output.append(model.ops.asarray2f(cast(Any, vectors)))
    return output, lambda dY: []


def _compute(model: Tok2Vec, docs: Sequence[Doc]) -> list[Floats2d]:
    output, _ = encode(model, docs, is_train=False)
    return unflatten(model, output, [len(doc) for doc in docs])


def _digest(model: Tok2Vec) -> str:
    """What tells the vectors of a frozen encoder from those of others."""
    shim = get_shim(model)
    settings = [shim.cfg, *(getattr(shim.module, name) for name in ("window", "stride"))]
    return hashlib.blake2b(shim.to_bytes() + repr(settings).encode()).hexdigest()
