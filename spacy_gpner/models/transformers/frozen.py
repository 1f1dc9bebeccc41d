"""A pretrained encoder that stays as it is: its vectors are made once for each text of a training."""

import hashlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Literal, Optional, cast
from weakref import WeakKeyDictionary

import numpy
from spacy.tokens import Doc
from spacy.util import minibatch, registry
from thinc.api import Model, chain
from thinc.types import Floats2d
from tqdm import tqdm

from ...checks import MAX_SIZE, check_count
from ...entities import token_edges
from ...errors import GpnerWarning
from ..cache import Precision, VectorCache
from ..encoders.encoder import Encoder
from ..torch_layer import LazyTorchShim, digest_weights, get_shim, unflatten
from .join import join_layers
from .module import TextEncoder, has_bfloat16
from .transformer import Tok2Vec, check_windows, encode, load_into

NAME = "frozen_transformer"
BATCH_SIZE = 64
WIDTH = 128

# What was made since `made_once` began, by encoder and documents; and what tells encoders from others
_made: ContextVar[Optional[dict[Any, list[Floats2d]]]] = ContextVar("made", default=None)
_digests: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


@registry.misc("spacy-gpner.VectorCache.v1")
def create_vector_cache(
    path: Optional[str] = None, precision: Precision = "half", max_gb: float = 4.0
) -> VectorCache:
    """Create a `VectorCache`, for `cache` of a frozen encoder.

    path (Optional[str]): A file for the vectors of the training corpus (safetensors), which a later training
        on the same corpus, or a part of it, with the same encoder reads; None for memory.
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
    return _project(frozen, join_layers(len(layers or [1]), join, width))


def _project(frozen: Tok2Vec, join: Encoder) -> Tok2Vec:
    """The width of what is joined is the encoder's, whatever the sample that a model is initialized with."""

    def init(model: Tok2Vec, X: Optional[list[Doc]] = None, Y: Optional[list[Floats2d]] = None) -> None:
        frozen.initialize()
        join.set_dim("nI", frozen.get_dim("nO"), force=True)
        join.initialize()

    model: Tok2Vec = chain(frozen, join)
    model.init = init
    return model


def build_frozen(
    shim: LazyTorchShim, cache: Optional[VectorCache] = None, forward: Optional[Callable] = None, **attrs: Any
) -> Tok2Vec:
    """Build the layer of an encoder that does not learn.

    shim (LazyTorchShim): What holds its `TextEncoder`.
    forward (Optional[Callable]): Its forward pass; `forward_frozen` by default.
    cache (Optional[VectorCache]): Where its vectors are kept during a training; None for memory.
    attrs (Any): What it is loaded by.
    RETURNS (Model[List[Doc], List[Floats2d]]): The layer.
    """
    attrs["cache"] = VectorCache(precision="half") if cache is None else cache
    return Model(NAME, forward or forward_frozen, init=_init, dims={"nO": None}, attrs=attrs, shims=[shim])


def fill_caches(model: Model, docs: Sequence[Doc]) -> None:
    """Make the vectors of a corpus for all frozen encoders of a model, or load them.

    model (Model): The model, initialized.
    docs (Sequence[Doc]): The documents of the corpus.
    RAISES (CacheError): If a cache's file is damaged, or of another encoder or corpus.
    """
    by_key = {_key(doc): doc for doc in docs}
    for node in frozen_encoders(model):

        def compute(keys: Sequence[str], node: Model = node) -> Iterator[numpy.ndarray]:
            with tqdm(total=len(keys), desc=NAME, unit=" texts", leave=False, disable=None) as bar:
                for batch in minibatch(keys, BATCH_SIZE):
                    yield from map(node.ops.to_numpy, _compute(node, [by_key[key] for key in batch]))
                    bar.update(len(batch))

        cache = _open_cache(node)
        cache.fill(list(by_key), partial(_digest, node), compute)
        if cache.left_out:
            warnings.warn(
                f"The vectors of {cache.left_out} of {len(by_key)} texts are beyond the cache's max_gb, and "
                "are made again in every epoch. Give it more, or keep less of a token: fewer `layers`, or "
                "types.",
                GpnerWarning,
                stacklevel=3,
            )


