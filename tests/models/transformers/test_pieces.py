"""Pieces, their windows, and the tokens that they belong to."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from spacy_gpner.errors import PipelineError
from spacy_gpner.models.transformers.pieces import Pieces, PieceTokenizer, tokens_of_pieces

WORDS = {"<s>": 0, "</s>": 1, "<unk>": 2, "发": 3, "热": 4, "##热": 5, "pa": 6, "##in": 7}


def word_pieces() -> str:
    tokenizer = Tokenizer(models.WordPiece(WORDS, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>"])
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding()
    return tokenizer.to_str()


def unigram() -> str:
    """With the normalization of full-width forms, and marks of words, as multilingual encoders have it."""
    pieces = [
        ("<s>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("▁", -3.0),
        ("发热", -4.0),
        ("c", -5.0),
        ("t", -5.0),
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.add_special_tokens(["<s>", "</s>", "<unk>"])
    return tokenizer.to_str()


def bytes_() -> str:
    """A character of Chinese is three pieces."""
    alphabet = {symbol: i for i, symbol in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(alphabet, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer.to_str()


def edges(text: str) -> numpy.ndarray:
    return numpy.array([[i, i + 1] for i in range(len(text))]).reshape(-1, 2)


def surfaces(json: str, text: str) -> list[list[str]]:
    """What of the text the pieces of each character cover."""
    (pieces,) = PieceTokenizer(json, 16, 8).cut([text])
    token, piece = tokens_of_pieces([edges(text)], [pieces])
    found: list[list[str]] = [[] for _ in text]
    for i, j in zip(token, piece, strict=True):
        first, end = pieces.edges[j]
        found[i].append(text[first:end])
    return found


def test_a_piece_belongs_to_all_its_characters():
    assert surfaces(word_pieces(), "pain 热") == [["pa"], ["pa"], ["in"], ["in"], [], ["热"]]


def test_offsets_are_those_of_the_text_before_it_was_normalized():
    found = surfaces(unigram(), "ＣＴ发热")
    assert found[2] == found[3] == ["发热"]
    assert all("Ｃ" in each for each in found[0])


def test_bytes_of_one_character():
    assert surfaces(bytes_(), "热a") == [["热"] * 3, ["a"]]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\ud800", "热\ud800a", "😀", "e\u0301"])
@pytest.mark.parametrize("json", [word_pieces(), unigram(), bytes_()])
def test_any_text(json, text):
    (pieces,) = PieceTokenizer(json, 16, 8).cut([text])
    assert len(pieces.ids) == len(pieces.edges)
    assert pieces.edges.size == 0 or (pieces.edges.min() >= 0 and pieces.edges.max() <= len(text))


@given(n=st.integers(0, 200), room=st.integers(1, 20), stride=st.integers(1, 30), around=st.booleans())
@settings(max_examples=200, deadline=None)
def test_each_piece_is_kept_once(n, room, stride, around):
    size = room + 2 * around
    tokenizer = PieceTokenizer(word_pieces() if around else bytes_(), size, min(stride, size))
    ids = list(range(100, 100 + n))
    kept = []
    for window in tokenizer.windows(Pieces(ids, numpy.zeros((n, 2), dtype="int64"))):
        assert len(window.ids) <= size
        assert not around or (window.ids[0], window.ids[-1]) == (0, 1)
        kept += window.ids[window.kept]
    assert kept == ids


def test_a_piece_is_kept_where_it_has_text_on_both_sides():
    tokenizer = PieceTokenizer(word_pieces(), 12, 6)
    ids = list(range(100, 130))
    for window in tokenizer.windows(Pieces(ids, numpy.zeros((30, 2), dtype="int64"))):
        first, last = window.ids[window.kept][0], window.ids[window.kept][-1]
        assert first == 100 or window.ids.index(first) >= 3
        assert last == 129 or len(window.ids) - window.ids.index(last) >= 3


def test_window_without_room():
    with pytest.raises(PipelineError, match="A window of 2 pieces has no room for text"):
        PieceTokenizer(word_pieces(), 2, 1)
