"""Contest *pipeline*: `nlp.pipe` and training, against `spancat` and against the bare encoder."""

import random
from collections.abc import Callable
from typing import Any, Literal

import spacy
from spacy.language import Language
from thinc.api import fix_random_seed

from .texts import read_examples, read_texts, use

Component = Literal["span_globalpointer", "span_crf", "span_crf, by type", "spancat", "tok2vec"]

WINDOW = 32
BATCH_SIZE = 128
CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 128,
    "depth": 4,
    "embed_size": 5000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
    "pretrained_vectors": None,
}
SETTINGS: dict[Component, dict[str, Any]] = {
    "span_globalpointer": {
        "window": WINDOW,
        "model": {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": CNN},
    },
    "span_crf": {"window": WINDOW, "model": {"@architectures": "spacy-gpner.CRF.v1", "tok2vec": CNN}},
    "span_crf, by type": {
        "window": WINDOW,
        "model": {"@architectures": "spacy-gpner.CRF.v1", "by_type": True, "tok2vec": CNN},
    },
    "spancat": {
        "spans_key": "sc",
        "suggester": {
            "@misc": "spacy.ngram_range_suggester.v1",
            "min_size": 1,
            "max_size": WINDOW,
        },
        "model": {
            "@architectures": "spacy.SpanCategorizer.v1",
            "tok2vec": CNN,
            "reducer": {"@layers": "spacy.mean_max_reducer.v1", "hidden_size": 128},
            "scorer": {"@layers": "spacy.LinearLogistic.v1", "nO": None, "nI": None},
        },
    },
    "tok2vec": {"model": CNN},
}
WARM_UP = 40
SPANS_A_TOKEN = 0.075  # as CMeEE has


def make_pipeline(component: Component, train: str, limit: int) -> tuple[Language, list, Any]:
    """A pipeline of one component after a few steps of training, with the threshold at which it predicts
    about as many spans as there are in gold: untrained, a `spancat` would predict half of all.

    component (str): The component.
    train (str): The DocBin file to learn from.
    limit (int): How many of its documents.
    RETURNS (Tuple[Language, List[Example], Optimizer]): The pipeline, the examples and the optimizer.
    """
    fix_random_seed(0)
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    nlp.add_pipe(component.partition(",")[0], component, config=SETTINGS[component])
    examples = read_examples(train, limit, nlp)
    optimizer = nlp.initialize(lambda: examples)
    if component != "tok2vec":
        optimizer.learn_rate = 0.002
        for i in range(WARM_UP):
            nlp.update(random.Random(i).sample(examples, min(16, len(examples))), sgd=optimizer)
        lower_threshold(nlp, component, [eg.text for eg in examples[:10]])
    return nlp, examples, optimizer


def lower_threshold(nlp: Language, component: Component, texts: list[str]) -> None:
    """Lower a component's threshold until it predicts enough spans."""
    pipe: Any = nlp.get_pipe(component)
    while sum(len(doc.spans["sc"]) for doc in nlp.pipe(texts)) < SPANS_A_TOKEN * sum(map(len, texts)):
        pipe.cfg["threshold"] *= 0.9


def prepare_pipe(*, component: Component, train: str, dev: str, limit: int, device: str) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts.

    component (str): The component.
    train, dev (str): DocBin files.
    limit (int): How many texts of dev.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp, *_ = make_pipeline(component, train, 200)
    texts = read_texts(dev, limit)
    return lambda: sum(len(doc) for doc in nlp.pipe(texts, batch_size=BATCH_SIZE))


def prepare_training(*, component: Component, train: str, limit: int, device: str) -> Callable[[], Any]:
    """Time the steps of an epoch.

    component (str): The component.
    train (str): A DocBin file.
    limit (int): How many of its documents.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    nlp, examples, optimizer = make_pipeline(component, train, limit)
    batches = list(spacy.training.batchers.minibatch_by_padded_size(examples, 1000, buffer=limit))

    def epoch() -> None:
        for batch in batches:
            nlp.update(batch, sgd=optimizer)

    return epoch