def frozen_encoders(model: Model) -> list[Model]:
    """The frozen encoders of a model."""
    return [node for node in model.walk() if node.name == NAME]


def _init(model: Tok2Vec, X: Optional[list[Doc]] = None, Y: Optional[list[Floats2d]] = None) -> None:
    load_into(model, model.attrs["layers"])
    _open_cache(model)


def _open_cache(model: Tok2Vec) -> VectorCache:
    """Keep vectors from now on: in a training, where texts come back."""
    cache: VectorCache = model.attrs["cache"]
    _drop_others(cache, model)
    cache.is_open = True
    return cache


def _drop_others(cache: VectorCache, model: Tok2Vec) -> None:
    """Drop the vectors of an encoder in whose place another was loaded, or that reads other queries."""
    owner = (get_shim(model).module, *_queries(model))
    if cache.owner != owner:
        cache.clear(owner)
        cache.is_open = False


def forward_frozen(
    model: Tok2Vec, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Make the vectors of documents, or take them from the cache.

    model (Model[List[Doc], List[Floats2d]]): The layer.
    docs (List[Doc]): The documents.
    is_train (bool): Whether this is a training, in which texts come back.
    RETURNS (Tuple[List[Floats2d], Callable]): The vectors, and a function that nothing comes back from.
    """
    if not docs:
        return [], lambda dY: []
    cache: VectorCache = model.attrs["cache"]
    _drop_others(cache, model)
    cache.is_open = cache.is_open or is_train
    if not cache.is_open:
        return _compute(model, docs), lambda dY: []
    keys = [_key(doc) for doc in docs]
    kept = [cache.get(key, len(doc)) for key, doc in zip(keys, docs, strict=True)]
    missing = [doc for doc, vectors in zip(docs, kept, strict=True) if vectors is None]
    computed = iter(_compute(model, missing) if missing else [])
    output = []
    for key, vectors in zip(keys, kept, strict=True):
        if vectors is None:
            output.append(next(computed))
            if not cache.is_full:
                cache.add(key, model.ops.to_numpy(output[-1]))
        else:
            output.append(model.ops.asarray2f(cast(Any, vectors)))
    return output, lambda dY: []


def _queries(model: Tok2Vec) -> list[str]:
    """What a layer reads each text with, if anything."""
    queries: list[str] = model.attrs.get("queries", [])
    return queries


def _key(doc: Doc) -> str:
    """What tells a document from others with other vectors: its text, and where its tokens are."""
    edges = hashlib.blake2b(token_edges(doc).tobytes(), digest_size=8)
    return f"{doc.text}\0{edges.hexdigest()}"


@contextmanager
def made_once() -> Iterator[None]:
    """While the block runs, frozen encoders that are equal make the vectors of the same documents once."""
    token = _made.set({})
    try:
        yield
    finally:
        _made.reset(token)


def _compute(model: Tok2Vec, docs: Sequence[Doc]) -> list[Floats2d]:
    made, module = _made.get(), get_shim(model).module
    if made is None or not isinstance(module, TextEncoder):
        return _make(model, docs)
    if module not in _digests:
        _digests[module] = _digest_encoder(model)
    key = (_digests[module], model.attrs.get("query_position"), *_queries(model), *map(id, docs))
    if key not in made:
        made[key] = _make(model, docs)
    return made[key]


def _make(model: Tok2Vec, docs: Sequence[Doc]) -> list[Floats2d]:
    output, _ = encode(model, docs, is_train=False)
    return unflatten(model, output, [len(doc) for doc in docs])


def _digest(model: Tok2Vec) -> str:
    """What tells the vectors of a frozen encoder from those of others."""
    queries = _queries(model)
    return f"{_digest_encoder(model)} {_hash([queries, model.attrs['query_position']]) if queries else ''}"


def _digest_encoder(model: Tok2Vec) -> str:
    shim = get_shim(model)
    module = cast(TextEncoder, shim.module)
    is_half = module.mixed_precision and has_bfloat16(shim.device)
    return f"{digest_weights(module)} {_hash([shim.cfg, module.window, module.stride, is_half])}"


def _hash(settings: Any) -> str:
    return hashlib.blake2b(repr(settings).encode("utf-8", "surrogatepass")).hexdigest()
