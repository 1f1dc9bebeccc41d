"""Whole words masked, over pieces of each kind."""

import sys

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from spacy_gpner.adaptation.adapt import make_masking
from spacy_gpner.adaptation.masking import NO_WORD, SHARE, Window, choose_words, cut_windows
from spacy_gpner.adaptation.words import number_words, word_cutter
from spacy_gpner.entities import token_edges
from spacy_gpner.errors import CorpusError, PipelineError
from spacy_gpner.models.transformers.pieces import PieceTokenizer

from .toys import KINDS, SPECIAL, make_texts

WINDOW = 24
TEXTS = make_texts(300)


@pytest.fixture(scope="module", params=KINDS)
def tokenizer(request):
    return PreTrainedTokenizerFast(tokenizer_object=KINDS[request.param](TEXTS), **SPECIAL)


@pytest.fixture(scope="module")
def masking(tokenizer):
    return make_masking(tokenizer, tokenizer.pad_token_id)


def pieces_of(tokenizer, window=WINDOW):
    return PieceTokenizer(tokenizer.backend_tokenizer.to_str(), window, window)


def windows_of(tokenizer, texts=TEXTS):
    special = frozenset(tokenizer.all_special_ids)
    return cut_windows(texts, pieces_of(tokenizer), word_cutter("zh"), special, "to learn from")


def linked(edges, ends):
    """By the definition: pieces are of one word if they have characters of it, or are linked by such."""
    word_of = [int(numpy.searchsorted(ends, i, side="right")) for i in range(int(edges.max(initial=0)))]
    groups = []
    for i, (start, stop) in enumerate(edges):
        own = {word_of[at] for at in range(start, max(stop, start + 1))}
        joined = [group for group in groups if group[1] & own]
        groups = [group for group in groups if not group[1] & own]
        groups.append(({i}.union(*(g[0] for g in joined)), own.union(*(g[1] for g in joined))))
    return {frozenset(members) for members, _ in groups}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_over_pieces(tokenizer, lang):
    texts = [*TEXTS, "CT 10.5 pain-free  knee 关节", "", "\n", "ＣＴ发热"]
    cut = word_cutter(lang)
    for text, own in zip(texts, pieces_of(tokenizer).cut(texts), strict=True):
        numbers = number_words(own.edges, cut(text))
        assert (numpy.diff(numbers) >= 0).all()
        found = {frozenset(numpy.flatnonzero(numbers == n).tolist()) for n in numpy.unique(numbers)}
        assert found == linked(own.edges, cut(text))


@given(
    cuts=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    words=st.lists(st.integers(1, 5), min_size=1, max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_any_pieces_and_words(cuts, words):
    stops = numpy.cumsum(cuts)
    edges = numpy.stack([stops - cuts, stops], axis=1)
    numbers = number_words(edges, numpy.cumsum(words))
    found = {frozenset(numpy.flatnonzero(numbers == n).tolist()) for n in numpy.unique(numbers)}
    assert found == linked(edges, numpy.cumsum(words))


def test_chinese_words():
    text = "口服阿司匹林"
    assert word_cutter("zh")(text).tolist() == [2, 6]


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_long_texts_keep_their_words(blank):
    text = blank.join(["osteochondrosis of 37.5°C, non-feverish (bilateral)"] * 60)
    expected = token_edges(spacy.blank("en").tokenizer(text))[:, 1]
    assert word_cutter("en")(text).tolist() == expected.tolist()
    # Without a blank there is no better place
    assert word_cutter("en")("a" * 1200).tolist() == [500, 1000, 1200]


def test_windows_hold_all_pieces_once(tokenizer):
    windows = windows_of(tokenizer)
    assert max(map(len, windows)) <= WINDOW
    found = numpy.concatenate([window.ids[1:-1] for window in windows])
    expected = [i for own in pieces_of(tokenizer).cut(TEXTS) for i in own.ids]
    assert found.tolist() == expected


def test_masks(tokenizer, masking):
    windows = windows_of(tokenizer)
    batch = masking(windows, numpy.random.default_rng(0))
    plain = numpy.full_like(batch.ids, masking.padding)
    words = numpy.full_like(batch.ids, NO_WORD)
    for i, window in enumerate(windows):
        plain[i, : len(window)] = window.ids
        words[i, : len(window)] = window.words
    # Nothing changes elsewhere, and the targets are what was there.
    masked, before = batch.ids.reshape(-1), plain.reshape(-1)
    assert (before[batch.places] == batch.targets).all()
    others = numpy.setdiff1d(numpy.arange(masked.size), batch.places)
    assert (masked[others] == before[others]).all()
    # Words are masked whole, and nothing but words.
    rows, columns = numpy.divmod(batch.places, batch.ids.shape[1])
    assert (words[rows, columns] >= 0).all()
    chosen = set(zip(rows.tolist(), words[rows, columns].tolist(), strict=True))
    assert len(batch.places) == sum(int((words[row] == word).sum()) for row, word in chosen)
    assert len(chosen) < len(batch.places)
    # The shares
    assert len(batch.places) / (words >= 0).sum() == pytest.approx(SHARE, abs=0.005)
    n = len(batch.places)
    now = masked[batch.places]
    kept = (now == batch.targets).mean()
    # Some random pieces are those that were there.
    luck = 0.1 / len(masking.ordinary)
    spread = 4 * (0.25 / n) ** 0.5
    assert (now == masking.mask).mean() == pytest.approx(0.8, abs=spread)
    assert kept == pytest.approx(0.1 + luck, abs=spread)
    assert set(now) <= {masking.mask, *masking.ordinary}
    assert not set(masking.ordinary) & set(tokenizer.all_special_ids)


def test_every_word_has_the_same_chance():
    words = numpy.repeat(numpy.arange(8), [1, 1, 1, 1, 3, 3, 5, 5])
    rng, counts = numpy.random.default_rng(0), numpy.zeros(8)
    for _ in range(4000):
        numpy.add.at(counts, numpy.unique(words[choose_words(words, rng)]), 1)
    assert counts.max() / counts.min() < 1.3


def test_a_batch_has_at_least_one_mask(masking):
    window = Window(numpy.array([2, 6, 3]), numpy.array([NO_WORD, 0, NO_WORD]))
    assert masking([window], numpy.random.default_rng(0)).places.tolist() == [1]


def test_unknown_pieces_are_never_masked():
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=KINDS["WordPiece"](TEXTS), **SPECIAL)
    (window,) = windows_of(tokenizer, ["髓患者[MASK]发热"])
    assert (window.words >= 0).tolist() == [False, False, True, True, False, True, True, False]
    with pytest.raises(CorpusError, match=r"knows no piece of the texts to learn from \(2\)"):
        windows_of(tokenizer, ["髓", "[MASK]"])


def test_without_rjieba(monkeypatch):
    monkeypatch.setitem(sys.modules, "rjieba", None)
    monkeypatch.setattr("spacy_gpner.adaptation.words.find_spec", lambda name: None)
    with pytest.raises(PipelineError, match=r"pip install 'spacy_gpner\[adapt\]'"):
        word_cutter("zh")
    assert word_cutter("en")("a bc").tolist() == [1, 4]


def test_unknown_language():
    with pytest.raises(PipelineError, match="no words for the language 'qq'"):
        word_cutter("qq")
