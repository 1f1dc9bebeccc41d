"""Contest *transformer*: the whole `nlp.pipe` against the bare encoder's forward pass on the same texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import spacy
import torch
from thinc.api import fix_random_seed
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel, BertTokenizerFast

from spacy_gpner.pipeline.find import find_pipe

from .texts import read_texts, use

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = 21128  # of the Chinese BERTs
# On two cores: 6.8 s with 4 texts at once, 6.3 with 8, 7.8 with 16, 11.8 with 64
BEST_BATCH = {"cpu": 8, "cuda": 64}


def make_bert(path: Path, texts: list[str], config: Optional[dict[str, Any]] = None) -> None:
    """Write a random BERT with a character vocabulary to disk: of base size, if `config` doesn't differ."""
    path.mkdir(parents=True, exist_ok=True)
    chars = sorted({char for text in texts for char in text if not char.isspace()})
    vocabulary = [*SPECIAL, *chars]
    vocabulary += [f"[unused{i}]" for i in range(VOCABULARY - len(vocabulary))]
    (path / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(str(path / "vocab.txt"), do_lower_case=False).save_pretrained(path)
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=VOCABULARY, **(config or {}))).save_pretrained(path)


def prepare_pipe(
    *,
    bert: str,
    shared: bool,
    head: bool,
    dev: str,
    limit: int,
    batch_size: int,
    max_batch_items: int,
    device: str,
) -> Callable[[], Any]:
    """Time `nlp.pipe` over texts, with a transformer that others could share or an own one.

    bert (str): The transformer's directory.
    shared (bool): Whether it is a component of its own.
    head (bool): Whether there is a `span_globalpointer`, or the transformer alone.
    dev (str): A DocBin file.
    limit, batch_size (int): How many of its texts, and how many at once.
    max_batch_items (int): Padded tokens that a shared transformer runs over at once.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    use(device)
    fix_random_seed(0)
    texts = read_texts(dev, limit)
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 400, "stride": 300}
    transformer = {"name": bert, "tokenizer_config": {"use_fast": True}, "get_spans": spans}
    pooling = {"@layers": "reduce_mean.v1"}
    nlp = spacy.blank("zh", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}})
    tok2vec: dict[str, Any] = {
        "@architectures": "spacy-transformers.Tok2VecTransformer.v3", "pooling": pooling, **transformer
    }  # fmt: skip
    if shared:
        nlp.add_pipe(
            "transformer",
            config={
                "model": {"@architectures": "spacy-transformers.TransformerModel.v3", **transformer},
                "max_batch_items": max_batch_items,
            },
        )
        tok2vec = {
            "@architectures": "spacy-transformers.TransformerListener.v1",
            "grad_factor": 1.0,
            "pooling": pooling,
        }
    if head:
        model = {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "tok2vec": tok2vec}
        nlp.add_pipe("span_globalpointer", config={"window": 32, "model": model})
        for label in ("bod", "dep", "dis", "dru", "equ", "ite", "mic", "pro", "sym"):
            find_pipe(nlp).add_label(label)
    nlp.initialize()
    return lambda: sum(len(doc) for doc in nlp.pipe(texts, batch_size=batch_size))


def prepare_encoder(*, bert: str, dev: str, limit: int, device: str) -> Callable[[], Any]:
    """Time the forward pass of the encoder over texts sorted by length, in the batches that suit it best: the
    limit.

    bert (str): The encoder's directory.
    dev (str): A DocBin file.
    limit (int): How many of its texts.
    device (str): "cpu" or "cuda".
    RETURNS (Callable[[], Any]): A function without arguments.
    """
    batch_size = BEST_BATCH[device]
    tokenizer = AutoTokenizer.from_pretrained(bert)
    encoder = AutoModel.from_pretrained(bert).eval().to(device)
    texts = sorted(read_texts(dev, limit), key=len)
    batches = [
        tokenizer(texts[i : i + batch_size], padding=True, truncation=True, return_tensors="pt").to(device)
        for i in range(0, len(texts), batch_size)
    ]

    def forward() -> None:
        with torch.inference_mode():
            for batch in batches:
                encoder(**batch)

    return forward
