"""Long documents in overlapping stretches: what their prediction takes of memory then has a bound."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Any, Optional

import torch
from spacy.tokens import Doc
from thinc.api import Model

from ..corpora.parts import part_of
from ..models.torch_layer import LazyTorchShim
from ..models.transformers.module import TextEncoder
from ..spans import Cut, DecodedSpans, Objective
from ..spans.decode import MAX_HELD
from ..spans.decoded import join

# Tokens that a stretch has before and after the spans that are looked for in it. The vectors of a BiLSTM
# trained on CMeEE are within 1e-6 of their own from 600 on, and those of a small one from 300.
CONTEXT = 1000
# At least half of a stretch is looked for spans in, as long as the window is not wide.
MIN_STRETCH = 4 * CONTEXT


@dataclass(frozen=True)
class Stretch:
    """Tokens of a document that are predicted at once.

    begin, end (int): The first of them, and the token after the last.
    first, stop (int): Those that the spans to find begin with: the first, and the token after the last.
    """

    begin: int
    end: int
    first: int
    stop: int


@dataclass(frozen=True)
class Cutter:
    """Cuts documents in stretches, so that every span that can be predicted begins in one of them and ends,
    with the context of its tokens, in it.

    size (int): Tokens of a stretch, unless spans are so long that the overlap is more than half of it.
    reach (int): The most tokens of a span.
    extent (Optional[int]): The first tokens of a document, in which spans lie; None for all.
    context (int): Tokens that vectors depend on, before and after their own.
    stride (int): Stretches begin at multiples of this.
    """

    size: int
    reach: int
    extent: Optional[int] = None
    context: int = CONTEXT
    stride: int = 1

    def __call__(self, length: int) -> Iterator[Stretch]:
        """Cut a document.

        length (int): Its tokens.
        YIELDS (Stretch): Its stretches.
        """
        if self.extent is not None:
            stop = min(self.extent, length)
            yield Stretch(0, min(stop + self.context, length), 0, stop)
            return
        after = self.reach - 1 + self.context
        overlap = self.context + self.stride - 1 + after
        step = max(self.size - overlap, overlap, 1)
        for first in range(0, length, step):
            stop = min(first + step, length)
            begin = max(0, first - self.context) // self.stride * self.stride
            yield Stretch(begin, min(stop + after, length), first, stop)


def make_cutter(tok2vec: Model, objective: Objective, size: int) -> Optional[Cutter]:
    """Tell how documents can be cut so that their spans are those of the unbroken run.

    tok2vec (Model[List[Doc], List[Floats2d]]): Makes the token vectors.
    objective (Objective): What spans there can be.
    size (int): Tokens of a stretch.
    RETURNS (Optional[Cutter]): Cuts them. None if they can't be cut: spans of any length can be predicted,
        another component makes the vectors, or a transformer sees more than windows of the text, or its
        windows lie where its own pieces are.
    """
    if objective.reach is None:
        return None
    windows, strides = [0], [1]
    for node in tok2vec.walk():
        if hasattr(node, "upstream_name") or any(_has_pieces(shim) for shim in node.shims):
            return None
        windows.append(node.attrs.get("token_reach", 0))
        if "token_window" in node.attrs:
            windows.append(node.attrs["token_window"])
            strides.append(node.attrs["token_window"] // 2)
        if "get_spans" in node.attrs:
            given: dict[str, Any] = getattr(node.attrs["get_spans"], "keywords", {})
            if not {"window", "stride"} <= given.keys():
                return None
            windows.append(given["window"])
            strides.append(given["stride"])
    return Cutter(size, objective.reach, objective.extent, CONTEXT + sum(windows), lcm(*strides))


def _has_pieces(shim: Any) -> bool:
    return isinstance(shim, LazyTorchShim) and isinstance(shim.module, TextEncoder)


def predict_in_stretches(
    predict: Callable[[list[Doc], Cut], DecodedSpans], docs: Sequence[Doc], cut: Cut, cutter: Cutter
) -> DecodedSpans:
    """Find the spans of documents, of the long ones in a stretch at a time.

    predict (Callable[[List[Doc], Cut], DecodedSpans]): Finds the spans of documents.
    docs (Sequence[Doc]): The documents.
    cut (Cut): Which spans to find.
    cutter (Cutter): Cuts documents that are longer than its stretches.
    RETURNS (DecodedSpans): The spans.
    """
    short = [i for i, doc in enumerate(docs) if len(doc) <= cutter.size]
    found = [_place(predict([docs[i] for i in short], cut.documents(short)), short, len(docs))]
    for i in sorted(set(range(len(docs))) - set(short)):
        spans = _predict_long(predict, docs[i], cut.documents([i]), cutter)
        found.append(_place(spans, [i], len(docs)))
    return join(found).best(cut.limits(len(docs)))


def _predict_long(
    predict: Callable[[list[Doc], Cut], DecodedSpans], doc: Doc, cut: Cut, cutter: Cutter
) -> DecodedSpans:
    limit = cut.limits(1)
    lowest, highest = (0, len(doc)) if cut.starts is None else cut.starts[0]
    found = [DecodedSpans.none(1)]
    for stretch in cutter(len(doc)):
        first, stop = max(stretch.first, lowest), min(stretch.stop, highest)
        if first >= stop:
            continue
        starts = [(first - stretch.begin, stop - stretch.begin)]
        spans = predict([part_of(doc, stretch.begin, stretch.end)], replace(cut, starts=starts))
        found.append(replace(spans, start=spans.start + stretch.begin, end=spans.end + stretch.begin))
        if sum(len(spans.doc) for spans in found) - MAX_HELD > int(limit):
            found = [join(found).best(limit)]
    return join(found).best(limit)


def _place(spans: DecodedSpans, index: Sequence[int], n_docs: int) -> DecodedSpans:
    """The same spans, found in documents that are these among others."""
    place = torch.tensor(index, dtype=torch.long)
    dropped = torch.zeros(n_docs, dtype=torch.long).index_copy(0, place, spans.dropped)
    return replace(spans, doc=place[spans.doc], dropped=dropped)
