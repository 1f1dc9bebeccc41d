"""What of the teacher is frozen, a row for each token, made once for all epochs."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, Optional, cast

import numpy
from safetensors import SafetensorError, safe_open

from ..errors import DistillationError
from ..files import atomic_write, save_arrays

Precision = Literal["full", "half"]
DTYPES = {"full": numpy.float32, "half": numpy.float16}
GIGABYTE = 2**30
DIGEST_SIZE = 16


class VectorCache:
    """Vectors of a text's tokens: the encoder's, or the head's factors. In memory, or in a file that only
    serves the same teacher and corpus.

    path (Optional[Path]): The file (safetensors); None for memory.
    precision (str): "full" is float32, "half" float16: half the size, three digits.
    max_gb (float): The most GiB of vectors to keep; twice as many are needed while they are computed. Texts
        beyond it are computed again in every epoch.
    """

    def __init__(
        self, path: Optional[Path] = None, *, precision: Precision = "full", max_gb: float = 4.0
    ) -> None:
        self.path = path
        self.precision = precision
        self.max_bytes = int(max_gb * GIGABYTE)
        self._rows: dict[bytes, slice] = {}
        self._vectors = numpy.zeros((0, 0), dtype=numpy.float32)
        self.left_out = 0

    @property
    def width(self) -> Optional[int]:
        """How many numbers a vector has; None if none is kept."""
        return int(self._vectors.shape[1]) if len(self._vectors) else None

    def get(self, text: str, n_tokens: int) -> Optional[numpy.ndarray]:
        """The vectors of a text's tokens in float32, shape (n_tokens, width); None if they are not kept."""
        rows = self._rows.get(_digest(text))
        if rows is None or rows.stop - rows.start != n_tokens:
            return None
        vectors: numpy.ndarray = self._vectors[rows].astype(numpy.float32)
        return vectors

    def fill(
        self,
        texts: Sequence[str],
        teacher: str,
        compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]],
    ) -> None:
        """Load the vectors of a corpus, or compute and save them.

        texts (Sequence[str]): The corpus.
        teacher (str): What tells these vectors of this teacher from others.
        compute (Callable[[Sequence[str]], Iterable[numpy.ndarray]]): Makes the vectors of texts, in order.
        RAISES (DistillationError): If the file is damaged, or of another teacher, corpus or precision.
        RAISES (OSError): If the file can't be written or read.
        """
        # Similar lengths together, as encoders like them; and the shortest first, if not all have room.
        unique = sorted(set(texts), key=lambda text: (len(text), text))
        expected = {
            "teacher or linkage": teacher,
            "corpus": hashlib.blake2b(b"".join(sorted(map(_digest, unique)))).hexdigest(),
            "precision": self.precision,
            "max_gb": str(self.max_bytes / GIGABYTE),
        }
        if self.path is not None and self.path.is_file():
            self._load(self.path, expected)
        else:
            self._compute_and_save(unique, compute, expected)
        self.left_out = len(unique) - len(self._rows)

    def _compute_and_save(
        self,
        texts: Sequence[str],
        compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]],
        expected: dict[str, str],
    ) -> None:
        if self.path is None:
            self._compute(texts, compute)
            return
        with atomic_write(self.path) as temporary:
            # Where it can't be written, that shows before the work.
            temporary.touch()
            arrays = self._compute(texts, compute)
            found = {**expected, "content": _digest_arrays(arrays)}
            save_arrays(arrays, temporary, metadata={"spacy_gpner": json.dumps(found)})

    def _compute(
        self, texts: Sequence[str], compute: Callable[[Sequence[str]], Iterable[numpy.ndarray]]
    ) -> dict[str, numpy.ndarray]:
        parts: list[numpy.ndarray] = []
        n_rows = n_bytes = 0
        for text, vectors in zip(texts, compute(texts), strict=True):
            part = vectors.astype(DTYPES[self.precision])
            n_bytes += part.nbytes
            if n_bytes > self.max_bytes:
                break
            parts.append(part)
            self._rows[_digest(text)] = slice(n_rows, n_rows + len(part))
            n_rows += len(part)
        self._vectors = numpy.concatenate(parts) if parts else numpy.zeros((0, 0), DTYPES[self.precision])
        digests = numpy.frombuffer(b"".join(self._rows), dtype=numpy.uint8).reshape(-1, DIGEST_SIZE)
        stops = numpy.array([rows.stop for rows in self._rows.values()], dtype=numpy.int64)
        return {"vectors": self._vectors, "digests": digests, "stops": stops}

    def _load(self, path: Path, expected: dict[str, str]) -> None:
        try:
            with safe_open(path, framework="numpy") as file:
                metadata = file.metadata() or {}
                found = json.loads(metadata.get("spacy_gpner", "{}"))
                if not isinstance(found, dict):
                    raise ValueError("not what was saved")
                wrong = [key for key, value in expected.items() if found.get(key) != value]
                if wrong:
                    raise DistillationError(
                        f"The teacher cache {path} was made for something else (different: "
                        f"{', '.join(wrong)}). Remove it, or name another file in "
                        "[distillation.cache] path."
                    )
                arrays = {name: file.get_tensor(name) for name in ("vectors", "digests", "stops")}
            has_precision = arrays["vectors"].dtype == DTYPES[self.precision]
            if not (found.get("content") == _digest_arrays(arrays) and has_precision and _is_sound(**arrays)):
                raise ValueError("not what was saved")
        except DistillationError:
            raise
        except (SafetensorError, ValueError, TypeError, KeyError, RecursionError) as err:
            raise DistillationError(
                f"The teacher cache {path} is damaged or no cache ({err}). Remove it to make it again."
            ) from None
        self._vectors = arrays["vectors"]
        stops = arrays["stops"].tolist()
        self._rows = {
            digest.tobytes(): slice(start, stop)
            for digest, start, stop in zip(arrays["digests"], [0, *stops][: len(stops)], stops, strict=True)
        }


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
