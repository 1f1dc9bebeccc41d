"""Contest *pretrained*: our own layers of a pretrained encoder against its bare forward pass, training
without it, and the layer of spacy-transformers."""

from collections.abc import Callable
from typing import Any, Literal, Optional

from spacy.training import Corpus
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry

from .bare import prepare_forward
from .distillation import CONFIGS, NAME
from .texts import read_texts, use

Layer = Literal["ours", "spacy-transformers"]
SPACY_TRANSFORMERS = {
    "@architectures": "spacy-transformers.Tok2VecTransformer.v3",
    "name": "${paths.transformer}",
    "tokenizer_config": {"use_fast": True},
    "get_spans": {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 400, "stride": 300},
    "pooling": {"@layers": "reduce_mean.v1"},
}


def make_nlp(
    config: str, encoder: str, train: str, limit: int, layer: Layer = "ours", adversary: Optional[str] = None
) -> Any:
    """A pipeline of the project's configs, initialized."""
    overrides = {"paths.train": train, "paths.dev": train, "corpora.train.limit": limit}
    pretrained = {"paths.transformer": encoder} if config != "cpu" else {}
    loaded = load_config(CONFIGS / f"{config}.cfg", overrides={**overrides, **pretrained})
    if layer != "ours":
        loaded["components"][NAME]["model"]["tok2vec"] = SPACY_TRANSFORMERS
    if adversary is not None:
        loaded["components"][NAME]["adversary"] = {"@misc": adversary}
    return init_nlp(loaded)


def prepare_training(
    *,
    config: str,
    encoder: str,
    train: str,
    limit: int,
    device: str,
    layer: Layer = "ours",
    adversary: Optional[str] = None,
) -> Callable[[], Any]:
    """Time the steps of an epoch.

    config (str): A config of the project's.
    encoder (str): The encoder's directory.
    train (str): A DocBin file.
    limit (int): How many of its documents.
    device (str): "cpu" or "cuda".
    layer (str): Whose layer it is in.
    adversary (Optional[str]): Registered name of what makes the training harder.
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp = make_nlp(config, encoder, train, limit, layer, adversary)
    training = nlp.config.interpolate()["training"]
    optimizer = registry.resolve({"optimizer": training["optimizer"]})["optimizer"]
    examples = list(Corpus(train, limit=limit)(nlp))
    batches = list(registry.resolve({"batcher": training["batcher"]})["batcher"](examples))

    def epoch() -> None:
        for batch in batches:
            nlp.get_pipe(NAME).update(batch, sgd=optimizer)

    return epoch


def prepare_pipe(
    *, config: str, encoder: str, train: str, dev: str, limit: int, device: str, layer: Layer = "ours"
) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts.

    config (str): A config of the project's.
    encoder (str): The encoder's directory.
    train, dev (str): DocBin files: where labels come from, and the texts.
    limit (int): How many of the texts.
    device (str): "cpu" or "cuda".
    layer (str): Whose layer it is in.
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp = make_nlp(config, encoder, train, 100, layer)
    # Its training is over: what it keeps of texts that come back is emptied by loading it.
    nlp.from_bytes(nlp.to_bytes())
    texts = read_texts(dev, limit)
    return lambda: sum(len(doc) for doc in nlp.pipe(texts))


def prepare_encoder(*, encoder: str, dev: str, limit: int, batch_size: int, device: str) -> Callable[[], Any]:
    """Time the forward pass of an encoder over texts sorted by length, in bfloat16 where there is that.

    encoder (str): The encoder's directory.
    dev (str): A DocBin file.
    limit (int): How many of its texts.
    batch_size (int): How many texts at once.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    return prepare_forward(sorted(read_texts(dev, limit), key=len), encoder, batch_size, device)
