"""A handful of sentences, and pipelines small enough to train on them in a second."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import fix_random_seed

from spacy_gpner.tokenizer import CharTokenizer

NEEDS_CORPORA = [
    pytest.mark.corpora,
    pytest.mark.skipif(
        "GPNER_DATA" not in os.environ, reason="GPNER_DATA, the corpora's directory, is not set"
    ),
]

# Not far wider than the gold of any test, which would be warned of
WINDOW = 16
CHAR_TOKENIZER = {"nlp": {"tokenizer": {"@tokenizers": "spacy-gpner.CharTokenizer.v1"}}}

# text, and (start, end, label) of its entities
TRAIN = [
    ("患者右上腹疼痛三天", [(2, 7, "sym"), (2, 5, "bod")]),
    ("确诊肺癌后行化疗", [(2, 4, "dis"), (2, 3, "bod"), (6, 8, "pro")]),
    ("口服阿司匹林", [(2, 6, "dru")]),
    ("无特殊不适", []),
    ("左膝关节肿胀伴发热", [(0, 6, "sym"), (0, 4, "bod"), (7, 9, "sym")]),
]


def shuffled(n: int, seed: int = 0) -> tuple[str, list[tuple[int, int, str]]]:
    """A text of n of these sentences, with its entities."""
    text, spans = "", []
    for sentence, own in random.Random(seed).choices(TRAIN, k=n):
        spans += [(len(text) + start, len(text) + end, label) for start, end, label in own]
        text += sentence
    return text, spans


TINY_TOK2VEC = {
    "@architectures": "spacy.Tok2Vec.v2",
    "embed": {
        "@architectures": "spacy-gpner.CharNgramEmbed.v1",
        "width": 32,
        "rows": [100, 100, 100],
    },
    "encode": {"@architectures": "spacy-gpner.BiLSTMEncoder.v1", "width": 32, "depth": 1, "dropout": 0.0},
}
TINY_CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "width": 16,
    "depth": 1,
    "embed_size": 50,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": False,
    "pretrained_vectors": None,
}
TINY_MODEL = {
    "@architectures": "spacy-gpner.EfficientGlobalPointer.v1",
    "head_size": 16,
    "dropout": 0.0,
    "tok2vec": TINY_TOK2VEC,
}


def blank(lang: str = "zh", char_tokenizer: bool = True, **settings: Any) -> Language:
    """A pipeline with a small, untrained component."""
    fix_random_seed(0)
    nlp = spacy.blank(lang, config=CHAR_TOKENIZER if char_tokenizer else {})
    nlp.add_pipe("span_globalpointer", config={"model": TINY_MODEL, "window": WINDOW, **settings})
    return nlp


def make_examples(
    nlp: Language, data: Any = TRAIN, key: str = "sc", tokenizer: Optional[Callable[[str], Doc]] = None
) -> list[Example]:
    """Gold examples; the references have the pipeline's tokens, or those of another tokenizer."""
    examples = []
    for text, spans in data:
        reference = nlp.make_doc(text) if tokenizer is None else tokenizer(text)
        gold: list[Any] = [reference.char_span(start, end, label) for start, end, label in spans]
        reference.spans[key] = gold
        examples.append(Example(nlp.make_doc(text), reference))
    return examples


def train(nlp: Language, data: Any = TRAIN, steps: int = 80, key: str = "sc") -> dict[str, float]:
    """Initialize and overfit; returns the last losses."""
    examples = make_examples(nlp, data, key)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.02
    losses: dict[str, float] = {}
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer)
    return losses


def save_trained(path: Path, steps: int = 80) -> Path:
    """Train and save; returns the path."""
    nlp = blank()
    train(nlp, steps=steps)
    nlp.to_disk(path)
    return path


