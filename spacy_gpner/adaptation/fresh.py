"""An encoder from nothing: a vocabulary from text, and random weights."""

import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from thinc.api import fix_random_seed
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

from ..checks import MAX_SIZE, check_count
from ..errors import GpnerWarning, PipelineError
from ..files import atomic_directory, visible_names
from ..models.transformers.pretrained import save_encoder
from .texts import read_texts

PADDING, UNKNOWN, BEGIN, END, MASK = SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
POSITIONS = 512
# Beyond those of any encoder
MAX_LAYERS, MAX_WIDTH = 1000, 2**16


def make_encoder(
    paths: Sequence[Path],
    output: Path,
    *,
    without: Sequence[Path] = (),
    layers: int = 4,
    hidden: int = 256,
    heads: int = 4,
    vocabulary: int = 20000,
    cased: bool = False,
    seed: int = 0,
) -> int:
    """Make a BERT with random weights, whose vocabulary is that of texts.

    paths (Sequence[Path]): Files with text.
    output (Path): The directory to write.
    without (Sequence[Path]): Files whose texts are left out.
    layers (int): Its layers.
    hidden (int): Their width.
    heads (int): Their attention heads, which divide it.
    vocabulary (int): The most pieces of its vocabulary. Characters come first, the commonest of them.
    cased (bool): Whether capitals are kept, or read as small letters. Accents are kept either way.
    seed (int): Of its weights.
    RETURNS (int): The pieces of its vocabulary.
    RAISES (GpnerError): If a text can't be read, the directory is there, or a number is out of range.
    """
    least = len(SPECIAL) + 1
    try:
        check_count("layers", layers, "at least 1", most=MAX_LAYERS)
        check_count("hidden", hidden, "at least 1", most=MAX_WIDTH)
        check_count("heads", heads, "at least 1", most=MAX_WIDTH)
        check_count("seed", seed, "at least 0", least=0, most=2**32 - 1)
        check_count("vocabulary", vocabulary, f"more than {len(SPECIAL)}", least=least, most=MAX_SIZE)
    except ValueError as err:
        raise PipelineError(str(err)) from None
    if hidden % heads:
        raise PipelineError(f"{heads} heads don't divide a width of {hidden}. Give a multiple of them.")
    if output.is_file() or visible_names(output):
        raise PipelineError(f"{output} is there already. Give another directory.")
    texts = read_texts(paths, without)
    trained = train_tokenizer(texts.learned, vocabulary, cased=cased)
    _warn_of_unknown(trained, texts.learned)
    tokenizer = BertTokenizerFast(tokenizer_object=trained, do_lower_case=not cased, strip_accents=False)
    fix_random_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_position_embeddings=POSITIONS,
    )
    with atomic_directory(output) as directory:
        save_encoder(BertForMaskedLM(config), tokenizer, directory, output)
    return len(tokenizer)


def _warn_of_unknown(tokenizer: Tokenizer, texts: Sequence[str]) -> None:
    counts = Counter(character for text in texts for character in tokenizer.normalizer.normalize_str(text))
    lost = {x: n for x, n in counts.items() if not x.isspace() and tokenizer.token_to_id(x) is None}
    if lost:
        warnings.warn(
            f"{len(lost):,} of {len(counts):,} different characters ({sum(lost.values()):,} of "
            f"{counts.total():,} in the texts) are not in the vocabulary, and are all read as {UNKNOWN}. "
            "Give it more pieces.",
            GpnerWarning,
            stacklevel=3,
        )


def train_tokenizer(texts: Sequence[str], size: int, *, cased: bool = False) -> Tokenizer:
    """Train a WordPiece tokenizer as BERT's, with accents, and each Chinese character by itself.

    texts (Sequence[str]): The texts.
    size (int): The most pieces; a few more, where letters are pieces both at the beginning of a word and in
        it. Characters come first, the commonest of them.
    cased (bool): Whether capitals are kept, or read as small letters.
    RETURNS (Tokenizer): The tokenizer.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=not cased, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size,
        limit_alphabet=size - len(SPECIAL),
        special_tokens=SPECIAL,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    around = [(piece, SPECIAL.index(piece)) for piece in (BEGIN, END)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", pair=f"{BEGIN} $A {END} $B:1 {END}:1", special_tokens=around
    )
    return tokenizer
