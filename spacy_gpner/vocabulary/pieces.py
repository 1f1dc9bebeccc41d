"""A tokenizer's vocabulary, as its file tokenizer.json describes it, and what can be cut off it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Set
from functools import cached_property
from itertools import chain
from typing import Any, Optional

from tokenizers import Tokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from ..errors import PipelineError
from .scripts import CJK, SIGNS, script_of

KINDS = ("WordPiece", "Unigram", "BPE")
PARTS = ("normalizer", "pre_tokenizer", "decoder")
# Settings by which a Chinese character has one form, at the beginning of a word and inside
BY_CHARACTER: dict[str, dict[str, Any]] = {
    "Metaspace": {"prepend_scheme": "never"},
    "BertNormalizer": {"handle_chinese_chars": True},
}
# What stands for a space in pieces
SPACES = "▁ "
BYTES = {symbol: byte for byte, symbol in bytes_to_unicode().items()}
BYTE = re.compile("<0x[0-9A-F]{2}>")
# Pieces of Latin letters, digits and ASCII's signs that new texts are likely to need
SHORT = 2


class Vocabulary:
    """The pieces of a tokenizer.

    json (str): The tokenizer, as its file tokenizer.json describes it.
    RAISES (PipelineError): If it is of a kind whose pieces can't be cut.
    """

    def __init__(self, json_: str) -> None:
        self.json = json_
        self._data: dict[str, Any] = json.loads(json_)
        self._model: dict[str, Any] = self._data["model"]
        if self._model["type"] not in KINDS:
            raise PipelineError(
                f"The encoder's tokenizer is of the kind {self._model['type']}, whose vocabulary can't be "
                f"cut. Give an encoder with one of {', '.join(KINDS)}."
            )
        self.ids: dict[str, int] = Tokenizer.from_str(json_).get_vocab()

    @property
    def unknown(self) -> Optional[int]:
        """The number of the piece that stands for what the vocabulary has no piece of; None if there is
        none."""
        if self._model["type"] == "Unigram":
            return self._model["unk_id"]
        return self.ids.get(self._model["unk_token"])

    @cached_property
    def named(self) -> set[int]:
        """The numbers of the pieces that are more than text: special and added ones, and the unknown one."""
        found: set[Any] = {place[key] for place, key in _places(self._data)} | {self.unknown}
        return found & set(self.ids.values())

    def needed(self, used: Set[int], scripts: Set[str]) -> set[int]:
        """What to keep so that texts are cut as before, but for words that had a character without a piece;
        and so that other texts of the same scripts can be cut.

        used (Set[int]): The numbers of the pieces of the texts.
        scripts (Set[str]): The scripts of the texts.
        RETURNS (Set[int]): The numbers of the pieces to keep: those, special and added ones, single
            characters of ASCII, of the scripts and of signs, and short pieces of ASCII.
        """
        small = {number for piece, number in self.ids.items() if self._is_small(piece, scripts)}
        kept = self.named.union(used, small)
        if self._model["type"] == "Unigram":
            # The score of an unknown character follows from the lowest one.
            vocab = self._model["vocab"]
            kept.add(min(range(len(vocab)), key=lambda i: vocab[i][1]))
        return self._with_parts(kept)

    def by_character(self) -> tuple["Vocabulary", list[int]]:
        """Cut off all pieces that hold a Chinese character and something else, and give a character no other
        form at the beginning of a text or word.

        RETURNS (Tuple[Vocabulary, List[int]]): The vocabulary, and the old number of each of its pieces.
        """
        data = json.loads(self.json)
        for node in chain.from_iterable(_nodes(data[part]) for part in PARTS):
            node.update(BY_CHARACTER.get(node["type"], {}))
        kept = {number for piece, number in self.ids.items() if _is_apart(self._text(piece))}
        return Vocabulary(json.dumps(data)).cut(kept | self.named)

    def cut(self, kept: Set[int]) -> tuple["Vocabulary", list[int]]:
        """Cut off all pieces but some, which keep their order.

        kept (Set[int]): The numbers of those to keep, special and added ones among them.
        RETURNS (Tuple[Vocabulary, List[int]]): The vocabulary, and the old number of each of its pieces.
        RAISES (PipelineError): If the tokenizer numbers its pieces in a way of its own.
        """
        old = sorted(kept)
        new = {number: i for i, number in enumerate(old)}
        data = json.loads(self.json)
        for place, key in _places(data):
            place[key] = new.get(place[key], 0)
        model = data["model"]
        if model["type"] == "Unigram":
            model["vocab"] = [entry for number, entry in enumerate(model["vocab"]) if number in kept]
        else:
            model["vocab"] = {piece: new[i] for piece, i in model["vocab"].items() if i in kept}
        if model["type"] == "BPE":
            merges = [[*merge, self._merged(*merge)] for merge in model["merges"]]
            model["merges"] = [pieces[:2] for pieces in merges if model["vocab"].keys() >= set(pieces)]
        cut = Vocabulary(json.dumps(data))
        if cut.ids != {piece: new[number] for piece, number in self.ids.items() if number in kept}:
            raise PipelineError(
                "The encoder's tokenizer does not number its pieces one after the other, so that they can't "
                "be numbered anew. Save it with transformers' save_pretrained, or give another encoder."
            )
        return cut, old

    def _text(self, piece: str) -> str:
        """What a piece is in a text; bytes that make no character are lone surrogates."""
        if self._is_of_bytes and BYTES.keys() >= set(piece):
            piece = bytes(BYTES[symbol] for symbol in piece).decode("utf-8", "surrogateescape")
        first, last = (self._model.get(key) for key in ("continuing_subword_prefix", "end_of_word_suffix"))
        return piece.removeprefix(first or "").removesuffix(last or "")

    @cached_property
    def _is_of_bytes(self) -> bool:
        parts = (self._data["normalizer"], self._data["pre_tokenizer"])
        return any(node["type"] == "ByteLevel" for part in parts for node in _nodes(part))

    def _is_small(self, piece: str, scripts: Set[str]) -> bool:
        if self._model.get("byte_fallback") and BYTE.fullmatch(piece):
            return True
        text = self._text(piece).lstrip(SPACES)
        if text.isascii():
            return len(text) <= SHORT
        return len(text) == 1 and script_of(text) in {*scripts, SIGNS}

    def _with_parts(self, kept: set[int]) -> set[int]:
        """Add all pieces that others are merged of."""
        parts: defaultdict[int, list[int]] = defaultdict(list)
        for merge in self._model.get("merges", ()):
            parts[self.ids[self._merged(*merge)]] += [self.ids[part] for part in merge]
        found, new = set(kept), list(kept)
        while new:
            missing = set(parts[new.pop()]) - found
            found |= missing
            new += missing
        return found

    def _merged(self, left: str, right: str) -> str:
        return left + right.removeprefix(self._model["continuing_subword_prefix"] or "")


def _is_apart(text: str) -> bool:
    """Whether a piece holds no Chinese character, or nothing else; nor bytes of two characters."""
    if len(text) > 1 and any(script_of(character) == CJK for character in text):
        return False
    has_bytes = any("\udc80" <= x <= "\udcff" for x in text)
    return not has_bytes or all("\udc80" <= x <= "\udcbf" for x in text[1:])


def _nodes(part: Optional[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A part of a tokenizer, or those that it is a sequence of."""
    if part is None:
        return
    yield part
    for key in ("normalizers", "pretokenizers", "processors", "decoders"):
        for node in part.get(key, ()):
            yield from _nodes(node)


def _places(data: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where a tokenizer names pieces by number: a container, and the key in it."""
    for token in data["added_tokens"]:
        yield token, "id"
    if data["padding"] is not None:
        yield data["padding"], "pad_id"
    if data["model"].get("unk_id") is not None:
        yield data["model"], "unk_id"
    for node in _nodes(data["post_processor"]):
        if node["type"] == "TemplateProcessing":
            for token in node["special_tokens"].values():
                yield from ((token["ids"], i) for i in range(len(token["ids"])))
        elif node["type"] in ("BertProcessing", "RobertaProcessing"):
            yield from ((node[key], 1) for key in ("sep", "cls"))
