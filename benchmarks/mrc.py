"""Contest *mrc*: `span_mrc` against the bare readings of text and query that it needs, and against the
components that read once."""

from collections.abc import Callable
from typing import Any

import spacy

from spacy_gpner.pipeline.find import find_pipe

from .bare import prepare_forward
from .texts import read_examples, read_texts, use

QUERIES = {
    "bod": "标出人体的部位",
    "dep": "标出医院的科室",
    "dis": "标出疾病的名称",
    "dru": "标出药物的名称",
    "equ": "标出医疗器械",
    "ite": "标出检验的项目",
    "mic": "标出致病的微生物",
    "pro": "标出检查和手术",
    "sym": "标出症状和体征",
}
HEADS: dict[str, dict[str, Any]] = {
    "span_globalpointer": {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1"},
    "span_crf": {"@architectures": "spacy-gpner.CRF.v1"},
    "span_mrc": {"@architectures": "spacy-gpner.MRC.v1"},
}


def prepare_pipe(
    *, component: str, encoder: str, train: str, dev: str, limit: int, device: str
) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts.

    component (str): The component.
    encoder (str): The encoder's directory.
    train, dev (str): DocBin files: where labels come from, and the texts.
    limit (int): How many of the texts.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    layer = "QueryTransformer" if component == "span_mrc" else "Transformer"
    model = {**HEADS[component], "tok2vec": {"@architectures": f"spacy-gpner.{layer}.v1", "name": encoder}}
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    settings = {"queries": QUERIES} if component == "span_mrc" else {}
    nlp.add_pipe(component, config={"model": model, "window": 32, "threshold": 1.0, **settings})
    examples = read_examples(train, 200, nlp)
    find_pipe(nlp).initialize(lambda: examples, labels=sorted(QUERIES))
    texts = read_texts(dev, limit)
    return lambda: sum(len(doc) for doc in nlp.pipe(texts))


def prepare_readings(
    *, encoder: str, dev: str, limit: int, batch_size: int, device: str
) -> Callable[[], Any]:
    """Time the forward pass of an encoder over texts with each query, sorted by length, in bfloat16 where
    there is that.

    encoder (str): The encoder's directory.
    dev (str): A DocBin file.
    limit (int): How many of its texts.
    batch_size (int): How many pairs at once.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    pairs = [(text, query) for text in read_texts(dev, limit) for query in QUERIES.values()]
    pairs.sort(key=lambda pair: len(pair[0]) + len(pair[1]))
    return prepare_forward(pairs, encoder, batch_size, device)
