"""What of a model is frozen, a row for each token of a text: made once for all epochs."""

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Optional, cast

import numpy
from safetensors import SafetensorError, safe_open

from ..checks import is_number
from ..errors import CacheError, GpnerWarning
from ..files import atomic_write, save_arrays

Precision = Literal["full", "half"]
DTYPES = {"full": numpy.float32, "half": numpy.float16}
GIGABYTE = 2**30
DIGEST_SIZE = 16


class VectorCache:
    """Vectors of a text's tokens, such as a frozen encoder's. In memory, or in a file that only serves the
    same encoder, for the texts that it has.

    path (Optional[Path]): The file (safetensors); None for memory.
    precision (str): "full" is float32, "half" float16: half the size, three digits.
    max_gb (float): The most GiB of vectors to keep; with a file, twice as many are needed while they are
        computed. Texts beyond it are computed again in every epoch.
    RAISES (ValueError): If a setting is out of range.
    """

    def __init__(
        self, path: Optional[Path] = None, *, precision: Precision = "full", max_gb: float = 4.0
    ) -> None:
        if precision not in DTYPES:
            raise ValueError(f"Invalid precision: {precision!r}. Expected one of {tuple(DTYPES)}.")
        if not is_number(max_gb) or not 0 <= max_gb < math.inf:
            raise ValueError(f"Invalid max_gb: {max_gb!r}. Expected a number of GiB of at least 0.")
        self.path = path
        self.precision = precision
        self.max_bytes = int(max_gb * GIGABYTE)
        self.is_open = False
        self.clear(None)

    def clear(self, owner: Any) -> None:
        """Forget all vectors.

        owner (Any): Whose vectors are to be kept.
        """
        self.owner = owner
        self.is_full = False
        self.left_out = 0
        self._filled = ""
        self._vectors: dict[bytes, numpy.ndarray] = {}
        self._n_bytes = 0

    def __getstate__(self) -> dict[str, Any]:
        """Copies, and what is pickled, begin empty."""
        settings = {name: getattr(self, name) for name in ("path", "precision", "max_bytes")}
        return {**VectorCache().__dict__, **settings}

    @property
    def width(self) -> Optional[int]:
        """How many numbers a vector has; None if none is kept."""
        return next((int(kept.shape[1]) for kept in self._vectors.values()), None)

    def get(self, text: str, n_tokens: int) -> Optional[numpy.ndarray]:
        """The vectors of a text's tokens in float32, shape (n_tokens, width); None if they are not kept."""
        kept = self._vectors.get(_digest(text))
        return None if kept is None or len(kept) != n_tokens else kept.astype(numpy.float32)

    def add(self, text: str, vectors: numpy.ndarray) -> bool:
        """Keep the vectors of a text's tokens, if there is room.

        text (str): The text.
        vectors (numpy.ndarray): Its vectors, shape (n_tokens, width).
        RETURNS (bool): Whether there was.
        """
        kept, key = vectors.astype(DTYPES[self.precision]), _digest(text)
        n_bytes = self._n_bytes + kept.nbytes - (self._vectors[key].nbytes if key in self._vectors else 0)
        if n_bytes > self.max_bytes:
            self.is_full = True
            return False
        self._vectors[key], self._n_bytes = kept, n_bytes
        return True

    def fill(
        self,
        texts: Sequence[str],
        source: Callable[[], str],
        compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]],
    ) -> None:
        """Load the vectors of a corpus, or compute and save them, in place of what was kept, if that is not
        of this corpus already.

        texts (Sequence[str]): The corpus.
        source (Callable[[], str]): Gives what tells the encoder whose vectors these are from others; only a
            file needs it.
        compute (Callable[[Sequence[str]], Iterable[numpy.ndarray]]): Makes the vectors of texts, in order.
        RAISES (CacheError): If the file is damaged, of another encoder or precision, or has none of the
            texts.
        RAISES (OSError): If the file can't be written or read.
        """
        # Similar lengths together, as encoders like them; and the shortest first, if not all have room.
        unique = sorted(set(texts), key=lambda text: (len(text), text))
        corpus = hashlib.blake2b(b"".join(sorted(map(_digest, unique)))).hexdigest()
        if self._filled == corpus:
            return
        self.clear(self.owner)
        self._fill(unique, corpus, source, compute)
        self._filled = corpus
        self.left_out = sum(_digest(text) not in self._vectors for text in unique)

    def _fill(
        self,
        unique: Sequence[str],
        corpus: str,
        source: Callable[[], str],
        compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]],
    ) -> None:
        if self.path is None:
            self._compute(unique, compute)
            return
        expected = {
            "encoder or linkage": source(),
            "precision": self.precision,
            "max_gb": str(self.max_bytes / GIGABYTE),
        }
        if self.path.is_file():
            if self._load(self.path, expected) != corpus:
                self._add_others(self.path, unique, compute)
        else:
            with atomic_write(self.path) as temporary:
                # Where it can't be written, that shows before the work.
                temporary.touch()
                self._compute(unique, compute)
                arrays = self._arrays()
                found = {**expected, "corpus": corpus, "content": _digest_arrays(arrays)}
                save_arrays(arrays, temporary, metadata={"spacy_gpner": json.dumps(found)})

    def _compute(
        self, texts: Sequence[str], compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]]
    ) -> None:
        for text, vectors in zip(texts, compute(texts), strict=True):
            if not self.add(text, vectors):
                break

    def _arrays(self) -> dict[str, numpy.ndarray]:
        parts = list(self._vectors.values())
        return {
            "vectors": numpy.concatenate(parts) if parts else numpy.zeros((0, 0), DTYPES[self.precision]),
            "digests": numpy.frombuffer(b"".join(self._vectors), numpy.uint8).reshape(-1, DIGEST_SIZE),
            "stops": numpy.cumsum([len(part) for part in parts], dtype=numpy.int64),
        }

    def _add_others(
        self,
        path: Path,
        unique: Sequence[str],
        compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]],
    ) -> None:
        """Compute the vectors of texts that a file of another corpus lacks."""
        missing = [text for text in unique if _digest(text) not in self._vectors]
        if len(missing) == len(unique):
            raise CacheError(
                f"The cache {path} was made for another corpus: it has none of its texts. Remove it, or name "
                "another file as the cache's path in the config."
            )
        if missing:
            warnings.warn(
                f"The cache {path} was made for another corpus: {len(missing)} of {len(unique)} texts are "
                "not in it, and are made anew in each training. Remove it to have it made again with them.",
                GpnerWarning,
                stacklevel=2,
            )
            self._compute(missing, compute)

    def _load(self, path: Path, expected: dict[str, str]) -> Any:
        """Load all vectors of a file; and give what tells its corpus from others."""
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                if "spacy_gpner" not in metadata:
                    raise CacheError(f"{path} is no cache of ours. Name another file as the cache's path.")
                found = json.loads(metadata["spacy_gpner"])
                if not isinstance(found, dict):
                    raise ValueError("not what was saved")
                wrong = [key for key, value in expected.items() if found.get(key) != value]
                if wrong:
                    raise CacheError(
                        f"The cache {path} was made for something else (different: {', '.join(wrong)}). "
                        "Remove it, or name another file as the cache's path in the config."
                    )
                arrays = {name: file.get_tensor(name) for name in ("vectors", "digests", "stops")}
            has_precision = arrays["vectors"].dtype == DTYPES[self.precision]
            if not (found.get("content") == _digest_arrays(arrays) and has_precision and _is_sound(**arrays)):
                raise ValueError("not what was saved")
        except CacheError:
            raise
        except (SafetensorError, ValueError, TypeError, KeyError, RecursionError) as err:
            raise CacheError(
                f"The cache {path} is damaged or no cache ({err}). Name another file as the cache's path, or "
                "remove it, if it is a cache, to make it again."
            ) from None
        parts = numpy.split(arrays["vectors"], arrays["stops"][:-1])
        self._vectors = dict(zip(map(bytes, arrays["digests"]), parts, strict=False))
        self._n_bytes = arrays["vectors"].nbytes
        return found.get("corpus")


def _is_sound(vectors: numpy.ndarray, digests: numpy.ndarray, stops: numpy.ndarray) -> bool:
    """Whether the arrays of a file belong together."""
    if not (
        digests.dtype == numpy.uint8 and stops.dtype == numpy.int64 and vectors.ndim == 2 == stops.ndim + 1
    ):
        return False
    edges = numpy.array([0, *stops])
    is_sorted = bool((edges[:-1] <= edges[1:]).all())
    return digests.shape == (len(stops), DIGEST_SIZE) and is_sorted and edges[-1] == len(vectors)


def _digest_arrays(arrays: dict[str, numpy.ndarray]) -> str:
    digest = hashlib.blake2b()
    for _, array in sorted(arrays.items()):
        digest.update(cast(Any, array.reshape(-1).view(numpy.uint8)))
    return digest.hexdigest()


def _digest(text: str) -> bytes:
    # Lone surrogates are legal in a Doc.
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=DIGEST_SIZE).digest()
