"""Tiny encoders whose tokenizers have more pieces than the texts need."""

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, RobertaConfig, RobertaModel

TEXTS = ["右上腹疼痛三天，伴发热38.5℃", "CT示左肺下叶结节 5 mm", "右上腹疼痛，chest pain for days", "α干扰素"]
OTHERS = [
    "高血压病史十年",
    "血压高低不定，高血压",
    "the lungs are clear, the heart is clear",
    "β受体阻滞剂",
    "Живот мягкий",
]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def word_pieces():
    """One that does not take Chinese text apart by itself."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer(handle_chinese_chars=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return trained(tokenizer, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL))


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=SPECIAL, unk_token="<unk>")
    return trained(tokenizer, trainer)


def byte_pairs():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return trained(
        tokenizer, trainers.BpeTrainer(vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator([*TEXTS, *OTHERS] * 5, trainer)
    tokenizer.add_special_tokens(["<mask>"])
    ends = [(name, tokenizer.token_to_id(name)) for name in ("</s>", "<s>")]
    if isinstance(tokenizer.model, models.BPE):
        tokenizer.post_processor = processors.Sequence([processors.RobertaProcessing(*ends)])
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair=None, special_tokens=ends
        )
    return tokenizer


KINDS = {
    "WordPiece": (word_pieces, BertConfig, BertModel),
    "Unigram": (unigram, BertConfig, BertModel),
    # The numbers of its positions begin after that of padding.
    "BPE": (byte_pairs, RobertaConfig, RobertaModel),
}


def write_encoder(path, kind, tokenizer=None, pad_id=None):
    """Write an encoder with random weights."""
    build, config, model = KINDS[kind]
    tokenizer = tokenizer or build()
    names = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>"}
    roles = {f"{role}_token": name for role, name in names.items()}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, mask_token="<mask>", model_max_length=64, **roles
    ).save_pretrained(path)
    torch.manual_seed(0)
    settings = config(
        vocab_size=tokenizer.get_vocab_size() + 3,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=70,
        **{f"{role}_id": tokenizer.token_to_id(roles[role]) for role in ("bos_token", "eos_token")},
        pad_token_id=tokenizer.token_to_id("<pad>") if pad_id is None else pad_id,
    )
    model(settings).save_pretrained(path)
    return path
