"""Contest *student*: trained pipelines, a teacher and its student or a pipeline and its compact form."""

from collections.abc import Callable
from typing import Any

from spacy_gpner.loading import load_pipeline

from .pipeline import BATCH_SIZE
from .texts import read_texts, use


def prepare(*, model: str, dev: str, limit: int, device: str) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts.

    model (str): The pipeline.
    dev (str): A DocBin file.
    limit (int): How many of its texts.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp = load_pipeline(model)
    texts = read_texts(dev, limit)
    return lambda: sum(len(doc) for doc in nlp.pipe(texts, batch_size=BATCH_SIZE))
