"""What does not learn of a teacher: its encoder's vectors, or its scores, a row for each token."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, Optional, TypeVar, cast

import numpy
import torch
from spacy.language import Language
from spacy.util import minibatch
from thinc.api import xp2torch
from thinc.types import Floats2d

from ..entities import token_edges
from ..errors import CacheError
from ..models.cache import VectorCache
from ..models.torch_layer import get_shim, unflatten
from ..pipeline.span_pipe import SpanPipe
from ..spans import Scores
from .encoder import encoder_digest, token_vectors
from .folds import Folds

S = TypeVar("S", bound=Scores)

BATCH_SIZE = 64
# So many texts' tokens are kept from one epoch to the next.
KEPT_TEXTS = 2**16


class FrozenTeacher(Generic[S]):
    """A trained pipeline with a span component, whose rows for a text are always the same, and so kept: its
    encoder's vectors where something learns on top of them, else its scores."""

    def __init__(
        self,
        nlp: Language,
        name: str,
        *,
        has_linkage: bool,
        cache: Optional[VectorCache],
        folds: Optional[Folds],
    ) -> None:
        """Prepare what is frozen.

        nlp (Language): The teacher's pipeline, trained.
        name (str): The name of its span component.
        has_linkage (bool): Whether something learns on top of its vectors.
        cache (Optional[VectorCache]): Where its rows are kept; None for nowhere.
        folds (Optional[Folds]): Of an ensemble, which texts one member teaches alone.
        """
        self.nlp = nlp
        self.name = name
        self.pipe = cast("SpanPipe[S]", nlp.get_pipe(name))
        self.head = self.pipe.model.get_ref("output_layer")
        self.has_linkage = has_linkage
        self.cache = VectorCache(max_gb=0) if cache is None else cache
        self.folds = folds
        # Scores of one token, for the shapes
        self.layout: S = self.pipe.score_vectors([self._no_token])
        # Members whose scores can't be put together document by document teach one after the other. On top of
        # its vectors all heads score
        scores = self.head.predict([self._no_token]) if has_linkage else self.layout
        self.in_turn = folds is not None and not scores.by_token
        self.token_edges = lru_cache(KEPT_TEXTS)(self._token_edges)

    @property
    def _no_token(self) -> Floats2d:
        return self.head.ops.alloc2f(1, self.head.get_dim("nI"))

    def _token_edges(self, text: str) -> numpy.ndarray:
        return token_edges(self.nlp.make_doc(text))

    def frozen(self, texts: Sequence[str]) -> list[Floats2d]:
        """What doesn't learn of the teacher, cached or computed.

        texts (Sequence[str]): The texts.
        RETURNS (List[Floats2d]): For each token of the teacher's the frozen encoder's vector, or without a
            linkage, where the head is frozen too, its scores.
        """
        ops = self.head.ops
        cached = [self.cache.get(text, len(self.token_edges(text))) for text in texts]
        missing = [text for text, rows in zip(texts, cached, strict=True) if rows is None]
        computed = iter(self._compute(missing) if missing else [])
        return [next(computed) if rows is None else ops.asarray2f(cast(Any, rows)) for rows in cached]

    def _compute(self, texts: Sequence[str]) -> list[Floats2d]:
        rows: list[Any] = [None] * len(texts)
        for member, places in self._groups(texts).items():
            own = [texts[i] for i in places]
            docs = [self.nlp.make_doc(text) for text in own]
            found = token_vectors(self.nlp, self.name, docs, member)
            if not self.has_linkage:
                scores = self.pipe.score_vectors(self.weigh(own, found))
                found = unflatten(self.head, scores.flat(), [len(x) for x in found])
            for i, row in zip(places, found, strict=True):
                rows[i] = row
        return rows

    def _groups(self, texts: Sequence[str]) -> dict[Optional[int], list[int]]:
        """The places of texts by the member that teaches them alone; None for all together."""
        return {None: list(range(len(texts)))} if self.folds is None else self.folds.groups(texts)

    def weigh(self, texts: Sequence[str], vectors: list[Floats2d]) -> list[Floats2d]:
        """Set beside the vectors of texts what the head of an ensemble weighs its members by.

        texts (Sequence[str]): The texts.
        vectors (List[Floats2d]): The vectors of each.
        RETURNS (List[Floats2d]): The head's input.
        """
        if self.folds is None:
            return vectors
        ops = self.head.ops
        rows = [ops.asarray2f(cast(Any, row[None])) for row in self.folds.weights(texts)]
        return [
            ops.xp.hstack([own, ops.xp.repeat(row, len(own), axis=0)])
            for own, row in zip(vectors, rows, strict=True)
        ]

    def fill_cache(self, texts: Sequence[str], progress: Callable[[int], Any]) -> None:
        """Compute what `frozen` gives for a corpus, or load it.

        texts (Sequence[str]): The corpus.
        progress (Callable[[int], Any]): Called with the number of further texts done.
        RAISES (CacheError): If the cache's file is damaged, or of something else.
        """

        def compute(unique: Sequence[str]) -> Iterator[numpy.ndarray]:
            for batch in minibatch(unique, BATCH_SIZE):
                yield from map(self.head.ops.to_numpy, self._compute(batch))
                progress(len(batch))

        if self.cache.max_bytes:
            self.cache.fill(texts, lambda: self.vectors_digest if self.has_linkage else self.digest, compute)
            width = self.head.get_dim("nI") if self.has_linkage else self.layout.flat().shape[1]
            if self.cache.width not in (None, width):
                raise CacheError(
                    f"The cache {self.cache.path} is damaged (its vectors have {self.cache.width} "
                    f"numbers, and the teacher's {width}). Remove it to make it again."
                )

    @cached_property
    def vectors_digest(self) -> str:
        """What tells this teacher's vectors from those of others."""
        digest = encoder_digest(self.nlp, self.name)
        if self.folds is None:
            return digest
        members = repr(sorted(self.folds.members.items())).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(digest.encode() + members).hexdigest()

    @cached_property
    def digest(self) -> str:
        """What tells this teacher from others, as it was before it learned."""
        digest = hashlib.blake2b(self.vectors_digest.encode())
        digest.update(self.head.to_bytes())
        digest.update(repr(sorted(self.pipe.cfg.items(), key=str)).encode())
        return digest.hexdigest()

    def scores_in_turn(self, texts: Sequence[str]) -> Iterator[tuple[list[int], S]]:
        """Score texts by those who teach them.

        texts (Sequence[str]): The texts.
        YIELDS (Tuple[List[int], Scores]): The places of texts that the same teach, and their scores.
        """
        rows = self.frozen(texts)
        for places in self._groups(texts).values():
            own = [rows[i] for i in places]
            flat = xp2torch(self.head.ops.flatten(own), device=self.device)
            yield places, self._layout_of(texts[places[0]]).of_flat(flat, [len(x) for x in own])

    def _layout_of(self, text: str) -> S:
        """Scores of one token by those who teach a text, for what of scores is not a token's."""
        return self.pipe.score_vectors(self.weigh([text], [self._no_token]))

    @property
    def device(self) -> torch.device:
        """Where its head computes."""
        return get_shim(self.head).device
