"""Texts of a few words, and small encoders with pieces of each kind."""

import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaForMaskedLM

from spacy_gpner.adaptation.fresh import train_tokenizer

WORDS = [
    "患者",
    "发热",
    "三天",
    "咳嗽",
    "肿胀",
    "关节",
    "口服",
    "阿司匹林",
    "肺癌",
    "化疗",
    "CT",
    "10.5",
    "，",
    "。",
]
SPECIAL = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "mask", "cls", "sep")}
ORDER = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_texts(n: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choices(WORDS, k=rng.randint(4, 40))) for _ in range(n)]


def write_texts(path: Path, texts: list[str]) -> Path:
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def word_piece(texts: list[str]) -> Tokenizer:
    return train_tokenizer(texts, 100)


def unigram(texts: list[str]) -> Tokenizer:
    """With pieces of several words, as multilingual encoders have them."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=80, special_tokens=ORDER, unk_token="[UNK]", show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _with_edges(tokenizer)


def byte_pairs(texts: list[str]) -> Tokenizer:
    """A rare character is three pieces."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=ORDER,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _with_edges(tokenizer)


def _with_edges(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


KINDS = {"WordPiece": word_piece, "Unigram": unigram, "BPE": byte_pairs}
SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def save_encoder(path: Path, kind: str = "WordPiece", texts: list[str] | None = None) -> str:
    """Write an encoder with random weights: BERT's kind without a head, RoBERTa's with one."""
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=KINDS[kind](texts or make_texts(200)), **SPECIAL)
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "pad_token_id": 0, **SIZES}
    if kind == "WordPiece":
        BertModel(BertConfig(**sizes)).save_pretrained(path)
    else:
        RobertaForMaskedLM(RobertaConfig(**sizes)).save_pretrained(path)
    return str(path)