def make_docs(data: Any = TRAIN, key: str = "sc") -> list[Doc]:
    """Documents of one token a character; those with None in place of spans have no annotation."""
    chars = CharTokenizer(Vocab())
    docs = []
    for text, spans in data:
        doc = chars(text)
        if spans is not None:
            own = [Span(doc, start, end, label=label) for start, end, label in spans]
            doc.spans[key] = SpanGroup(doc, name=key, spans=own)
        docs.append(doc)
    return docs


def save_docs(path: Path, data: Any = TRAIN, key: str = "sc") -> Path:
    """Save what `make_docs` makes; returns the path."""
    path.parent.mkdir(exist_ok=True)
    DocBin(docs=make_docs(data, key)).to_disk(path)
    return path


def entities(doc: Any, key: str = "sc") -> list[tuple[int, int, str]]:
    """(start, end, label) of the predicted spans."""
    return [(span.start, span.end, span.label_) for span in doc.spans[key]]


def scores(doc: Any, key: str = "sc") -> list[float]:
    """The scores of the predicted spans."""
    return [float(score) for score in doc.spans[key].attrs["scores"]]


def expected(spans: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Gold in the order of the predictions."""
    return sorted(spans)


def make_tiny_bert(
    path: Path, texts: Optional[list[str]] = None, positions: int = 512, n_layers: int = 1
) -> str:
    """Write a random BERT with a character vocabulary to disk."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    path.mkdir(parents=True, exist_ok=True)
    chars = sorted({c for text in texts or [text for text, _ in TRAIN] for c in text})
    vocab = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *chars]
    (path / "vocab.txt").write_text("\n".join(vocab), encoding="utf-8")
    BertTokenizerFast(str(path / "vocab.txt"), do_lower_case=False).save_pretrained(path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=16,
        num_hidden_layers=n_layers,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=positions,
    )
    BertModel(config).save_pretrained(path)
    return str(path)


def make_tiny_albert(path: Path, texts: Optional[list[str]] = None) -> str:
    """Write a random ALBERT, whose layers share their weights, to disk; with the vocabulary of a BERT, as
    the Chinese ones have it."""
    import torch
    from transformers import AlbertConfig, AlbertModel

    make_tiny_bert(path, texts)
    torch.manual_seed(0)
    config = AlbertConfig(
        vocab_size=len((path / "vocab.txt").read_text(encoding="utf-8").split()),
        embedding_size=8,
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
    )
    AlbertModel(config).save_pretrained(path)
    return str(path)


def make_tiny_nezha(path: Path) -> str:
    """Write a random NEZHA to disk: a BERT whose positions are relative."""
    import torch
    from transformers import NezhaConfig, NezhaModel

    make_tiny_bert(path)
    torch.manual_seed(0)
    config = NezhaConfig(
        vocab_size=len((path / "vocab.txt").read_text(encoding="utf-8").split()),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    NezhaModel(config).save_pretrained(path)
    return str(path)


def transformer_nlp(bert: str, shared: bool) -> Language:
    """An untrained pipeline with a transformer from disk, a component of its own or inside ours."""
    get_spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 128, "stride": 96}
    transformer = {"name": bert, "tokenizer_config": {"use_fast": True}, "get_spans": get_spans}
    nlp = spacy.blank("zh", config=CHAR_TOKENIZER)
    tok2vec: dict[str, Any]
    if shared:
        model = {"@architectures": "spacy-transformers.TransformerModel.v3", **transformer}
        nlp.add_pipe("transformer", config={"model": model})
        tok2vec = {
            "@architectures": "spacy-transformers.TransformerListener.v1",
            "grad_factor": 1.0,
            "pooling": {"@layers": "reduce_mean.v1"},
        }
    else:
        tok2vec = {
            "@architectures": "spacy-transformers.Tok2VecTransformer.v3",
            "pooling": {"@layers": "reduce_mean.v1"},
            **transformer,
        }
    head = {"@architectures": "spacy-gpner.EfficientGlobalPointer.v1", "dropout": 0.0, "tok2vec": tok2vec}
    nlp.add_pipe("span_globalpointer", config={"window": WINDOW, "model": head})
    return nlp
